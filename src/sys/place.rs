//! The directory that a pin's tmpfs covers, and the files in that tmpfs.

use std::ffi::{CStr, CString, OsStr};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use nix::errno::Errno;
use nix::fcntl::{self, AT_FDCWD, OFlag};
use nix::sys::stat::{self, FchmodatFlags, FileStat, Mode, SFlag};
use nix::unistd::{self, UnlinkatFlags};

use super::denied::{Denied, Doing};
use super::raw::mount as raw;
use super::selinux;
use super::trust::Realm;
use crate::log::{debug, info};
use crate::model::mounts::table::Device;
use crate::model::pin::{ENV, POINT, Pin};
use crate::model::text::reason;

/// What is at the directory's path.
pub enum Found {
    /// Nothing.
    Missing,
    /// A directory that only root can change.
    Directory(Directory),
    /// What nothing can safely be mounted on, for this reason.
    Unfit(&'static str),
}

/// A directory that only root can change.
pub struct Directory(OwnedFd);

/// The directory that the pin's lies in, where it and all above it are root's alone, as sshd(8) has it for a user's
/// keys (StrictModes): who can rename one of them decides what is below. `Err`: the first that is not.
pub fn parent(pin: &Pin) -> Result<Result<OwnedFd, CString>, Denied> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut at = fcntl::open(c"/", flags, Mode::empty()).doing("open", c"/")?;
    let parent = pin.parent();
    let mut rest = parent.to_bytes();
    loop {
        let stat = stat::fstat(&at).doing("look at", &parent)?;
        let path = &parent.to_bytes()[..parent.to_bytes().len() - rest.len()];
        if is_writable(&stat) || (stat.st_uid != 0 && !is_nobodys(&stat)) {
            return Ok(Err(CString::new(if path.is_empty() { b"/" } else { path }).unwrap_or_default()));
        }
        rest = &rest[rest.iter().take_while(|&&byte| byte == b'/').count()..];
        if rest.is_empty() {
            return Ok(Ok(at));
        }
        let name = &rest[..rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len())];
        rest = &rest[name.len()..];
        // It is resolved: what is a link now was none just before.
        at = fcntl::openat(&at, name, flags, Mode::empty()).doing("open", &parent)?;
    }
}

/// Whether the owner is none of this user namespace, so that nobody in it is.
fn is_nobodys(stat: &FileStat) -> bool {
    let mapped = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let whole = mapped.split_ascii_whitespace().eq(["0", "0", "4294967295"]);
    let overflow = fs::read_to_string("/proc/sys/kernel/overflowuid").unwrap_or_default();
    !mapped.is_empty() && !whole && overflow.trim().parse() == Ok(stat.st_uid)
}

/// Looks at the pin's directory.
pub fn look(pin: &Pin) -> Result<Found, Denied> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let fd = match fcntl::open(pin.dir(), flags, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::ENOENT) => return Ok(Found::Missing),
        Err(Errno::ELOOP | Errno::ENOTDIR) => return Ok(Found::Unfit(not_a_directory(pin))),
        Err(errno) => return Err(errno).doing("open", pin.dir()),
    };
    let stat = stat::fstat(&fd).doing("look at", pin.dir())?;
    if stat.st_uid != 0 {
        Ok(Found::Unfit("it is not root's"))
    } else if is_writable(&stat) {
        Ok(Found::Unfit("others may write to it"))
    } else {
        Ok(Found::Directory(Directory(fd)))
    }
}

/// The device of the file system that the bind point is in.
pub fn device(pin: &Pin) -> Result<Device, Denied> {
    let point = pin.point();
    let stat = stat::lstat(&*point).doing("look at", &point)?;
    let number = |half: u64| u32::try_from(half).unwrap_or_default();
    Ok(Device { major: number(stat::major(stat.st_dev)), minor: number(stat::minor(stat.st_dev)) })
}

/// The first entry of the directory, as it is seen now, that is neither of a pin's files.
pub fn stranger(pin: &Pin) -> Result<Option<Vec<u8>>, Denied> {
    let entries = fs::read_dir(OsStr::from_bytes(pin.dir().to_bytes())).doing("read", pin.dir())?;
    for entry in entries {
        let name = entry.doing("read", pin.dir())?.file_name().into_vec();
        if name != POINT.to_bytes() && name != ENV.to_bytes() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn not_a_directory(pin: &Pin) -> &'static str {
    let is_link =
        stat::lstat(pin.dir()).is_ok_and(|stat| stat.st_mode & SFlag::S_IFMT.bits() == SFlag::S_IFLNK.bits());
    if is_link { "it is a symbolic link" } else { "it is no directory" }
}

fn is_writable(stat: &FileStat) -> bool {
    stat.st_mode & (libc::S_IWGRP | libc::S_IWOTH) != 0
}

/// Makes the directory, which is missing.
pub fn make(pin: &Pin) -> Result<(), Denied> {
    make_directory(pin.dir()).doing("make the directory", pin.dir())
}

/// Makes a directory that all may look into, whatever the caller's umask is.
pub(super) fn make_directory(path: &CStr) -> Result<(), Errno> {
    let mode = Mode::from_bits_truncate(0o755);
    unistd::mkdir(path, mode)?;
    stat::fchmodat(AT_FDCWD, path, mode, FchmodatFlags::FollowSymlink).inspect_err(|_| {
        // It is ours and empty; where this fails as well, the first failure is the one to report.
        let _ = unistd::unlinkat(AT_FDCWD, path, UnlinkatFlags::RemoveDir);
    })
}

/// Removes the directory where nothing but a pin's own files is in it; what covered it is gone. Says whether
/// there was something of a pin's.
pub fn clear(pin: &Pin, directory: &Directory) -> Result<bool, Denied> {
    directory.guard(false);
    let mut cleared = false;
    for name in [POINT, ENV] {
        match unistd::unlinkat(&directory.0, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) => cleared = true,
            // A directory of that name is nothing of ours.
            Err(Errno::ENOENT | Errno::EISDIR) => {}
            Err(errno) => return Err(errno).doing("remove a file from", pin.dir()),
        }
    }
    Ok(remove(pin)? || cleared)
}

