//! Every `unsafe` of the program, one call a block: C's view of this process (its first frame, `argv`,
//! `environ`), and the system calls for which neither std, nix nor rustix has a safe form. Decides nothing.
#![allow(unsafe_code)]

pub mod listing;
pub mod mount;
pub mod nsfs;
pub mod process;

use std::ffi::{CStr, c_char, c_int, c_long, c_ulong};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;

/// The process's first frame, in place of std's: that one would set SIGPIPE to ignore and open `/dev/null`
/// on closed descriptors, and the command must find both as they were.
#[cfg(not(any(test, fuzzing)))]
#[unsafe(no_mangle)]
extern "C" fn main(argc: c_int, argv: *const *const c_char) -> c_int {
    crate::start(Words { first: argv, count: usize::try_from(argc).unwrap_or(0), life: PhantomData })
}

/// What a system call gave back, where that is a new descriptor.
fn owned(result: c_long) -> Result<OwnedFd, Errno> {
    let fd = c_int::try_from(Errno::result(result)?).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just made this descriptor for us, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The same error, as everything else here has it.
fn errno(errno: rustix::io::Errno) -> Errno {
    Errno::from_raw(errno.raw_os_error())
}

/// A NULL-terminated array of C strings that nobody writes to: `argv`, `environ`, or a [`Line`].
#[derive(Clone, Copy)]
pub struct Words<'a> {
    first: *const *const c_char,
    count: usize,
    life: PhantomData<&'a CStr>,
}

impl<'a> Words<'a> {
    /// This process's environment, in its order and with its duplicates.
    pub fn environment() -> Words<'static> {
        unsafe extern "C" {
            static environ: *const *const c_char;
        }
        // SAFETY: environ is set before main, and this program, of one thread, never changes it.
        let first = unsafe { environ };
        let mut count = 0;
        if !first.is_null() {
            let mut entry = first;
            // SAFETY: environ ends with NULL, and the loop ends there.
            while !unsafe { *entry }.is_null() {
                count += 1;
                // SAFETY: behind an entry that is not NULL there is another.
                entry = unsafe { entry.add(1) };
            }
        }
        Words { first, count, life: PhantomData }
    }

    /// How many words there are.
    pub fn len(self) -> usize {
        self.count
    }

    /// The word at `index`, counted from 0.
    pub fn get(self, index: usize) -> Option<&'a CStr> {
        if index >= self.count {
            return None;
        }
        // SAFETY: index is below count, so this is within the array.
        let entry = unsafe { self.first.add(index) };
        // SAFETY: an entry within the array can be read.
        let word = unsafe { *entry };
        // SAFETY: the array holds C strings that live as long as 'a.
        Some(unsafe { CStr::from_ptr(word) })
    }

    /// The words from `index` on, over the same memory.
    pub fn from(self, index: usize) -> Words<'a> {
        let index = index.min(self.count);
        Words {
            // SAFETY: index is at most count, where the terminating NULL is.
            first: unsafe { self.first.add(index) },
            count: self.count - index,
            life: PhantomData,
        }
    }

    /// The words, one after the other.
    pub fn iter(self) -> impl Iterator<Item = &'a CStr> {
        (0..self.count).filter_map(move |index| self.get(index))
    }
}

impl Default for Words<'_> {
    /// No words.
    fn default() -> Self {
        struct Null(*const c_char);
        // SAFETY: nothing writes to it, and NULL points nowhere.
        unsafe impl Sync for Null {}
        static NONE: Null = Null(std::ptr::null());
        Words { first: &raw const NONE.0, count: 0, life: PhantomData }
    }
}

/// An argument vector of our own making.
pub struct Line<'a> {
    pointers: Vec<*const c_char>,
    life: PhantomData<&'a CStr>,
}

impl<'a> FromIterator<&'a CStr> for Line<'a> {
    fn from_iter<I: IntoIterator<Item = &'a CStr>>(words: I) -> Self {
        let mut pointers: Vec<_> = words.into_iter().map(CStr::as_ptr).collect();
        pointers.push(std::ptr::null());
        Line { pointers, life: PhantomData }
    }
}

impl Line<'_> {
    /// The vector as `execve` takes it.
    pub fn words(&self) -> Words<'_> {
        Words { first: self.pointers.as_ptr(), count: self.pointers.len() - 1, life: PhantomData }
    }
}

/// The value of an environment variable: of the first of that name.
pub fn getenv(name: &CStr) -> Option<&'static CStr> {
    // SAFETY: name is a C string; no other thread could change the environment meanwhile.
    let value = unsafe { libc::getenv(name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: getenv's result is a C string, which stays because this program never changes its environment.
    Some(unsafe { CStr::from_ptr(value) })
}

/// Whether the kernel raised this process's privileges at its exec (`AT_SECURE`, getauxval(3)).
pub fn privileges_raised_at_exec() -> bool {
    // SAFETY: getauxval reads the auxiliary vector, which is there for the life of the process.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// The working directory as the kernel says it (getcwd(2)): it begins with `(unreachable)` where it lies
/// outside of this process's root. libc's function of that name would search upwards instead.
///
/// # Errors
/// ENOENT: deleted. ENAMETOOLONG: longer than `PATH_MAX` (4096 bytes).
pub fn getcwd(buffer: &mut [MaybeUninit<u8>]) -> Result<&CStr, Errno> {
    // SAFETY: the kernel writes at most buffer.len() bytes to buffer.
    let length = unsafe { libc::syscall(libc::SYS_getcwd, buffer.as_mut_ptr(), buffer.len()) };
    Errno::result(length)?;
    // SAFETY: the kernel wrote a path and its NUL, both within buffer.
    Ok(unsafe { CStr::from_ptr(buffer.as_ptr().cast()) })
}

/// The kind of namespace behind `fd`, as its `CLONE_NEW*` flag (`NS_GET_NSTYPE`, ioctl_nsfs(2), Linux 4.11).
///
/// # Errors
/// ENOTTY: not a namespace.
pub fn namespace_kind(fd: BorrowedFd<'_>) -> Result<c_int, Errno> {
    const NS_GET_NSTYPE: c_ulong = 0xb703;
    // SAFETY: this request takes no argument and writes no memory.
    Errno::result(unsafe { libc::ioctl(fd.as_raw_fd(), NS_GET_NSTYPE as _) })
}

/// Becomes the program at `path`; returns only when that failed (execve(2)).
pub fn execve(path: &CStr, arguments: Words<'_>, environment: Words<'_>) -> Errno {
    // SAFETY: path is a C string, and both arrays end with NULL and hold C strings.
    unsafe { libc::execve(path.as_ptr(), arguments.first, environment.first) };
    Errno::last()
}
