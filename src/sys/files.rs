//! Writes and removes small files of the administrator's so that after a crash each is as it was or as it is to
//! be. A new file is made in its own directory, so that SELinux gives it that directory's label.

pub mod foreign;

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{self, OFlag};
use nix::sys::stat::{self, Mode};
use nix::unistd::{self, UnlinkatFlags};

use super::denied::{Denied, Doing};
use super::lock::{self, Lock};
use super::tree::Tree;
use crate::model::text::Shown;
use crate::model::text::reason;

/// What becomes of a file.
pub struct Change {
    /// Its path in the tree.
    pub path: PathBuf,
    /// What it holds now; `None`: it is not there.
    pub old: Option<Vec<u8>>,
    /// What it is to hold; `None`: it is to go, and its directory too where nothing else is in it.
    pub new: Option<Vec<u8>>,
}

/// Locks a directory, by a file in it that systemd does not read; where there is none, nobody else is at work there.
///
/// # Errors
/// It cannot be opened, or somebody else is at work there for too long.
pub fn lock(tree: &Tree, directory: &Path) -> Result<Option<Lock>, Denied> {
    let shown = CString::new(directory.join(".kubens.lock").into_os_string().into_vec()).unwrap_or_default();
    match tree.open(directory, OFlag::O_RDONLY | OFlag::O_DIRECTORY) {
        Err(Errno::ENOENT) => Ok(None),
        opened => lock::take(opened.doing("open", &shown)?, c".kubens.lock", &shown).map(Some),
    }
}

/// Makes all changes, or none: all new files are written and on disk before the first takes its place, and
/// when one cannot, those before it are taken back.
///
/// # Errors
/// What could not be done; nothing has changed then.
pub fn apply(tree: &Tree, changes: &[Change]) -> io::Result<()> {
    let staged =
        changes.iter().try_for_each(|change| stage(tree, change).map_err(|error| at(change, &error)));
    let done = staged.and_then(|()| {
        changes.iter().enumerate().try_for_each(|(index, change)| {
            commit(tree, change).map_err(|error| {
                for earlier in &changes[..index] {
                    take_back(tree, earlier);
                }
                at(change, &error)
            })
        })
    });
    if done.is_err() {
        for change in changes {
            discard(tree, change);
        }
    }
    done
}

fn at(change: &Change, error: &io::Error) -> io::Error {
    let verb = if change.new.is_some() { "write" } else { "remove" };
    io::Error::new(error.kind(), format!("{verb} {}: {}", Shown::of(&change.path), reason(error)))
}

/// The name of a file that is not yet in its place: systemd reads no hidden files. It is always the same, so
/// that a crash leaves one at most, which the next try replaces.
fn staged_name(change: &Change) -> PathBuf {
    let name = change.path.file_name().unwrap_or_default();
    PathBuf::from(format!(".{}.new", name.to_string_lossy()))
}

fn stage(tree: &Tree, change: &Change) -> io::Result<()> {
    let Some(new) = &change.new else {
        return Ok(());
    };
    let directory = make_directory(tree, parent(change))?;
    let name = staged_name(change);
    remove(&directory, &name)?;
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mode = Mode::from_bits_truncate(0o644);
    let fd = fcntl::openat(&directory, &name, flags, mode)?;
    // Whatever the umask is: everybody may read a unit.
    stat::fchmod(&fd, mode)?;
    let mut file = File::from(fd);
    file.write_all(new)?;
    file.sync_all()
}

fn commit(tree: &Tree, change: &Change) -> io::Result<()> {
    let Some(directory) = find_directory(tree, parent(change))? else {
        return Ok(());
    };
    let name = change.path.file_name().unwrap_or_default();
    match &change.new {
        Some(_) => fcntl::renameat(&directory, &*staged_name(change), &directory, name)?,
        None => remove(&directory, Path::new(name))?,
    }
    unistd::fsync(&directory)?;
    if change.new.is_none() {
        remove_directory(tree, parent(change));
    }
    Ok(())
}

/// Back to what was there before a commit. This runs after a failure that is reported, and has none of its own
/// to add: what it cannot restore, the next try finds.
fn take_back(tree: &Tree, change: &Change) {
    let back = Change { path: change.path.clone(), old: None, new: change.old.clone() };
    let _ = stage(tree, &back).and_then(|()| commit(tree, &back));
}

/// Removes what was staged, and the directory made for it.
fn discard(tree: &Tree, change: &Change) {
    if let Ok(Some(directory)) = find_directory(tree, parent(change)) {
        // The failure that led here is the one to report.
        let _ = remove(&directory, &staged_name(change));
        remove_directory(tree, parent(change));
    }
}

fn parent(change: &Change) -> &Path {
    change.path.parent().unwrap_or(Path::new("/"))
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
    stat::mkdirat(&above, name, mode)?;
    unistd::fsync(&above)?;
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let made = fcntl::openat(&above, name, flags, Mode::empty())?;
    stat::fchmod(made.as_fd(), mode)?;
    Ok(made)
}

fn remove(directory: &OwnedFd, name: &Path) -> Result<(), Errno> {
    match unistd::unlinkat(directory, name, UnlinkatFlags::NoRemoveDir) {
        Err(Errno::ENOENT) => Ok(()),
        result => result,
    }
}

/// Removes a unit's drop-in directory where nothing is in it any more.
fn remove_directory(tree: &Tree, path: &Path) {
    if let (Some(above), Some(name)) = (path.parent(), path.file_name())
        && let Ok(Some(above)) = find_directory(tree, above)
    {
        // One with something in it stays, and so does a link to one.
        let _ = unistd::unlinkat(&above, name, UnlinkatFlags::RemoveDir);
    }
}
