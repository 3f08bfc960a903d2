//! kubensctl under ptrace(2), with a fault at one of its calls.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{self, Signal};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

/// What a C library does before the program's own first call, and what an error in there would be its matter.
const START_UP: [i64; 10] = [
    libc::SYS_brk,
    libc::SYS_arch_prctl,
    libc::SYS_set_tid_address,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_prlimit64,
    libc::SYS_readlink,
    libc::SYS_readlinkat,
    libc::SYS_getrandom,
    libc::SYS_mprotect,
];
/// These do not fail: close(2) not with what is closed here.
const NEVER_FAIL: [i64; 3] = [libc::SYS_brk, libc::SYS_close, libc::SYS_exit_group];
/// Without memory, and without the randomness of Rust's hash tables, a program may end as if it were killed.
pub const MEMORY: [i64; 4] = [libc::SYS_mmap, libc::SYS_mremap, libc::SYS_munmap, libc::SYS_getrandom];
/// What Linux before 5.12 does not have.
const NEW_API: [i64; 6] = [
    libc::SYS_mount_setattr,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fsconfig,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
];
const FORKS: [i64; 4] = [libc::SYS_clone, libc::SYS_clone3, libc::SYS_fork, libc::SYS_vfork];

/// What happens in a call's place.
#[derive(Clone, Copy)]
pub enum Fault {
    Kill,
    Error(Errno),
}

/// How a run ended.
pub struct End {
    /// The call at which it was stopped, if it made that many.
    pub stopped: Option<i64>,
    /// The exit status; `None`: a signal.
    pub status: Option<i32>,
    pub stderr: String,
}

/// Runs kubensctl up to its call of this number, and puts the fault there.
pub fn run(arguments: &[&str], call: usize, fault: Fault, old: bool) -> Result<End, String> {
    let mut command = Command::new("kubensctl");
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    // SAFETY: between fork and exec, ptrace(2) is all that is called.
    unsafe { command.pre_exec(|| Ok(ptrace::traceme()?)) };
    #[expect(clippy::zombie_processes, reason = "waitpid(2) below")]
    let mut child = command.spawn().expect("kubensctl starts");
    let pid = Pid::from_raw(child.id().cast_signed());
    let mut end = End { stopped: None, status: None, stderr: String::new() };
    let (mut calls, mut started, mut inside, mut answer) = (0, false, false, None);
    let mut status = waitpid(pid, None).expect("it stops at its exec");
    ptrace::setoptions(pid, Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL).unwrap();
    loop {
        let mut pass = None;
        match status {
            WaitStatus::PtraceSyscall(_) if inside => {
                inside = false;
                if let Some(errno) = answer.take() {
                    let mut registers = ptrace::getregs(pid).unwrap();
                    registers.rax = (-i64::from(errno as i32)).cast_unsigned();
                    ptrace::setregs(pid, registers).unwrap();
                }
            }
            WaitStatus::PtraceSyscall(_) => {
                inside = true;
                calls += 1;
                let mut registers = ptrace::getregs(pid).unwrap();
                let number = registers.orig_rax.cast_signed();
                if FORKS.contains(&number) {
                    return Err(format!("call {calls} is a fork"));
                }
                started |= !START_UP.contains(&number);
                if old && NEW_API.contains(&number) {
                    answer = Some(Errno::ENOSYS);
                }
                if calls == call {
                    end.stopped = Some(number);
                    match fault {
                        Fault::Kill => {
                            signal::kill(pid, Signal::SIGKILL).unwrap();
                            answer = None;
                        }
                        Fault::Error(errno) if started && !NEVER_FAIL.contains(&number) => {
                            answer = Some(errno);
                        }
                        Fault::Error(_) => {}
                    }
                }
                if answer.is_some() {
                    registers.orig_rax = u64::MAX;
                    ptrace::setregs(pid, registers).unwrap();
                }
            }
            WaitStatus::Stopped(_, Signal::SIGTRAP) => {}
            WaitStatus::Stopped(_, signal) => pass = Some(signal),
            WaitStatus::Exited(_, code) => {
                end.status = Some(code);
                break;
            }
            WaitStatus::Signaled(..) => break,
            other => panic!("{other:?}"),
        }
        // It may have been killed just now.
        let _ = ptrace::syscall(pid, pass);
        status = waitpid(pid, None).unwrap();
    }
    child.stderr.take().unwrap().read_to_string(&mut end.stderr).unwrap();
    Ok(end)
}
