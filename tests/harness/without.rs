//! Runs a command on a kernel that does not have some system calls (ENOSYS), by a seccomp filter.
//!
//!     without NUMBER,NUMBER... COMMAND [ARG...]
#![allow(unsafe_code, clippy::unwrap_used, clippy::panic)]

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::libc::{self, sock_filter, sock_fprog};

fn main() {
    let mut words = std::env::args_os().skip(1);
    let (numbers, command) = (words.next().unwrap(), words.next().unwrap());
    let numbers: Vec<u32> =
        numbers.to_str().unwrap().split(',').map(|number| number.parse().unwrap()).collect();
    let instruction = |code: u32, jt: usize, jf, k| sock_filter {
        code: u16::try_from(code).unwrap(),
        jt: u8::try_from(jt).unwrap(),
        jf,
        k,
    };
    // Loads the call's number, jumps from any of these to the last instruction, and else allows.
    let mut filter = vec![instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0)];
    for (index, &number) in numbers.iter().enumerate() {
        let jump = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
        filter.push(instruction(jump, numbers.len() - index, 0, number));
    }
    let answer = libc::BPF_RET | libc::BPF_K;
    filter.push(instruction(answer, 0, 0, libc::SECCOMP_RET_ALLOW));
    filter.push(instruction(answer, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS.cast_unsigned()));
    let program = sock_fprog { len: u16::try_from(filter.len()).unwrap(), filter: filter.as_mut_ptr() };
    // SAFETY: program is a filter of as many instructions as it says, which the kernel copies.
    let set = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
    panic!("{}", Command::new(command).args(words).exec());
}
