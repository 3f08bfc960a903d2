//! The system calls, without libc. What none of them does is told as `None`; why, only where it matters.

use core::arch::asm;
use core::mem::MaybeUninit;

use crate::text::{ROOM, Room, Text, Words};

/// The numbers of the calls (syscalls(2)).
#[cfg(target_arch = "x86_64")]
mod number {
    pub const WRITE: usize = 1;
    pub const CLOSE: usize = 3;
    pub const FSTAT: usize = 5;
    pub const IOCTL: usize = 16;
    pub const EXECVE: usize = 59;
    pub const GETCWD: usize = 79;
    pub const CHDIR: usize = 80;
    pub const OPENAT: usize = 257;
    pub const NEWFSTATAT: usize = 262;
    pub const PPOLL: usize = 271;
    pub const SETNS: usize = 308;
    pub const OPENAT2: usize = 437;
}
#[cfg(target_arch = "aarch64")]
mod number {
    pub const GETCWD: usize = 17;
    pub const IOCTL: usize = 29;
    pub const CHDIR: usize = 49;
    pub const OPENAT: usize = 56;
    pub const CLOSE: usize = 57;
    pub const WRITE: usize = 64;
    pub const PPOLL: usize = 73;
    pub const NEWFSTATAT: usize = 79;
    pub const FSTAT: usize = 80;
    pub const EXECVE: usize = 221;
    pub const SETNS: usize = 268;
    pub const OPENAT2: usize = 437;
}

/// Why a call failed (errno(3)).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Errno(isize);

impl Errno {
    pub const ENOENT: Errno = Errno(2);
    pub const EINTR: Errno = Errno(4);
    pub const EACCES: Errno = Errno(13);
    pub const ENODEV: Errno = Errno(19);
    pub const ENOTDIR: Errno = Errno(20);
    pub const ETIMEDOUT: Errno = Errno(110);
    pub const ESTALE: Errno = Errno(116);
}

/// # Safety
/// The arguments are what this call takes; an address among them is of memory that it may use as it does.
#[inline(always)]
unsafe fn call(number: usize, arguments: [usize; 5]) -> Result<usize, Errno> {
    let [first, second, third, fourth, fifth] = arguments;
    let result: isize;
    // SAFETY: the kernel changes no register but these, and what the caller says of the arguments.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!("syscall", inlateout("rax") number => result, in("rdi") first, in("rsi") second,
            in("rdx") third, in("r10") fourth, in("r8") fifth, lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!("svc 0", in("x8") number, inlateout("x0") first => result, in("x1") second, in("x2") third,
            in("x3") fourth, in("x4") fifth, options(nostack));
    }
    usize::try_from(result).map_err(|_| Errno(-result))
}

/// A descriptor of ours, closed when it is given up. Every one is closed by an exec as well.
pub struct Fd(usize);

impl Drop for Fd {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: it takes a number, and the descriptor is ours.
        let _ = unsafe { call(number::CLOSE, [self.0, 0, 0, 0, 0]) };
    }
}

/// What becomes of a symbolic link in the path's last place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Follow,
    Refuse,
}

/// The descriptor that a path without a directory before it builds on: a negative number, as a register holds it.
const AT_FDCWD: usize = (-100_isize).cast_unsigned();

const O_NOCTTY: usize = 0o400;
const O_NONBLOCK: usize = 0o4000;
const O_CLOEXEC: usize = 0o2_000_000;
const O_PATH: usize = 0o10_000_000;
#[cfg(target_arch = "x86_64")]
const O_DIRECTORY: usize = 0o200_000;
#[cfg(target_arch = "x86_64")]
const O_NOFOLLOW: usize = 0o400_000;
#[cfg(target_arch = "aarch64")]
const O_DIRECTORY: usize = 0o40_000;
#[cfg(target_arch = "aarch64")]
const O_NOFOLLOW: usize = 0o100_000;

