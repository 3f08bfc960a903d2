//! Reads mount tables.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::fcntl::{self, OFlag};
use nix::sys::stat::Mode;

use super::namespace::living;
use super::processes::unless_ended;
use crate::model::mounts::table::{Mount, parse};

/// A `/proc` that stays this process's own, in whatever mount namespace it goes to.
pub struct Proc(OwnedFd);

/// Opens `/proc`.
pub fn proc() -> io::Result<Proc> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    Ok(Proc(fcntl::open(c"/proc", flags, Mode::empty())?))
}

impl Proc {
    /// The mounts that this process sees, where it is now.
    pub fn mounts(&self) -> io::Result<Vec<Mount>> {
        Ok(parse(&self.read("self/mountinfo")?))
    }

    /// The table of mounts that this process sees, where it is now: open, wherever it goes then.
    pub fn table(&self) -> io::Result<File> {
        self.open("self/mountinfo")
    }

    /// Which of these mounts, all that this process sees, is its root.
    pub fn root(&self, mounts: &[Mount]) -> io::Result<Option<Mount>> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let root = fcntl::open(c"/", flags, Mode::empty())?;
        let text = self.read(&format!("self/fdinfo/{}", root.as_fd().as_raw_fd()))?;
        let text = String::from_utf8_lossy(&text);
        let id = text.lines().find_map(|line| line.strip_prefix("mnt_id:")?.trim().parse().ok());
        Ok(mounts.iter().find(|mount| Some(mount.id) == id).cloned())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut text = Vec::with_capacity(1 << 16);
        self.open(name)?.read_to_end(&mut text)?;
        Ok(text)
    }

    fn open(&self, name: &str) -> io::Result<File> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        Ok(fcntl::openat(&self.0, &*CString::new(name)?, flags, Mode::empty())?.into())
    }
}

/// The mounts that this task of a process sees.
pub fn of_task(pid: i32, task: i32) -> io::Result<Vec<Mount>> {
    Ok(parse(&fs::read(format!("/proc/{pid}/task/{task}/mountinfo"))?))
}

/// The mounts that a process sees, by a thread of it that lives; `None`: it has ended.
pub fn of(pid: i32) -> io::Result<Option<Vec<Mount>>> {
    let task = living(pid);
    unless_ended(pid, task, of_task(pid, task))
}
