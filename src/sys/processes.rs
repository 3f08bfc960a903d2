//! Who lives in which mount namespace: the processes of `/proc`.

use std::ffi::CStr;
use std::fs;
use std::io;

use nix::errno::Errno;
use nix::sys::stat;

use super::namespace::{identity, path};
use crate::model::namespace::NamespaceId;

/// A process and its mount namespace.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// Its PID.
    pub pid: i32,
    /// Its mount namespace.
    pub namespace: NamespaceId,
}

/// The mount namespace behind a `/proc/PID/ns/mnt`.
pub fn namespace(path: &CStr) -> io::Result<NamespaceId> {
    Ok(identity(&stat::stat(path)?))
}

/// All processes but this one. One that ends meanwhile is not among them, nor is a zombie: it lives nowhere any
/// more.
///
/// # Errors
/// One lives, and its namespace cannot be seen: it could be any.
pub fn all() -> io::Result<Vec<Process>> {
    let own = std::process::id().cast_signed();
    let mut processes = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()).filter(|&pid| pid != own) else {
            continue;
        };
        let seen = namespace(&path(pid)).map(|namespace| Process { pid, namespace });
        processes.extend(unless_ended(pid, seen)?);
    }
    Ok(processes)
}

/// What was found of a process; `None` where finding failed because the process has ended, which leaves a zombie
/// or nothing.
pub fn unless_ended<T>(pid: i32, found: io::Result<T>) -> io::Result<Option<T>> {
    // Of one that ends just then the kernel may say EACCES or EINVAL, too.
    let ended = || {
        let now = stat::stat(&*path(pid));
        matches!(now, Err(Errno::ENOENT | Errno::ESRCH))
            || !fs::exists(format!("/proc/{pid}")).unwrap_or(true)
    };
    match found {
        Ok(found) => Ok(Some(found)),
        Err(_) if ended() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The name of a process's program (`/proc/PID/comm`).
pub fn command(pid: i32) -> io::Result<Vec<u8>> {
    let mut name = fs::read(format!("/proc/{pid}/comm"))?;
    name.pop_if(|last| *last == b'\n');
    Ok(name)
}

/// The control groups of a process (`/proc/PID/cgroup`).
pub fn control_groups(pid: i32) -> io::Result<Vec<u8>> {
    fs::read(format!("/proc/{pid}/cgroup"))
}
