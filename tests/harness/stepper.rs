//! Runs a command instruction by instruction until it becomes another one, and tells what it did until then.
//!
//!     stepper COMMAND [ARG...]     prints `calls NUMBER...`, `instructions COUNT`, `cpuid COUNT`, `dirty KILOBYTES`
//!
//! Dirty are the pages that it has written to by then, its stack left out.
#![allow(unsafe_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::libc;
use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

const SYSCALL: i64 = 0x050f;
const CPUID: i64 = 0xa20f;

fn main() {
    let mut words = std::env::args_os().skip(1);
    let mut command = Command::new(words.next().expect("stepper COMMAND [ARG...]"));
    command.args(words);
    // SAFETY: between fork and exec, ptrace(2) is all that is called.
    unsafe { command.pre_exec(|| Ok(ptrace::traceme()?)) };
    #[expect(clippy::zombie_processes, reason = "waitpid(2) below")]
    let child = command.spawn().expect("the command starts");
    let pid = Pid::from_raw(child.id().cast_signed());
    waitpid(pid, None).expect("it stops at its exec");
    ptrace::setoptions(pid, Options::PTRACE_O_TRACEEXEC | Options::PTRACE_O_EXITKILL).unwrap();
    let clean = dirty(pid);
    let (mut calls, mut instructions, mut cpuid, mut written) = (Vec::new(), 0, 0, 0);
    loop {
        let registers = ptrace::getregs(pid).unwrap();
        let next = ptrace::read(pid, registers.rip as ptrace::AddressType).unwrap() & 0xffff;
        instructions += 1;
        cpuid += u32::from(next == CPUID);
        if next == SYSCALL {
            let number = registers.rax.cast_signed();
            calls.push(number.to_string());
            if number == libc::SYS_execve {
                written = dirty(pid) - clean;
            }
        }
        ptrace::step(pid, None).unwrap();
        match waitpid(pid, None).unwrap() {
            WaitStatus::PtraceEvent(_, Signal::SIGTRAP, event)
                if event == Event::PTRACE_EVENT_EXEC as i32 =>
            {
                break;
            }
            WaitStatus::Stopped(_, Signal::SIGTRAP) => {}
            status => panic!("{status:?} after {calls:?}"),
        }
    }
    ptrace::detach(pid, None).unwrap();
    waitpid(pid, None).unwrap();
    println!("calls {}\ninstructions {instructions}\ncpuid {cpuid}\ndirty {written}", calls.join(" "));
}

/// The sum of the written pages of all mappings but the stack's, in kilobytes. Those are its own copies, which are
/// anonymous; a page of the program's file is dirty also where nobody has written it to the disk yet.
fn dirty(pid: Pid) -> u64 {
    let (mut sum, mut stack) = (0, false);
    for line in fs::read_to_string(format!("/proc/{pid}/smaps")).unwrap().lines() {
        if let Some(size) = line.strip_prefix("Anonymous:") {
            let size: u64 = size.trim().trim_end_matches(" kB").parse().unwrap();
            sum += if stack { 0 } else { size };
        } else if line.split_once(' ').is_some_and(|(range, _)| range.contains('-')) {
            stack = line.ends_with("[stack]");
        }
    }
    sum
}
