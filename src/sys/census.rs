//! The processes of this machine, by mount namespace and unit. One that ends meanwhile is as if it never was.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::sys::stat;

use super::namespace::{identity, path};
use super::raw::process;
use crate::model::namespace::NamespaceId;
use crate::model::node::members::{Process, is_container, unit};

/// Every process but this one. The units of those are read that are in one of the namespaces in `wanted`, and of
/// others as far as they are not containers: a node has hundreds, and each look takes the kernel 10 µs.
///
/// # Errors
/// There is no `/proc`.
pub fn all(wanted: [Option<NamespaceId>; 2]) -> io::Result<Vec<Process>> {
    let own = std::process::id().cast_signed();
    let mut processes = Vec::with_capacity(256);
    let mut containers: HashMap<(u64, u64), bool> = HashMap::new();
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
        let place = namespace.filter(|_| !wanted.contains(&namespace)).map(|id| (id.dev, id.ino));
        if place.is_some_and(|place| containers.get(&place) == Some(&true)) {
            processes.push(Process { pid, namespace, unit: None });
            continue;
        }
        let unit = unit_of(pid);
        if let Some(place) = place {
            containers.insert(place, is_container(unit.as_deref()));
        }
        processes.push(Process { pid, namespace, unit });
    }
    Ok(processes)
}

fn namespace(pid: i32) -> Result<NamespaceId, Errno> {
    let asked = process::open(pid).and_then(|process| process::mount_namespace(process.as_fd()));
    match asked {
        Ok(namespace) => Ok(identity(&stat::fstat(&namespace)?)),
        Err(errno @ (Errno::EACCES | Errno::EPERM)) => Err(errno),
        Err(_) => match stat::stat(&*path(pid)) {
            // Its first thread may have ended, and others live on.
            Err(Errno::ENOENT | Errno::ESRCH) => task_namespace(pid),
            seen => Ok(identity(&seen?)),
        },
    }
}

fn task_namespace(pid: i32) -> Result<NamespaceId, Errno> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).map_err(|_| Errno::ESRCH)?;
    let see = |task: fs::DirEntry| stat::stat(&task.path().join("ns/mnt")).ok();
    tasks.filter_map(Result::ok).find_map(see).map(|stat| identity(&stat)).ok_or(Errno::ESRCH)
}

fn unit_of(pid: i32) -> Option<String> {
    let mut room = [0; 4096];
    let length = File::open(format!("/proc/{pid}/cgroup")).and_then(|mut file| file.read(&mut room)).ok()?;
    unit(&room[..length])
}

/// How long a process has run on a CPU, in hundredths of a second, the unit of all of Linux's `/proc`
/// (proc_pid_stat(5), `USER_HZ`).
pub fn cpu_time(pid: i32) -> Option<u64> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let end = text.iter().rposition(|&byte| byte == b')')?;
    let fields = std::str::from_utf8(&text[end + 1..]).ok()?;
    let mut times = fields.split_ascii_whitespace().skip(11);
    let (user, system): (u64, u64) = (times.next()?.parse().ok()?, times.next()?.parse().ok()?);
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_processes_that_there_are() {
        let all = all([None, None]).unwrap();
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
