//! Who lives in which mount namespace: the tasks of `/proc`. A process whose first thread has ended lives on in the
//! others, and each thread may be in a mount namespace of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CStr;
use std::fs;
use std::io;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::stat;

use super::namespace::{self, MountNamespace, identity};
use crate::model::namespace::{Identified, NamespaceId};

/// How long is looked for two passes that agree.
const PATIENCE: Duration = Duration::from_secs(1);

/// A process and a mount namespace that one of its tasks is in.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    /// Its PID.
    pub pid: i32,
    /// A task of it that is in that namespace.
    pub task: i32,
    /// The mount namespace.
    pub namespace: NamespaceId,
}

/// The mount namespace behind a `/proc/PID/ns/mnt`.
pub fn namespace(path: &CStr) -> io::Result<NamespaceId> {
    Ok(identity(&stat::stat(path)?))
}

/// Whether a process is in PID 1's mount namespace; `None`: that cannot be seen, or it has ended.
pub fn is_on_the_host(pid: i32) -> Option<bool> {
    Some(namespace(&super::namespace::path(pid)).ok()? == namespace(c"/proc/1/ns/mnt").ok()?)
}

/// What one pass found: each process that there was, a zombie and one that ended meanwhile included, with a task for
/// each namespace that it is in.
type Pass = BTreeMap<i32, BTreeMap<(u64, u64), i32>>;

/// Who lives where.
pub struct Census {
    /// All processes but this one, once for each mount namespace that they are in. A zombie is not among them: it lives
    /// nowhere any more.
    pub processes: Vec<Process>,
    /// Whether this is a snapshot. Where too many come and go for that, it is all that were seen in some time.
    pub settled: bool,
}

/// Looks at all of them. One pass over `/proc` is no snapshot, and misses who forks and ends all the time; so there are
/// passes until two agree.
///
/// # Errors
/// One lives, and its namespace cannot be seen: it could be any.
pub fn all() -> io::Result<Census> {
    let begin = Instant::now();
    let mut last = pass()?;
    let mut seen = last.clone();
    let settled = loop {
        let next = pass()?;
        if next == last {
            seen = next;
            break true;
        }
        for (pid, homes) in &next {
            seen.entry(*pid).or_default().extend(homes);
        }
        if begin.elapsed() > PATIENCE {
            break false;
        }
        last = next;
    };
    let process = |(pid, homes): (i32, BTreeMap<(u64, u64), i32>)| {
        let home = move |((dev, ino), task)| Process { pid, task, namespace: NamespaceId { dev, ino } };
        homes.into_iter().map(home)
    };
    Ok(Census { processes: seen.into_iter().flat_map(process).collect(), settled })
}

fn pass() -> io::Result<Pass> {
    let own = std::process::id().cast_signed();
    let mut pass = Pass::new();
    // The youngest first: of those that come and go it is there now, and not for long.
    for pid in numbers("/proc")?.into_iter().rev().filter(|&pid| pid != own) {
        let homes = pass.entry(pid).or_default();
        let tasks = numbers(&format!("/proc/{pid}/task"));
        for task in unless_ended(pid, pid, tasks)?.unwrap_or_default() {
            let seen = stat::stat(&*format!("/proc/{pid}/task/{task}/ns/mnt")).map_err(io::Error::from);
            if let Some(stat) = unless_ended(pid, task, seen)? {
                homes.entry((stat.st_dev, stat.st_ino)).or_insert(task);
            }
        }
    }
    Ok(pass)
}

fn numbers(directory: &str) -> io::Result<BTreeSet<i32>> {
    let mut numbers = BTreeSet::new();
    for entry in fs::read_dir(directory)? {
        numbers.extend(entry?.file_name().to_str().and_then(|name| name.parse::<i32>().ok()));
    }
    Ok(numbers)
}

/// A mount namespace in which somebody lives who is hard to catch: who forks and ends all the time.
pub fn catch(id: NamespaceId) -> io::Result<Option<MountNamespace>> {
    for _ in 0..32 {
        for pid in numbers("/proc")?.into_iter().rev() {
            if let Ok(namespace) = namespace::of(pid, pid)
                && namespace.id() == id
            {
                return Ok(Some(namespace));
            }
        }
    }
    Ok(None)
}

/// What was found of a process's task; `None` where finding failed because it has ended, which leaves a zombie or
/// nothing.
pub fn unless_ended<T>(pid: i32, task: i32, found: io::Result<T>) -> io::Result<Option<T>> {
    // Of one that ends just then the kernel may say EACCES or EINVAL, too.
    let ended = || {
        let now = stat::stat(&*format!("/proc/{pid}/task/{task}/ns/mnt"));
        matches!(now, Err(Errno::ENOENT | Errno::ESRCH))
            || !fs::exists(format!("/proc/{pid}/task/{task}")).unwrap_or(true)
    };
    match found {
        Ok(found) => Ok(Some(found)),
        Err(_) if ended() => Ok(None),
        Err(error) => Err(error),
    }
}

/// When a process started, in clock ticks since the machine did (proc_pid_stat(5)).
pub fn started(pid: i32) -> io::Result<u64> {
    let stat = procfs::process::Process::new(pid).and_then(|process| process.stat());
    Ok(stat.map_err(io::Error::other)?.starttime)
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
