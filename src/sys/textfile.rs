//! Writes a file that others read at any time: they find all of the old text or all of the new. tempfile was looked at: a
//! run that is killed leaves a file of another name each time.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{self, AT_FDCWD, AtFlags, OFlag};
use nix::poll::{self, PollFd, PollFlags, PollTimeout};
use nix::sys::stat::{self, Mode};
use nix::sys::statfs::{self, PROC_SUPER_MAGIC};
use nix::unistd;

/// How long a pipe may be full.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often another run at the same time may be in the way.
const TRIES: usize = 100;
/// How many links a path may lead through, as for the kernel.
const LINKS: usize = 40;

/// What a path leads to.
pub enum Target {
    /// A plain file, or nothing yet: it is replaced.
    File(PathBuf),
    /// A device, a pipe or an open file: it is written to.
    Stream(File),
}

/// Where text for `path` goes. Links are followed, but not those of other users, who could have any file replaced.
///
/// # Errors
/// It leads nowhere, or to what cannot be written to.
pub fn find(path: &Path) -> io::Result<Target> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let Some(name) = path.file_name() else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = fs::canonicalize(parent.unwrap_or(Path::new(".")))?;
        let here = directory.join(name);
        let metadata = match fs::symlink_metadata(&here) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Target::File(here)),
            result => result?,
        };
        let kind = metadata.file_type();
        if kind.is_file() {
            return Ok(Target::File(here));
        }
        if kind.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // In /proc a link is the open file itself, whatever its text says.
        let is_open_file =
            || statfs::statfs(&directory).is_ok_and(|fs| fs.filesystem_type() == PROC_SUPER_MAGIC);
        if kind.is_char_device()
            || kind.is_block_device()
            || kind.is_fifo()
            || kind.is_socket()
            || is_open_file()
        {
            let flags =
                OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
            return Ok(Target::Stream(fcntl::open(&here, flags, Mode::empty())?.into()));
        }
        if ![0, unistd::geteuid().as_raw()].contains(&metadata.uid()) {
            return Err(io::Error::other("it is another user's link"));
        }
        path = directory.join(fs::read_link(&here)?);
    }
    Err(Errno::ELOOP.into())
}

/// Writes text to a stream.
///
/// # Errors
/// It takes none, or not soon.
pub fn write(mut stream: &File, mut text: &[u8]) -> io::Result<()> {
    let end = Instant::now() + PATIENCE;
    while !text.is_empty() {
        match stream.write(text) {
            Ok(count) => text = text.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < end => {
                let left = PollTimeout::try_from(end.saturating_duration_since(Instant::now()));
                poll::poll(
                    &mut [PollFd::new(stream.as_fd(), PollFlags::POLLOUT)],
                    left.unwrap_or(PollTimeout::ZERO),
                )?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Puts this text in the place of the file that [`find`] found, readable for everyone. Until all of it is on disk it has
/// no name, and then for a moment one that is always the same: a run that is killed leaves one file at most, which the
/// next one takes.
///
/// # Errors
/// The directory is full, or not to be written to; what was at `path` stays.
pub fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::IsADirectory.into());
    };
    // A reader of the directory, as a node exporter is, passes over a name that does not end as it expects.
    let mut part = OsString::from(".");
    part.push(name);
    part.push(".new");
    let part = directory.join(part);
    for _ in 0..TRIES {
        let file = unnamed(directory, &part)?;
        // Whatever the caller's umask is.
        stat::fchmod(&file, Mode::from_bits_truncate(0o644))?;
        let written = (&file).write_all(text).and_then(|()| file.sync_all());
        match written.and_then(|()| name_it(&file, &part, path)) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) => {
                // The error that came first is the one to tell.
                let _ = remove(&part);
                return Err(error);
            }
        }
    }
    Err(Errno::EBUSY.into())
}

/// A new file in this directory: without a name, or where the file system has no such thing (`O_TMPFILE`, open(2)) with
/// that of `part`.
fn unnamed(directory: &Path, part: &Path) -> io::Result<File> {
    let (flags, mode) = (OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::from_bits_truncate(0o600));
    match fcntl::open(directory, flags | OFlag::O_TMPFILE, mode) {
        Err(Errno::EOPNOTSUPP | Errno::EISDIR | Errno::EINVAL) => {
            remove(part)?;
            Ok(fcntl::open(part, flags | OFlag::O_CREAT | OFlag::O_EXCL, mode)?.into())
        }
        result => Ok(result?.into()),
    }
}

/// Moves the file to `path`, by way of `part`; `false`: another run took `part` meanwhile.
fn name_it(file: &File, part: &Path, path: &Path) -> io::Result<bool> {
    if stat::fstat(file)?.st_nlink == 0 {
        remove(part)?;
        let own = format!("/proc/self/fd/{}", file.as_raw_fd());
        match unistd::linkat(AT_FDCWD, &*own, AT_FDCWD, part, AtFlags::AT_SYMLINK_FOLLOW) {
            Err(Errno::EEXIST) => return Ok(false),
            result => result?,
        }
    }
    let own = stat::fstat(file)?;
    let moved = match stat::lstat(part) {
        Ok(found) if (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino) => fs::rename(part, path),
        Ok(_) => return Ok(false),
        Err(errno) => Err(errno.into()),
    };
    match moved {
        // Somebody else moved it, to the same place, or took it away.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(stat::fstat(file)?.st_nlink > 0),
        result => result.map(|()| true),
    }
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
