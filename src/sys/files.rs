//! Writes and removes a small file of the administrator's so that after a crash it is as it was or as it is to be. A
//! new file is made in its own directory, so that SELinux gives it that directory's label.

pub mod foreign;

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{self, AtFlags, OFlag};
use nix::sys::stat::{self, Mode};
use nix::unistd::{self, UnlinkatFlags};

use super::denied::{Denied, Doing};
use super::lock::{self, Lock};
use super::tree::Tree;
use crate::model::text::{Shown, reason};

/// Locks a directory, by a file in it that systemd does not read, and makes it where there is none.
///
/// # Errors
/// It cannot be made, or somebody else is at work there for too long.
pub fn lock(tree: &Tree, directory: &Path) -> Result<Lock, Denied> {
    let shown = CString::new(directory.join(".kubens.lock").into_os_string().into_vec()).unwrap_or_default();
    let opened = make_directory(tree, directory).doing("open", &shown)?;
    lock::take(opened, c".kubens.lock", &shown)
}

/// How a change failed.
pub enum Failure {
    /// Nothing has changed.
    Unchanged(io::Error),
    /// It is done, and a power cut may undo it.
    Unsettled(io::Error),
}

/// Gives a file this text, or with none removes it, and its directory where nothing else is in it.
///
/// # Errors
/// It cannot be done, or the disk does not say that it is.
pub fn replace(tree: &Tree, path: &Path, text: Option<&str>) -> Result<(), Failure> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let name = path.file_name().unwrap_or_default();
    let done = match text {
        Some(text) => put(tree, directory, name, text).map(Some),
        None => take_away(tree, directory, name),
    };
    let told = |what: &str, path: &Path, error: &io::Error| {
        io::Error::new(error.kind(), format!("{what} {}: {}", Shown::of(&path), reason(error)))
    };
    let verb = if text.is_some() { "write" } else { "remove" };
    let changed = done.map_err(|error| Failure::Unchanged(told(verb, path, &error)))?;
    let settled = changed.map_or(Ok(()), unistd::fsync);
    if text.is_none() {
        remove_directory(tree, directory);
    }
    settled.map_err(|errno| Failure::Unsettled(told("sync", directory, &errno.into())))
}

/// Gives the directory that has changed.
fn put(tree: &Tree, directory: &Path, name: &OsStr, text: &str) -> io::Result<OwnedFd> {
    let is_new = find_directory(tree, directory)?.is_none();
    let done = make_directory(tree, directory).and_then(|opened| {
        // systemd reads no hidden files. The name is always the same, so that a crash leaves one at most.
        let staged = PathBuf::from(format!(".{}.new", name.to_string_lossy()));
        stage(&opened, &staged, text)
            .and_then(|()| Ok(fcntl::renameat(&opened, &*staged, &opened, name)?))
            // The failure that led here is the one to report.
            .inspect_err(|_| {
                let _ = remove(&opened, &staged);
            })?;
        Ok(opened)
    });
    if done.is_err() && is_new {
        remove_directory(tree, directory);
    }
    done
}

fn stage(directory: &OwnedFd, name: &Path, text: &str) -> io::Result<()> {
    remove(directory, name)?;
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mode = Mode::from_bits_truncate(0o644);
    let fd = fcntl::openat(directory, name, flags, mode)?;
    // Whatever the umask is: everybody may read configuration.
    stat::fchmod(&fd, mode)?;
    let mut file = File::from(fd);
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The same; `None` where nothing had that name.
fn take_away(tree: &Tree, directory: &Path, name: &OsStr) -> io::Result<Option<OwnedFd>> {
    let Some(opened) = find_directory(tree, directory)?.filter(|opened| is_there(opened, name)) else {
        return Ok(None);
    };
    remove(&opened, Path::new(name))?;
    Ok(Some(opened))
}

fn find_directory(tree: &Tree, path: &Path) -> io::Result<Option<OwnedFd>> {
    match tree.open(path, OFlag::O_RDONLY | OFlag::O_DIRECTORY) {
        Ok(fd) => Ok(Some(fd)),
        Err(Errno::ENOENT) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

fn make_directory(tree: &Tree, path: &Path) -> io::Result<OwnedFd> {
    if let Some(fd) = find_directory(tree, path)? {
        return Ok(fd);
    }
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Errno::ENOENT.into());
    };
    let above = make_directory(tree, above)?;
    let mode = Mode::from_bits_truncate(0o755);
    match stat::mkdirat(&above, name, mode) {
        Ok(()) | Err(Errno::EEXIST) => {}
        Err(errno) => return Err(errno.into()),
    }
    unistd::fsync(&above)?;
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let made = fcntl::openat(&above, name, flags, Mode::empty())?;
    stat::fchmod(made.as_fd(), mode)?;
    Ok(made)
}

/// Whether something has that name; a read-only file system says EROFS of removing what is not there.
fn is_there(directory: &OwnedFd, name: &OsStr) -> bool {
    stat::fstatat(directory, name, AtFlags::AT_SYMLINK_NOFOLLOW).err() != Some(Errno::ENOENT)
}

fn remove(directory: &OwnedFd, name: &Path) -> Result<(), Errno> {
    match unistd::unlinkat(directory, name, UnlinkatFlags::NoRemoveDir) {
        Err(Errno::ENOENT) => Ok(()),
        result => result,
    }
}

/// Removes a directory where nothing is in it any more.
fn remove_directory(tree: &Tree, path: &Path) {
    if let (Some(above), Some(name)) = (path.parent(), path.file_name())
        && let Ok(Some(above)) = find_directory(tree, above)
    {
        // One with something in it stays, and so does a link to one.
        let _ = unistd::unlinkat(&above, name, UnlinkatFlags::RemoveDir);
    }
}
