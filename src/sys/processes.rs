//! Who lives in which mount namespace: the processes of `/proc`.

use std::ffi::CStr;
use std::fs;
use std::io;

use nix::sys::stat;

use super::namespace::identity;
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

/// All processes but this one whose namespace can be seen. One that ends meanwhile is not among them, nor is a
/// zombie: it lives nowhere any more.
pub fn all() -> io::Result<Vec<Process>> {
    let own = std::process::id().cast_signed();
    let mut processes = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()).filter(|&pid| pid != own) else {
            continue;
        };
        // It ended, or it is not for us to see.
        if let Ok(stat) = stat::stat(format!("/proc/{pid}/ns/mnt").as_str()) {
            processes.push(Process { pid, namespace: identity(&stat) });
        }
    }
    Ok(processes)
}

/// The name of a process's program (`/proc/PID/comm`); `None` where the process has ended.
pub fn command(pid: i32) -> Option<Vec<u8>> {
    let mut name = fs::read(format!("/proc/{pid}/comm")).ok()?;
    name.pop_if(|last| *last == b'\n');
    Some(name)
}

/// The control groups of a process (`/proc/PID/cgroup`); `None` where the process has ended.
pub fn control_groups(pid: i32) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{pid}/cgroup")).ok()
}
