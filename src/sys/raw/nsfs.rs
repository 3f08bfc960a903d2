//! What nsfs says of a mount namespace.

use std::ffi::c_ulong;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;

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
