//! Opens and joins mount namespaces. A [`MountNamespace`] is an open descriptor of which the kernel said that
//! it is one; it has no other maker than [`open`].

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::{fs, io};

use nix::errno::Errno;
use nix::fcntl::{self, OFlag, OpenHow, ResolveFlag};
use nix::sched::{self, CloneFlags};
use nix::sys::stat::{self, FileStat, Mode, SFlag};
use nix::sys::statfs::{self, FsType};

use super::raw;
use crate::model::namespace::{Identified, NamespaceId, PinState};

/// The file system that namespaces are files of (`NSFS_MAGIC`).
const NSFS: FsType = FsType(0x6e73_6673);

/// A mount namespace that cannot go away while this is held.
pub struct MountNamespace {
    fd: OwnedFd,
    id: NamespaceId,
}

impl Identified for MountNamespace {
    fn id(&self) -> NamespaceId {
        self.id
    }
}

impl AsFd for MountNamespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// What to do with a symbolic link in the path's last place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Look at what it points to.
    Follow,
    /// Take it for what it is: no namespace.
    Refuse,
}

/// Opens what is at `path` and asks it what it is. A FIFO does not block this, and no terminal becomes ours.
pub fn open(path: &CStr, link: Link) -> PinState<MountNamespace> {
    let mut flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    if link == Link::Refuse {
        flags |= OFlag::O_NOFOLLOW;
    }
    found(fcntl::open(path, flags, Mode::empty()), link)
}

/// Opens `path` as a process whose root is `root` would find it, its absolute symbolic links included
/// (`RESOLVE_IN_ROOT`, Linux 5.6). A root that cannot be had is no answer, and not an absent pin.
pub fn open_in(root: &CStr, path: &CStr) -> PinState<MountNamespace> {
    let root = match fcntl::open(root, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty()) {
        Ok(root) => root,
        Err(errno) => return PinState::Unknown(errno.into()),
    };
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_NOFOLLOW;
    let how = OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_IN_ROOT);
    match fcntl::openat2(&root, path, how) {
        // Linux before 5.6, or a seccomp filter that does not know the call, which may say EPERM as well. What the
        // path itself forbids the older call finds forbidden again.
        Err(Errno::ENOSYS | Errno::EPERM) => {
            let relative = path.to_bytes_with_nul().iter().position(|&byte| byte != b'/').unwrap_or(0);
            found(fcntl::openat(&root, &path[relative..], flags, Mode::empty()), Link::Refuse)
        }
        opened => found(opened, Link::Refuse),
    }
}

fn found(opened: nix::Result<OwnedFd>, link: Link) -> PinState<MountNamespace> {
    match opened {
        Ok(fd) => recognise(fd).unwrap_or_else(|errno| PinState::Unknown(errno.into())),
        Err(errno @ (Errno::ENOENT | Errno::ENOTDIR | Errno::ENAMETOOLONG)) => PinState::Absent(errno.into()),
        Err(Errno::ELOOP) if link == Link::Refuse => PinState::Foreign("a symbolic link"),
        Err(Errno::ENXIO | Errno::ENODEV) => PinState::Foreign("a socket or a device"),
        Err(errno) => PinState::Unknown(errno.into()),
    }
}

fn recognise(fd: OwnedFd) -> Result<PinState<MountNamespace>, Errno> {
    let stat = stat::fstat(&fd)?;
    // Only a plain file is asked: the request's number may mean anything to a device.
    if let Some(what) = special(&stat) {
        return Ok(PinState::Foreign(what));
    }
    Ok(match raw::namespace_kind(fd.as_fd()) {
        Ok(libc::CLONE_NEWNS) => PinState::Live(MountNamespace { fd, id: identity(&stat) }),
        Ok(libc::CLONE_NEWNET) => PinState::Foreign("a network namespace"),
        Ok(libc::CLONE_NEWPID) => PinState::Foreign("a PID namespace"),
        Ok(_) => PinState::Foreign("a namespace of another kind"),
        // A namespace that may not be asked is one all the same.
        Err(errno) if statfs::fstatfs(&fd)?.filesystem_type() == NSFS => PinState::Unknown(errno.into()),
        Err(_) if stat.st_size == 0 => PinState::Vacant,
        Err(_) => PinState::Foreign("a plain file"),
    })
}

/// What `stat` is of, where it is not of a plain file.
fn special(stat: &FileStat) -> Option<&'static str> {
    match SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) {
        SFlag::S_IFREG => None,
        SFlag::S_IFDIR => Some("a directory"),
        SFlag::S_IFIFO => Some("a FIFO"),
        _ => Some("a device"),
    }
}

pub(super) fn identity(stat: &FileStat) -> NamespaceId {
    NamespaceId { dev: stat.st_dev, ino: stat.st_ino }
}

impl MountNamespace {
    /// Moves this process into the namespace (setns(2)). Root and working directory become the
    /// namespace's root.
    ///
    /// # Errors
    /// EPERM: lacks `CAP_SYS_ADMIN` or `CAP_SYS_CHROOT`, or `CAP_SYS_ADMIN` over the namespace's owner.
    /// EINVAL: this process shares its root and working directory with another (`CLONE_FS`).
    pub fn join(&self) -> io::Result<()> {
        Ok(sched::setns(&self.fd, CloneFlags::CLONE_NEWNS)?)
    }

    /// Its place in the order in which namespaces may be bound in one another: only in one of a lower number.
    /// `None`: a kernel before Linux 6.11, where the numbers cannot be seen and are in order.
    pub fn number(&self) -> Option<u64> {
        raw::mount::namespace_number(self.fd.as_fd()).ok()
    }
}

/// Moves this process into a new mount namespace, a copy of its own (unshare(2)).
pub fn leave() -> io::Result<()> {
    Ok(sched::unshare(CloneFlags::CLONE_NEWNS)?)
}

/// The namespace of a process's task.
///
/// # Errors
/// It cannot be seen, or the task has ended.
pub fn of(pid: i32, task: i32) -> io::Result<MountNamespace> {
    // Digits and slashes hold no NUL.
    at(&CString::new(format!("/proc/{pid}/task/{task}/ns/mnt")).unwrap_or_default())
}

/// Where a process's namespace is seen.
pub fn path(pid: i32) -> CString {
    // Digits and slashes hold no NUL.
    CString::new(match living(pid) {
        first if first == pid => format!("/proc/{pid}/ns/mnt"),
        other => format!("/proc/{pid}/task/{other}/ns/mnt"),
    })
    .unwrap_or_default()
}

/// The task by which `/proc` tells of a process: its first thread, or where that has ended another that lives on.
pub fn living(pid: i32) -> i32 {
    let lives =
        |task: &i32| stat::stat(&*format!("/proc/{pid}/task/{task}/ns/mnt")).err() != Some(Errno::ENOENT);
    if lives(&pid) {
        return pid;
    }
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks.filter_map(|task| task.file_name().to_str()?.parse().ok()).find(lives).unwrap_or(pid)
}

/// The namespace that this process is in.
///
/// # Errors
/// There is no `/proc` that knows it.
pub fn own() -> io::Result<MountNamespace> {
    at(c"/proc/self/ns/mnt")
}

fn at(path: &CStr) -> io::Result<MountNamespace> {
    match open(path, Link::Follow) {
        PinState::Live(namespace) => Ok(namespace),
        PinState::Absent(error) | PinState::Unknown(error) => Err(error),
        PinState::Vacant | PinState::Foreign(_) => Err(io::Error::other("it is no namespace")),
    }
}