/// To read. A FIFO does not block this, and no terminal becomes ours.
const READ: usize = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

#[inline(always)]
pub fn open(path: Text, link: Link) -> Result<Fd, Errno> {
    let flags = if link == Link::Refuse { READ | O_NOFOLLOW } else { READ };
    // SAFETY: the kernel reads the path, which ends with NUL.
    unsafe { call(number::OPENAT, [AT_FDCWD, path.address(), flags, 0, 0]) }.map(Fd)
}

/// Whether nothing has this path for a process whose root is `root`.
#[inline(always)]
pub fn absent_in(root: Text, path: Text) -> bool {
    /// `struct open_how` (openat2(2)).
    #[repr(C)]
    struct How {
        flags: u64,
        mode: u64,
        resolve: u64,
    }
    const RESOLVE_IN_ROOT: u64 = 0x10;
    let flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    // SAFETY: the kernel reads the path, which ends with NUL.
    let Ok(root) = unsafe { call(number::OPENAT, [AT_FDCWD, root.address(), flags, 0, 0]) }.map(Fd) else {
        return false;
    };
    let how = How { flags: (READ | O_NOFOLLOW) as u64, mode: 0, resolve: RESOLVE_IN_ROOT };
    let arguments = [root.0, path.address(), (&raw const how) as usize, size_of::<How>(), 0];
    // SAFETY: the kernel reads the path, which ends with NUL, and how, which is as long as it is told.
    match unsafe { call(number::OPENAT2, arguments) }.map(Fd) {
        Ok(_) => false,
        Err(errno) => errno == Errno::ENOENT,
    }
}

/// Which file it is, and what kind of file.
#[derive(Clone, Copy)]
pub struct Status {
    device: u64,
    inode: u64,
    mode: u64,
}

impl Status {
    #[inline(always)]
    pub fn is_plain_file(self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }

    #[inline(always)]
    pub fn is_of(self, other: Status) -> bool {
        self.device == other.device && self.inode == other.inode
    }
}

/// What `ask` writes: `struct stat` (stat(2)), whose order depends on the machine.
#[inline(always)]
fn status(ask: impl FnOnce(usize) -> Result<usize, Errno>) -> Option<Status> {
    const MODE: usize = if cfg!(target_arch = "x86_64") { 3 } else { 2 };
    let mut words = MaybeUninit::<[u64; 18]>::uninit();
    ask(words.as_mut_ptr() as usize).ok()?;
    // SAFETY: the call has succeeded, and so has written the whole structure.
    let words = unsafe { words.assume_init_ref() };
    Some(Status { device: words[0], inode: words[1], mode: words[MODE] & 0xffff_ffff })
}
#[inline(always)]
pub fn status_of(path: Text) -> Option<Status> {
    // SAFETY: the path ends with NUL, and there is room for a status at the address.
    status(|room| unsafe { call(number::NEWFSTATAT, [AT_FDCWD, path.address(), room, 0, 0]) })
}

impl Fd {
    #[inline(always)]
    pub fn status(&self) -> Option<Status> {
        // SAFETY: there is room for a status at the address.
        status(|room| unsafe { call(number::FSTAT, [self.0, room, 0, 0, 0]) })
    }

    /// An nsfs file that this one, which is a plain file, leads to (ioctl_nsfs(2)).
    #[inline(always)]
    fn related(&self, request: usize) -> Result<Fd, Errno> {
        // SAFETY: these requests take no argument, and write no memory.
        unsafe { call(number::IOCTL, [self.0, request, 0, 0, 0]) }.map(Fd)
    }

    /// The user namespace that owns this namespace, where it is the machine's first or the caller's own: by what it is,
    /// and by no error, which a filter may have made.
    #[inline(always)]
    pub fn owner_where_it_is_the_callers(&self, own: Text) -> Option<Fd> {
        const NS_GET_USERNS: usize = 0xb701;
        const FIRST: u64 = 0xefff_fffd;
        let owner = self.related(NS_GET_USERNS).ok()?;
        let status = owner.status()?;
        (status.inode == FIRST || status_of(own)?.is_of(status)).then_some(owner)
    }

