//! What a process's descriptor, a pidfd, tells; and a process beside this one.

use std::ffi::{c_long, c_ulong};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::wait;
use rustix::process::{self, Pid, PidfdFlags};

use super::{errno, owned};

/// The process with this PID (pidfd_open(2), Linux 5.3).
///
/// # Errors
/// ESRCH: there is none.
pub fn open(pid: i32) -> Result<OwnedFd, Errno> {
    let pid = Pid::from_raw(pid).ok_or(Errno::ESRCH)?;
    process::pidfd_open(pid, PidfdFlags::empty()).map_err(errno)
}

/// The mount namespace of a process (`PIDFD_GET_MNT_NAMESPACE`, Linux 6.11). A third of the price of a look into
/// `/proc/PID/ns`.
///
/// # Errors
/// ENOTTY, EINVAL: the kernel does not know this question. ESRCH: the process has ended. EACCES, EPERM: not for us.
pub fn mount_namespace(process: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    namespace(process, 0xff03)
}

/// The user namespace of a process (`PIDFD_GET_USER_NAMESPACE`, Linux 6.11), where there is no `/proc`.
///
/// # Errors
/// As [`mount_namespace`].
pub fn user_namespace(process: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    namespace(process, 0xff09)
}

fn namespace(process: BorrowedFd<'_>, request: c_ulong) -> Result<OwnedFd, Errno> {
    // The kernel wants a zero there (EINVAL).
    let argument: c_ulong = 0;
    // SAFETY: these requests read and write no memory.
    let result = unsafe { libc::ioctl(process.as_raw_fd(), request as _, argument) };
    owned(c_long::from(result))
}

/// Does some work in a copy of this process (fork(2)), which ends with it. This program has one thread, so that the copy
/// may do all that it may. Says which process that is, to be waited for.
pub fn beside(work: impl FnOnce()) -> Result<libc::pid_t, Errno> {
    // SAFETY: no other thread can hold a lock that the copy would wait for.
    let pid = Errno::result(unsafe { libc::fork() })?;
    if pid == 0 {
        work();
        // SAFETY: this call takes a number, and does not return.
        unsafe { libc::_exit(0) }
    }
    Ok(pid)
}

/// Waits until a process that [`beside`] made has ended.
pub fn wait(pid: libc::pid_t) -> Result<(), Errno> {
    wait::waitpid(nix::unistd::Pid::from_raw(pid), None).map(drop)
}
