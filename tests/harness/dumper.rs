//! Writes all that a program is started with to the file that `$DUMP` names. A test runs it directly and
//! through kubensenter, and compares the two. No std start-up: that would open closed descriptors and ignore
//! SIGPIPE, and hide what is to be seen.
#![no_main]
#![allow(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block,
    clippy::unwrap_used
)]

use std::ffi::{CStr, c_char, c_int};
use std::fmt::Write;
use std::fs;

/// Lines of /proc/self/status that tell of the process's life, and not of its start.
const LIVE: [&str; 8] = ["Vm", "Rss", "Pid", "Tgid", "NS", "voluntary", "nonvoluntary", "HugetlbPages"];

#[unsafe(no_mangle)]
extern "C" fn main(argc: c_int, argv: *const *const c_char) -> c_int {
    let mut dump = String::new();
    descriptors(&mut dump);
    // SAFETY: both arrays are C's, end with NULL, and hold C strings.
    let (words, environment) = unsafe {
        unsafe extern "C" {
            static environ: *const *const c_char;
        }
        (strings(argv), strings(environ))
    };
    say(&mut dump, "argc", argc);
    for word in words {
        say(&mut dump, "argv", word.to_bytes().escape_ascii());
    }
    for entry in &environment {
        say(&mut dump, "environ", entry.to_bytes().escape_ascii());
    }
    kernel(&mut dump);
    files(&mut dump);
    let path = environment.iter().find_map(|entry| entry.to_str().ok()?.strip_prefix("DUMP="));
    let written = path.is_some_and(|path| fs::write(path, dump).is_ok());
    c_int::from(!written)
}

unsafe fn strings<'a>(array: *const *const c_char) -> Vec<&'a CStr> {
    let mut strings = Vec::new();
    // SAFETY: the caller's array ends with NULL and holds C strings that stay.
    unsafe {
        while !(*array.add(strings.len())).is_null() {
            strings.push(CStr::from_ptr(*array.add(strings.len())));
        }
    }
    strings
}

fn say(dump: &mut String, name: &str, value: impl std::fmt::Display) {
    writeln!(dump, "{name}: {value}").unwrap();
}

/// Before anything else is opened: which descriptors are open, with what flags, and on what.
fn descriptors(dump: &mut String) {
    for fd in 0..1024 {
        // SAFETY: these requests write no memory.
        let (flags, status, place) = unsafe {
            let flags = libc::fcntl(fd, libc::F_GETFD);
            (flags, libc::fcntl(fd, libc::F_GETFL), libc::lseek(fd, 0, libc::SEEK_CUR))
        };
        if flags >= 0 {
            let what = fs::read_link(format!("/proc/self/fd/{fd}"));
            say(dump, "descriptor", format!("{fd} {flags:#x} {status:#x} {place} {what:?}"));
        }
    }
}

/// What only the kernel's calls tell.
fn kernel(dump: &mut String) {
    // SAFETY: none of these writes memory that is not its own argument, which lives long enough.
    unsafe {
        say(dump, "group, session", format!("{} {}", libc::getpgrp(), libc::getsid(0)));
        say(dump, "terminal", format!("{} {}", libc::tcgetpgrp(0), libc::isatty(1)));
        say(dump, "parent", libc::getppid());
        for signal in 1..=64 {
            let mut action: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(signal, std::ptr::null(), &raw mut action) == 0 {
                say(dump, "signal", format!("{signal} {}", action.sa_sigaction));
            }
        }
        for option in [libc::PR_GET_PDEATHSIG, libc::PR_GET_CHILD_SUBREAPER] {
            let mut value: c_int = -1;
            libc::prctl(option, &raw mut value);
            say(dump, "prctl", format!("{option} {value}"));
        }
        for option in [
            libc::PR_GET_DUMPABLE,
            libc::PR_GET_KEEPCAPS,
            libc::PR_GET_SECUREBITS,
            libc::PR_GET_TIMERSLACK,
            libc::PR_GET_THP_DISABLE,
            libc::PR_GET_NO_NEW_PRIVS,
        ] {
            say(dump, "prctl", format!("{option} {}", libc::prctl(option, 0, 0, 0, 0)));
        }
        for clock in [libc::ITIMER_REAL, libc::ITIMER_VIRTUAL, libc::ITIMER_PROF] {
            let mut timer: libc::itimerval = std::mem::zeroed();
            libc::getitimer(clock, &raw mut timer);
            say(dump, "timer", format!("{clock} {}", timer.it_value.tv_sec > 0));
        }
        let (policy, nice) = (libc::sched_getscheduler(0), libc::getpriority(libc::PRIO_PROCESS, 0));
        say(dump, "schedule", format!("{policy} {nice} {}", libc::syscall(libc::SYS_ioprio_get, 1, 0)));
        say(dump, "secure", libc::getauxval(libc::AT_SECURE));
    }
}

/// What /proc tells.
fn files(dump: &mut String) {
    for name in ["status", "limits", "oom_score_adj", "personality", "cgroup", "comm", "coredump_filter"] {
        let text = fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_else(|error| error.to_string());
        let lines = text.lines().filter(|line| name != "status" || !LIVE.iter().any(|l| line.starts_with(l)));
        lines.for_each(|line| say(dump, name, line));
    }
    for name in ["cwd", "root", "exe", "ns/cgroup", "ns/ipc", "ns/mnt", "ns/net", "ns/pid", "ns/time"] {
        say(dump, name, format!("{:?}", fs::read_link(format!("/proc/self/{name}"))));
    }
    for name in ["ns/user", "ns/uts", "ns/pid_for_children", "ns/time_for_children"] {
        say(dump, name, format!("{:?}", fs::read_link(format!("/proc/self/{name}"))));
    }
    say(dump, "pid", std::process::id());
    let threads = fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    say(dump, "threads", threads);
}
