//! What nsfs says of a mount namespace.

use std::ffi::{c_long, c_ulong};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;

use super::owned;

/// `struct mnt_ns_info` (linux/nsfs.h).
#[repr(C)]
#[derive(Default)]
struct Info {
    size: u32,
    mounts: u32,
    id: u64,
}

/// How many mounts a mount namespace has (`NS_MNT_GET_INFO`, ioctl_nsfs(2), Linux 6.12). Needs no privilege.
///
/// # Errors
/// ENOTTY: the kernel does not know this question.
pub fn mount_count(namespace: BorrowedFd<'_>) -> Result<u32, Errno> {
    const NS_MNT_GET_INFO: c_ulong = 0x8010_b70a;
    let mut info = Info::default();
    // SAFETY: the kernel writes at most the request's 16 bytes, which is the size of Info.
    Errno::result(unsafe { libc::ioctl(namespace.as_raw_fd(), NS_MNT_GET_INFO as _, &raw mut info) })?;
    Ok(info.mounts)
}

/// The user namespace that owns a namespace (`NS_GET_USERNS`, ioctl_nsfs(2), Linux 4.9). Needs no privilege.
///
/// # Errors
/// EPERM: the owner is neither the caller's user namespace nor one below it.
pub fn owner(namespace: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    const NS_GET_USERNS: c_ulong = 0xb701;
    // SAFETY: this request takes no argument and writes no memory.
    owned(c_long::from(unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_USERNS as _) }))
}
