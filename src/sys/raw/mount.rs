//! The mount API of Linux 5.2 and later, and what tmpfs and nsfs answer to: calls that neither std nor nix has.

use std::ffi::{CStr, c_int, c_long, c_uint, c_ulong};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;

use super::owned;

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
    const FSOPEN_CLOEXEC: c_uint = 1;
    // SAFETY: kind is a C string, which the kernel only reads.
    owned(unsafe { libc::syscall(libc::SYS_fsopen, kind.as_ptr(), FSOPEN_CLOEXEC) })
}

/// Configures what [`fsopen`] opened (fsconfig(2)).
pub fn fsconfig(context: BorrowedFd<'_>, setting: Setting<'_>) -> Result<(), Errno> {
    let none = std::ptr::null();
    let (command, key, value): (c_uint, _, _) = match setting {
        Setting::Flag(key) => (0, key.as_ptr(), none),
        Setting::Value(key, value) => (1, key.as_ptr(), value.as_ptr()),
        Setting::Create => (6, none, none),
        Setting::Reconfigure => (7, none, none),
    };
    // SAFETY: key and value are C strings or NULL, as this command asks, and the kernel only reads them.
    done(unsafe { libc::syscall(libc::SYS_fsconfig, context.as_raw_fd(), command, key, value, 0) })
}

/// A mount of what [`fsconfig`] created, attached nowhere (fsmount(2)): nosuid, nodev, noexec.
pub fn fsmount(context: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    const FSMOUNT_CLOEXEC: c_uint = 1;
    let attributes = libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV | libc::MOUNT_ATTR_NOEXEC;
    // SAFETY: this call takes no pointer.
    owned(unsafe { libc::syscall(libc::SYS_fsmount, context.as_raw_fd(), FSMOUNT_CLOEXEC, attributes) })
}

/// A mount of what is behind `fd`, and with `recursive` of all below it, attached nowhere (open_tree(2)).
pub fn clone_mount(fd: BorrowedFd<'_>, recursive: bool) -> Result<OwnedFd, Errno> {
    const OPEN_TREE_CLONE: c_int = 1;
    let depth = if recursive { libc::AT_RECURSIVE } else { 0 };
    let flags = OPEN_TREE_CLONE | libc::O_CLOEXEC | libc::AT_EMPTY_PATH | depth;
    // SAFETY: the path is a C string, which the kernel only reads.
    owned(unsafe { libc::syscall(libc::SYS_open_tree, fd.as_raw_fd(), c"".as_ptr(), flags) })
}

/// Attaches a mount on what is behind `place` (move_mount(2)).
pub fn attach(mount: BorrowedFd<'_>, place: BorrowedFd<'_>) -> Result<(), Errno> {
    const BOTH_EMPTY: c_uint = 0x04 | 0x40;
    let (empty, mount, place) = (c"".as_ptr(), mount.as_raw_fd(), place.as_raw_fd());
    // SAFETY: the paths are C strings, which the kernel only reads.
    done(unsafe { libc::syscall(libc::SYS_move_mount, mount, empty, place, empty, BOTH_EMPTY) })
}

/// Puts a private mount into the peer group of `head`, and makes it a slave of the same master (`MOVE_MOUNT_SET_GROUP`,
/// Linux 5.15). The head has to show, of the same file system, all that the mount shows.
pub fn join_group(head: BorrowedFd<'_>, mount: BorrowedFd<'_>) -> Result<(), Errno> {
    const SET_GROUP_BOTH_EMPTY: c_uint = 0x100 | 0x04 | 0x40;
    let (empty, head, mount) = (c"".as_ptr(), head.as_raw_fd(), mount.as_raw_fd());
    // SAFETY: the paths are C strings, which the kernel only reads.
    done(unsafe { libc::syscall(libc::SYS_move_mount, head, empty, mount, empty, SET_GROUP_BOTH_EMPTY) })
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
    const FS_IMMUTABLE_FL: c_int = 0x10;
    let mut flags: c_int = 0;
    // SAFETY: this request writes an int, whatever its number says of a long.
    Errno::result(unsafe { libc::ioctl(fd.as_raw_fd(), libc::FS_IOC_GETFLAGS as _, &raw mut flags) })?;
    let wanted = if immutable { flags | FS_IMMUTABLE_FL } else { flags & !FS_IMMUTABLE_FL };
    if wanted != flags {
        // SAFETY: this request reads an int.
        Errno::result(unsafe { libc::ioctl(fd.as_raw_fd(), libc::FS_IOC_SETFLAGS as _, &raw const wanted) })?;
    }
    Ok(())
}