/// Removes the directory if it is there and empty; says whether it was.
pub fn remove(pin: &Pin) -> Result<bool, Denied> {
    match unistd::unlinkat(AT_FDCWD, pin.dir(), UnlinkatFlags::RemoveDir) {
        Ok(()) => Ok(true),
        Err(Errno::ENOENT | Errno::ENOTEMPTY) => Ok(false),
        Err(errno) => Err(errno).doing("remove", pin.dir()),
    }
}

impl Directory {
    /// SELinux's label; `None` where there is none.
    pub fn label(&self) -> Option<Vec<u8>> {
        selinux::label_of(&self.0)
    }

    /// Lets nobody remove or rename the directory, or lets them again. In a namespace that does not have the
    /// mount on it, that would succeed, and take the mount away in all that have it. A file system that knows
    /// no such flag (tmpfs before Linux 6.6) goes without.
    pub fn guard(&self, guarded: bool) {
        match raw::set_immutable(self.0.as_fd(), guarded) {
            Err(errno @ (Errno::EPERM | Errno::EACCES))
                if Realm::of_caller().is_ok_and(|realm| realm.is_first()) =>
            {
                let what = if guarded { "guard" } else { "stop guarding" };
                info!(
                    "Cannot {what} the directory under the pin (needs CAP_LINUX_IMMUTABLE): {}; rmdir in an older mount namespace takes the pin away",
                    reason(&errno.into())
                );
            }
            Err(errno) => {
                debug!("Cannot make the directory under the pin immutable: {}", reason(&errno.into()));
            }
            Ok(()) => {}
        }
    }
}

/// Writes both files of a pin into the root of its tmpfs, with the label of the directory that it covers.
pub fn fill(pin: &Pin, root: &OwnedFd, label: Option<&[u8]>) -> Result<(), Denied> {
    if let Some(label) = label {
        // fsmount(2)'s descriptor is one of O_PATH, by which no attribute can be set.
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        mark(fcntl::openat(root, c".", flags, Mode::empty()).doing("open", c"the pin's tmpfs")?, label);
    }
    let point = write(root, POINT, b"").doing("write", &pin.point())?;
    let env = write(root, ENV, &pin.env_text()).doing("write the env file beside", &pin.point())?;
    if let Some(label) = label {
        mark(point, label);
        mark(env, label);
    }
    Ok(())
}

fn write(root: &OwnedFd, name: &CStr, text: &[u8]) -> io::Result<File> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
    let mode = Mode::from_bits_truncate(0o644);
    let mut file = File::from(fcntl::openat(root, name, flags, mode)?);
    // Whatever the caller's umask is.
    stat::fchmod(&file, mode)?;
    file.write_all(text)?;
    Ok(file)
}

fn mark(file: impl AsFd, label: &[u8]) {
    if let Err(error) = selinux::set_label(file, label) {
        info!("Cannot label the pin's tmpfs like the directory that it covers: {}", reason(&error));
    }
}

/// Whether the bind point is there, and the file for `EnvironmentFile=` is readable for all and right.
pub fn has_files(pin: &Pin) -> bool {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let Ok(root) = fcntl::open(pin.dir(), flags, Mode::empty()) else {
        return false;
    };
    // A pin looks like a plain file as well.
    let point = stat::fstatat(&root, POINT, fcntl::AtFlags::AT_SYMLINK_NOFOLLOW);
    point.is_ok_and(|point| point.st_mode & SFlag::S_IFMT.bits() == SFlag::S_IFREG.bits())
        && has_env(pin, &root).unwrap_or(false)
}

fn has_env(pin: &Pin, root: &OwnedFd) -> io::Result<bool> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = File::from(fcntl::openat(root, ENV, flags, Mode::empty())?);
    let stat = stat::fstat(&file)?;
    let expected = pin.env_text();
    let mut text = Vec::new();
    file.take(expected.len() as u64 + 1).read_to_end(&mut text)?;
    Ok(stat.st_uid == 0 && stat.st_mode & 0o7777 == 0o644 && text == expected)
}
