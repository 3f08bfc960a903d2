//! The mount API of Linux 5.2 and later, and what tmpfs and nsfs answer to.

use std::ffi::{CStr, c_long, c_ulong};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use rustix::fs::{self, IFlags};
use rustix::mount::{self, FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags};

use super::errno;

/// A step of fsconfig(2).
#[derive(Clone, Copy)]
pub enum Setting<'a> {
    /// A parameter without a value.
    Flag(&'a CStr),
    /// A parameter and its value.
    Value(&'a CStr, &'a CStr),
    /// Make the superblock.
    Create,
    /// Change the superblock that is there.
    Reconfigure,
}

/// What mount_setattr(2) changes: the propagation alone.
#[repr(C)]
struct Attributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

fn done(result: c_long) -> Result<(), Errno> {
    Errno::result(result).map(drop)
}

/// A new file system of this kind, to be configured (fsopen(2)).
pub fn fsopen(kind: &CStr) -> Result<OwnedFd, Errno> {
    mount::fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC).map_err(errno)
}

/// Configures what [`fsopen`] opened (fsconfig(2)).
pub fn fsconfig(context: BorrowedFd<'_>, setting: Setting<'_>) -> Result<(), Errno> {
    let done = match setting {
        Setting::Flag(key) => mount::fsconfig_set_flag(context, key),
        Setting::Value(key, value) => mount::fsconfig_set_string(context, key, value),
        Setting::Create => mount::fsconfig_create(context),
        Setting::Reconfigure => mount::fsconfig_reconfigure(context),
    };
    done.map_err(errno)
}

/// A mount of what [`fsconfig`] created, attached nowhere (fsmount(2)): nosuid, nodev, noexec.
pub fn fsmount(context: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    mount::fsmount(context, FsMountFlags::FSMOUNT_CLOEXEC, attributes).map_err(errno)
}

/// A mount of what is behind `fd`, and with `recursive` of all below it, attached nowhere (open_tree(2)).
pub fn clone_mount(fd: BorrowedFd<'_>, recursive: bool) -> Result<OwnedFd, Errno> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH
        | if recursive { OpenTreeFlags::AT_RECURSIVE } else { OpenTreeFlags::empty() };
    mount::open_tree(fd, c"", flags).map_err(errno)
}

/// Attaches a mount on what is behind `place` (move_mount(2)).
pub fn attach(mount: BorrowedFd<'_>, place: BorrowedFd<'_>) -> Result<(), Errno> {
    mount::move_mount(mount, c"", place, c"", both_empty()).map_err(errno)
}

/// Puts a private mount into the peer group of `head`, and makes it a slave of the same master (`MOVE_MOUNT_SET_GROUP`,
/// Linux 5.15). The head has to show, of the same file system, all that the mount shows.
pub fn join_group(head: BorrowedFd<'_>, mount: BorrowedFd<'_>) -> Result<(), Errno> {
    let flags = MoveMountFlags::MOVE_MOUNT_SET_GROUP | both_empty();
    mount::move_mount(head, c"", mount, c"", flags).map_err(errno)
}

/// A mount is moved by its descriptor alone, and to a descriptor.
fn both_empty() -> MoveMountFlags {
    MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH
}

/// Whether the kernel has [`join_group`]: before, it knows no such flag.
pub fn has_join_group() -> bool {
    let empty = c"".as_ptr();
    // SAFETY: without a descriptor and a path, this call does nothing but fail.
    let result = unsafe { libc::syscall(libc::SYS_move_mount, -1, empty, -1, empty, 0x100) };
    !matches!(Errno::result(result), Err(Errno::EINVAL | Errno::ENOSYS | Errno::EPERM))
}

/// Sets the propagation of the mount behind `fd`, and with `recursive` of all below it (mount_setattr(2), Linux 5.12).
pub fn propagate(fd: BorrowedFd<'_>, propagation: c_ulong, recursive: bool) -> Result<(), Errno> {
    let attributes = Attributes { set: 0, clear: 0, propagation, user_namespace: 0 };
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    let (number, fd, size) = (libc::SYS_mount_setattr, fd.as_raw_fd(), size_of::<Attributes>());
    // SAFETY: the path is a C string, and attributes is as long as size says; the kernel only reads both.
    done(unsafe { libc::syscall(number, fd, c"".as_ptr(), flags, &raw const attributes, size) })
}

/// Whether these calls can be made (Linux 5.2): the kernel has them, and no filter forbids one, which may say so by any
/// error. Asked with what is wrong in each of them, so that nothing is done.
pub fn has_mount_api() -> bool {
    const WRONG: c_long = -1;
    let calls =
        [libc::SYS_fsopen, libc::SYS_fsconfig, libc::SYS_fsmount, libc::SYS_open_tree, libc::SYS_move_mount];
    calls.into_iter().all(|call| {
        // SAFETY: no argument is a valid pointer, descriptor, or set of flags, so that each call fails.
        let result = unsafe { libc::syscall(call, WRONG, WRONG, WRONG, WRONG, WRONG) };
        // Their own words for that.
        matches!(Errno::result(result), Err(Errno::EINVAL | Errno::EFAULT | Errno::EBADF | Errno::E2BIG))
    })
}

/// The number of the mount namespace behind `fd` (`NS_GET_MNTNS_ID`, ioctl_nsfs(2), Linux 6.11): a bind of it
/// is refused in a namespace of a higher number.
pub fn namespace_number(fd: BorrowedFd<'_>) -> Result<u64, Errno> {
    const NS_GET_MNTNS_ID: c_ulong = 0x8008_b705;
    let mut number = 0_u64;
    // SAFETY: this request writes the 8 bytes of number.
    Errno::result(unsafe { libc::ioctl(fd.as_raw_fd(), NS_GET_MNTNS_ID as _, &raw mut number) })?;
    Ok(number)
}

/// Sets or clears the immutable flag of what is behind `fd` (ioctl_iflags(2); tmpfs has it since Linux 6.6).
///
/// # Errors
/// EPERM: lacks `CAP_LINUX_IMMUTABLE`. ENOTTY, EOPNOTSUPP: the file system has no such flag.
pub fn set_immutable(fd: BorrowedFd<'_>, immutable: bool) -> Result<(), Errno> {
    let flags = fs::ioctl_getflags(fd).map_err(errno)?;
    if flags.contains(IFlags::IMMUTABLE) == immutable {
        return Ok(());
    }
    fs::ioctl_setflags(fd, flags ^ IFlags::IMMUTABLE).map_err(errno)
}
