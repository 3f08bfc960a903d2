//! Reads files whose places others may have filled: with a FIFO that has no writer, a link to `/dev/zero`, a file
//! without end, or a file that is somebody's own.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path};

use nix::errno::Errno;
use nix::fcntl::{self, OFlag};
use nix::sys::stat::{self, FileStat, Mode, SFlag};

/// More than any unit file or container's specification has; a larger file is none.
const LIMIT: u64 = 4 << 20;

/// What root wrote to the file at this absolute path: nobody else can change the file, or any directory on the way but
/// the root directory, and there is no link among them.
///
/// # Errors
/// There is no such file, it is no plain one, not root's alone, or larger than 4 MiB.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let directory = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let (Some(parent), Some(name)) = (path.parent().filter(|_| path.is_absolute()), path.file_name()) else {
        return Err(Errno::EINVAL.into());
    };
    let mut place = fcntl::open(c"/", directory, Mode::empty())?;
    for part in parent.components().skip(1) {
        let Component::Normal(part) = part else {
            return Err(Errno::EINVAL.into());
        };
        place = fcntl::openat(&place, part, directory, Mode::empty())?;
        is_roots(&place)?;
    }
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let file = fcntl::openat(&place, name, flags, Mode::empty())?;
    let stat = is_roots(&file)?;
    text(file, &stat)
}

/// What is in a file, which was opened without blocking, and of which `stat` was said.
///
/// # Errors
/// It is no plain file, or larger than 4 MiB.
pub fn text(file: OwnedFd, stat: &FileStat) -> io::Result<Vec<u8>> {
    if SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) != SFlag::S_IFREG {
        return Err(io::Error::other("it is no plain file"));
    }
    let size = u64::try_from(stat.st_size).unwrap_or_default();
    // A file of the kernel's has no size, and says only when it is read how much there is.
    let most = if size == 0 { LIMIT + 1 } else { size.min(LIMIT + 1) };
    let mut text = Vec::with_capacity(usize::try_from(size.min(LIMIT)).unwrap_or_default());
    File::from(file).take(most).read_to_end(&mut text)?;
    if text.len() as u64 > LIMIT { Err(Errno::EFBIG.into()) } else { Ok(text) }
}

fn is_roots(file: impl AsFd) -> io::Result<FileStat> {
    let stat = stat::fstat(file)?;
    // In a sticky directory others can add what is theirs, and not touch what is root's.
    let closed = stat.st_mode & 0o022 == 0 || stat.st_mode & libc::S_ISVTX != 0;
    if stat.st_uid == 0 && closed { Ok(stat) } else { Err(Errno::EPERM.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_absolute_and_goes_down_only() {
        for path in ["", "/", "etc/passwd", "/usr/../etc/passwd"] {
            assert!(read(Path::new(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn a_file_without_end_is_none() {
        let open =
            |path: &str| fcntl::open(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK, Mode::empty()).unwrap();
        let text = |file: OwnedFd| {
            let stat = stat::fstat(&file).unwrap();
            text(file, &stat)
        };
        assert!(text(open("/dev/zero")).is_err());
        assert!(!text(open("/proc/self/mountinfo")).unwrap().is_empty());
    }
}
