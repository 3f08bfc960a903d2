//! The processes of this machine: where each is, and what it is to Kubernetes. One that ends meanwhile is as if it
//! never was; of all others none is passed over.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;
use nix::sys::stat;

use super::namespace::{identity, living, path};
use super::raw::process;
use crate::model::namespace::NamespaceId;
use crate::model::node::catalogue::{self, Member, Role};
use crate::model::node::members::{Process, Status, unit};
use crate::model::search::base_name;

/// Every process but this one. Units and programs are read of those in one of the namespaces in `wanted` and of those
/// that have a role, wherever they are: a node has hundreds of others, and each look takes the kernel 10 µs.
///
/// # Errors
/// There is no `/proc`.
pub fn all(wanted: &[NamespaceId]) -> io::Result<Vec<Process>> {
    let own = std::process::id().cast_signed();
    let members: Vec<_> = catalogue::members().collect();
    let mut processes = Vec::with_capacity(256);
    for entry in fs::read_dir("/proc")? {
        let pid = entry.ok().and_then(|entry| entry.file_name().to_str()?.parse().ok());
        let Some(pid) = pid.filter(|&pid| pid != own) else {
            continue;
        };
        let namespace = match namespace(pid) {
            Ok(id) => Some(id),
            Err(Errno::EACCES | Errno::EPERM) => None,
            Err(_) => continue,
        };
        let mut program = program(pid);
        let role = role_of(pid, &program, &members);
        let looked_at = role.is_some() || namespace.is_none_or(|id| wanted.contains(&id));
        let unit = if looked_at { unit_of(pid) } else { None };
        if !looked_at {
            program = Vec::new();
        }
        processes.push(Process { pid, namespace, unit, program, role });
    }
    Ok(processes)
}

fn namespace(pid: i32) -> Result<NamespaceId, Errno> {
    let asked = process::open(pid).and_then(|process| process::mount_namespace(process.as_fd()));
    match asked {
        Ok(namespace) => Ok(identity(&stat::fstat(&namespace)?)),
        Err(errno @ (Errno::EACCES | Errno::EPERM)) => Err(errno),
        Err(_) => Ok(identity(&stat::stat(&*path(pid))?)),
    }
}

/// The name of the file that a process runs. The kernel's own threads have none.
fn program(pid: i32) -> Vec<u8> {
    let exe = |task: i32| fs::read_link(format!("/proc/{pid}/task/{task}/exe"));
    let path = exe(pid).or_else(|_| exe(living(pid))).unwrap_or_default();
    let path = path.as_os_str().as_bytes();
    // So it says of a program that has been replaced since.
    base_name(path.strip_suffix(b" (deleted)").unwrap_or(path)).to_vec()
}

/// One process, seen whole; `None`: there is none.
pub fn one(pid: i32) -> Option<Process> {
    let namespace = match namespace(pid) {
        Ok(id) => Some(id),
        Err(Errno::EACCES | Errno::EPERM) => None,
        Err(_) => return None,
    };
    Some(Process { pid, namespace, unit: unit_of(pid), program: program(pid), role: role(pid) })
}

/// What a process is to this node, by its program.
pub fn role(pid: i32) -> Option<Role> {
    role_of(pid, &program(pid), &catalogue::members().collect::<Vec<_>>())
}

/// Whoever may not mount decides nothing, whatever his program is called, and what runs in another PID namespace
/// belongs to another node.
fn role_of(pid: i32, program: &[u8], members: &[Member]) -> Option<Role> {
    if !members.iter().any(|member| member.is_program(program)) {
        return None;
    }
    let place = format!("/proc/{pid}/task/{}", living(pid));
    let status = Status::parse(&fs::read(format!("{place}/status")).ok()?);
    let line = fs::read(format!("{place}/cmdline")).ok()?;
    catalogue::of_process(program, &line)
        .filter(|_| status.mounts && !status.nested)
        .map(|member| member.role)
}

/// The unit that a process is of, as its control groups tell.
pub fn unit_of(pid: i32) -> Option<String> {
    let mut room = [0; 4096];
    let length = File::open(format!("/proc/{pid}/cgroup")).and_then(|mut file| file.read(&mut room)).ok()?;
    unit(&room[..length])
}

/// How long a process has run on a CPU, in hundredths of a second, the unit of all of Linux's `/proc`
/// (proc_pid_stat(5), `USER_HZ`).
pub fn cpu_time(pid: i32) -> Option<u64> {
    let stat = procfs::process::Process::new(pid).ok()?.stat().ok()?;
    Some(stat.utime + stat.stime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_processes_that_there_are() {
        let all = all(&[]).unwrap();
        assert!(all.iter().any(|process| process.pid == 1));
        assert!(all.iter().all(|process| process.pid != std::process::id().cast_signed()));
        assert!(cpu_time(1).is_some());
    }

    #[test]
    fn both_ways_to_a_processs_namespace_lead_to_the_same() {
        let pid = std::process::id().cast_signed();
        let file = stat::stat(c"/proc/self/ns/mnt").unwrap();
        assert_eq!(namespace(pid), Ok(identity(&file)));
    }
}
