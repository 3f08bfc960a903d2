//! Waiting for other processes, and the only place where it is done: with a deadline, and not in silence. Our own locks
//! are files that nobody else can open, because flock(2) asks for no permission but that; and they are gone when nobody
//! needs them.

use std::ffi::{CStr, CString};
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{self, AtFlags, OFlag};
use nix::sys::stat::{self, FileStat, Mode, SFlag};
use nix::unistd::{self, UnlinkatFlags};

use super::denied::{Denied, Doing};
use super::processes;
use crate::log::info;
use crate::model::text::Shown;

/// How long one of us is waited for.
const OURS: Duration = Duration::from_mins(1);
/// How long a lock is honoured that everybody can hold.
const ANYBODYS: Duration = Duration::from_secs(3);
/// After how long is said who is waited for.
const SILENCE: Duration = Duration::from_secs(1);
/// How often a file may be another one than before: each of those who wait may find that once.
const TRIES: u32 = 4096;
const PAUSE: Duration = Duration::from_millis(20);

/// The lock, held until this is dropped or the process ends, in whatever way.
pub struct Lock {
    directory: OwnedFd,
    name: CString,
    /// Holds the lock by being open.
    _file: File,
}

/// Takes the lock `name` in a directory that nobody else can write to; `shown` is its path.
///
/// # Errors
/// Another of us holds it for longer than a minute.
pub fn take(directory: OwnedFd, name: &CStr, shown: &CStr) -> Result<Lock, Denied> {
    let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    for _ in 0..TRIES {
        let fd =
            fcntl::openat(&directory, name, flags, Mode::S_IRUSR | Mode::S_IWUSR).doing("open", shown)?;
        let file = File::from(fd);
        let ours = stat::fstat(&file).doing("look at", shown)?;
        if !is_ours_alone(&ours) {
            // Whoever has it open could hold it for ever.
            unistd::unlinkat(&directory, name, UnlinkatFlags::NoRemoveDir).doing("replace", shown)?;
            continue;
        }
        if !wait(&file, shown, OURS).doing("lock", shown)? {
            let holder = format!("lock {}, which {} holds", Shown(shown.to_bytes()), holder(&file));
            return Err(Denied { doing: holder, error: ErrorKind::TimedOut.into() });
        }
        // Whoever held it may have removed it while we waited, and then another one counts.
        match stat::fstatat(&directory, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(there) if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino) => {
                return Ok(Lock { directory, name: name.to_owned(), _file: file });
            }
            Ok(_) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno).doing("look at", shown),
        }
    }
    Err(io::Error::other("it is another one each time")).doing("lock", shown)
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Nobody else can hold it now. Where it stays it is in nobody's way: the next one takes it.
        let _ = unistd::unlinkat(&self.directory, &*self.name, UnlinkatFlags::NoRemoveDir);
    }
}

/// Locks what other programs lock too, and everybody can: for a few seconds that is waited for, and then done without.
pub fn honour(file: &File, shown: &CStr) -> Result<(), Denied> {
    if !wait(file, shown, ANYBODYS).doing("lock", shown)? {
        let (holder, seconds) = (holder(file), ANYBODYS.as_secs());
        info!("{holder} has held {} for {seconds} seconds; going on without it", Shown(shown.to_bytes()));
    }
    Ok(())
}

fn is_ours_alone(stat: &FileStat) -> bool {
    let plain = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFREG;
    plain
        && stat.st_uid == unistd::geteuid().as_raw()
        && stat.st_mode & (libc::S_IRWXG | libc::S_IRWXO) == 0
        && stat.st_nlink < 2
}

/// Whether the lock could be had in that time.
fn wait(file: &File, shown: &CStr, patience: Duration) -> io::Result<bool> {
    let begin = Instant::now();
    let mut silent = true;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let waited = begin.elapsed();
        if waited > patience {
            return Ok(false);
        }
        if silent && waited > SILENCE {
            silent = false;
            info!("Waiting for {}, which holds {}", holder(file), Shown(shown.to_bytes()));
        }
        thread::sleep(PAUSE);
    }
}

/// Who holds the lock, for a message.
fn holder(file: &File) -> String {
    let known = || {
        let stat = stat::fstat(file).ok()?;
        let table = fs::read_to_string("/proc/locks").ok()?;
        let pid = held_by(&table, stat::major(stat.st_dev), stat::minor(stat.st_dev), stat.st_ino)?;
        let name = processes::command(pid).ok()?;
        Some(format!("{} (PID {pid})", Shown(&name)))
    };
    known().unwrap_or_else(|| "another process".to_owned())
}

/// The process with a flock(2) on this file, in the kernel's table (proc_locks(5)).
fn held_by(table: &str, major: u64, minor: u64, inode: u64) -> Option<i32> {
    let file = format!("{major:02x}:{minor:02x}:{inode}");
    table.lines().find_map(|line| {
        let words: Vec<_> = line.split_ascii_whitespace().collect();
        let is_it = words.get(1) == Some(&"FLOCK") && words.get(5) == Some(&file.as_str());
        words.get(4).filter(|_| is_it)?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_says_who_holds_a_lock() {
        let table = "1: POSIX  ADVISORY  WRITE 7 00:18:1029 0 EOF\n2: FLOCK  ADVISORY  WRITE 708 00:18:1029 0 EOF\n\
                      2: -> FLOCK  ADVISORY  WRITE 709 00:18:1029 0 EOF\n3: FLOCK  ADVISORY  READ 9 fd:01:5 0 EOF\n";
        assert_eq!(held_by(table, 0, 0x18, 1029), Some(708));
        assert_eq!(held_by(table, 0xfd, 1, 5), Some(9));
        assert_eq!(held_by(table, 0, 0x18, 5), None);
    }

    #[test]
    fn nobody_is_waited_for_longer_than_that() {
        let open = || File::open("/proc/self/exe").unwrap();
        let (first, second) = (open(), open());
        let wait = |file: &File| wait(file, c"/x", Duration::from_millis(40)).unwrap();
        assert!(wait(&first));
        assert!(!wait(&second));
        drop(first);
        assert!(wait(&second));
    }
}