    /// Moves this process into the mount namespace. Root and working directory become the namespace's root.
    #[inline(always)]
    pub fn join(&self) -> Option<()> {
        const CLONE_NEWNS: usize = 0x20000;
        // SAFETY: it takes two numbers.
        unsafe { call(number::SETNS, [self.0, CLONE_NEWNS, 0, 0, 0]) }.ok().map(|_| ())
    }
}

/// The working directory's path, where it has one from the root on that the room can hold.
#[inline(always)]
pub fn working_directory(room: &mut Room) -> Option<Text> {
    // SAFETY: there is as much room at the address.
    unsafe { call(number::GETCWD, [room.address(), ROOM, 0, 0, 0]) }.ok()?;
    // SAFETY: the kernel has written a string with its NUL.
    let path = unsafe { room.text() };
    path.after(b"/").map(|_| path)
}

#[inline(always)]
pub fn change_directory(path: Text) -> Option<()> {
    // SAFETY: the kernel reads the path, which ends with NUL.
    unsafe { call(number::CHDIR, [path.address(), 0, 0, 0, 0]) }.ok().map(|_| ())
}

/// Becomes the program at `path`; returns only when that failed.
#[inline(always)]
pub fn execute(path: Text, arguments: Words, environment: Words) -> Errno {
    // SAFETY: the kernel reads the path, which ends with NUL, and the lists, which end with NULL.
    match unsafe { call(number::EXECVE, [path.address(), arguments.address(), environment.address(), 0, 0]) }
    {
        Ok(_) => Errno(0),
        Err(errno) => errno,
    }
}

const STDERR: usize = 2;

/// Whether `$JOURNAL_STREAM`, `DEVICE:INODE` in decimal, is standard error (systemd.exec(5)).
#[inline(always)]
pub fn stderr_is(journal_stream: Text) -> bool {
    let Some((device, rest)) = journal_stream.number() else { return false };
    let Some(rest) = rest.after(b":") else { return false };
    let Some((inode, rest)) = rest.number() else { return false };
    // SAFETY: there is room for a status at the address.
    let stderr = status(|room| unsafe { call(number::FSTAT, [STDERR, room, 0, 0, 0]) });
    match stderr {
        Some(stderr) => rest.is(b"") && stderr.device == device && stderr.inode == inode,
        None => false,
    }
}

/// Writes to standard error, unless it is closed, a pipe that nobody reads any more, or one that is full: SIGPIPE would end
/// the command before it has begun, and nobody waits for a message.
#[inline(always)]
pub fn say(text: Text) {
    /// `struct pollfd`, for POLLOUT.
    #[repr(C)]
    struct Wanted {
        fd: i32,
        events: i16,
        found: i16,
    }
    const POLLOUT: i16 = 4;
    const BROKEN: i16 = 0x08 | 0x10 | 0x20;
    let mut wanted = Wanted { fd: 2, events: POLLOUT, found: 0 };
    let no_time = [0_u64; 2];
    let arguments = [(&raw mut wanted) as usize, 1, no_time.as_ptr() as usize, 0, 8];
    // SAFETY: the kernel reads and writes one entry, and reads the time.
    let asked = unsafe { call(number::PPOLL, arguments) };
    if asked.is_ok() && (wanted.found & BROKEN != 0 || wanted.found & POLLOUT == 0) {
        return;
    }
    let mut rest = text;
    loop {
        // SAFETY: the kernel reads as many bytes as there are.
        match unsafe { call(number::WRITE, [STDERR, rest.address(), rest.length(), 0, 0]) } {
            Ok(written) if written < rest.length() && written > 0 => rest = rest.without(written),
            Err(Errno::EINTR) => {}
            _ => return,
        }
    }
}
