//! Becomes another program, as execvp(3) does: `PATH` is searched, and a script without `#!` is given to
//! `/bin/sh`. The environment is passed on as it is. execvpe(3) would do the search; but musl's knows no `/bin/sh`, and
//! whether a file was there at all, which is told, would have to be searched for again.

use std::ffi::CStr;
use std::io;

use nix::errno::Errno;
use nix::sys::stat;

use super::raw::{self, Line, Words};
use crate::model::search;

/// Why a command did not start.
pub enum NotRun {
    /// There is no such file.
    NotFound,
    /// The file is there; what its `#!` line or its ELF header asks for is not.
    NoInterpreter,
    /// The file is there and the kernel does not run it.
    Refused(io::Error),
}

/// Becomes `command` with these arguments (the first is argv[0]); returns only when that failed.
pub fn exec(command: &CStr, arguments: Words<'_>, environment: Words<'_>, path: Option<&CStr>) -> NotRun {
    if search::is_path(command.to_bytes()) {
        return match attempt(command, arguments, environment) {
            Errno::ENOENT if stat::stat(command).is_ok() => NotRun::NoInterpreter,
            Errno::ENOENT => NotRun::NotFound,
            errno => NotRun::Refused(errno.into()),
        };
    }
    let candidates = || search::candidates(command.to_bytes(), path.map(CStr::to_bytes));
    let mut denied = false;
    for candidate in candidates() {
        match attempt(&candidate, arguments, environment) {
            Errno::EACCES => denied = true,
            // The errors after which glibc's execvp goes on to the next directory.
            Errno::ENOENT | Errno::ENOTDIR | Errno::ESTALE | Errno::ENODEV | Errno::ETIMEDOUT => {}
            errno => return NotRun::Refused(errno.into()),
        }
    }
    if denied {
        NotRun::Refused(Errno::EACCES.into())
    } else if candidates().any(|candidate| stat::stat(candidate.as_c_str()).is_ok()) {
        NotRun::NoInterpreter
    } else {
        NotRun::NotFound
    }
}

/// Whether `command` is this very program, by whatever name and link.
pub fn is_this_program(command: &CStr, path: Option<&CStr>) -> bool {
    let is_it = |file: &CStr| match (stat::stat(c"/proc/self/exe"), stat::stat(file)) {
        (Ok(own), Ok(file)) => (own.st_dev, own.st_ino) == (file.st_dev, file.st_ino),
        // Without a /proc, its name is what there is.
        (Err(_), _) => search::base_name(file.to_bytes()).starts_with(b"kubens"),
        (Ok(_), Err(_)) => false,
    };
    if search::is_path(command.to_bytes()) {
        is_it(command)
    } else {
        search::candidates(command.to_bytes(), path.map(CStr::to_bytes)).any(|file| is_it(&file))
    }
}

fn attempt(file: &CStr, arguments: Words<'_>, environment: Words<'_>) -> Errno {
    match raw::execve(file, arguments, environment) {
        Errno::ENOEXEC => {
            let script = [c"/bin/sh", file].into_iter().chain(arguments.from(1).iter());
            raw::execve(c"/bin/sh", script.collect::<Line<'_>>().words(), environment)
        }
        errno => errno,
    }
}
