//! A lock between processes: a file that only root can open, locked with flock(2), and gone when nobody needs it.

use std::ffi::CString;
use std::fs::File;

use nix::errno::Errno;
use nix::fcntl::{self, AtFlags, OFlag};
use nix::sys::stat::{self, Mode};
use nix::unistd;

use super::denied::{Denied, Doing};

/// The lock, held until this is dropped or the process ends, in whatever way.
pub struct Lock {
    path: CString,
    /// Holds the lock by being open.
    _file: File,
}

/// Takes the lock, and waits for as long as another process holds it.
pub fn take(path: CString) -> Result<Lock, Denied> {
    let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
    loop {
        let fd = fcntl::open(&*path, flags, Mode::S_IRUSR | Mode::S_IWUSR).doing("open", &path)?;
        let file = File::from(fd);
        file.lock().doing("lock", &path)?;
        let ours = stat::fstat(&file).doing("look at", &path)?;
        // Whoever held it may have removed it while we waited, and then another one counts.
        match stat::fstatat(fcntl::AT_FDCWD, &*path, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(there) if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino) => {
                return Ok(Lock { path, _file: file });
            }
            Ok(_) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno).doing("look at", &path),
        }
    }
}

impl Lock {
    /// Gives the lock up and removes its file, which nobody else can hold now.
    pub fn remove(self) -> Result<(), Denied> {
        unistd::unlink(&*self.path).doing("remove", &self.path)
    }
}
