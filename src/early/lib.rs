//! The plain call, before the C library starts.
//!
//!     kubensenter [-q|--quiet]... [--require] [--] COMMAND [ARG]...
//!
//! is nearly all that this program is asked for. To open a pin, join it and become a command takes eight system calls;
//! two thirds of what a call used to cost was glibc's own start: relocations, page faults, and 43 CPUID instructions,
//! each of which leaves a virtual machine. So the kernel starts the program here (`entry`, which build.rs has the linker
//! write into the file). Either the plain call becomes its command, or `run` returns and libc's `_start` begins the full
//! program, in a process in which nothing has happened. The whole call, from spawn to reap, takes 86 µs where it took 732,
//! nsenter 903, and a C program without libc, which is the least that there can be, 77 (docs/figures.md).
//!
//! Nothing is refused here, and no error is told. Whatever is not plain, and every error before setns(2), closes what was
//! opened and is left to the full program, which does it all again. After setns(2) it only has to be told where the
//! caller worked ([`joined`]). `tests/early.rs` has the same from both, message for message, in thousands of states.
//!
//! No code of libc has run, and that makes rules, which the same test holds on the built file. No call leaves the section
//! `.early`: memcpy is not there yet, and there is nowhere to panic to. So all is inlined into `run`: the crate is
//! optimised in every profile (Cargo.toml), and no closure of any size is given to a function of `core`. Nothing needs a relocation, as a `static` of Rust's may: constants and state
//! are the assembler's (`entry`). No thread-local storage. No write but to the stack and that state.
#![no_std]
#![no_builtins]
#![allow(unsafe_code)]
#![allow(clippy::inline_always)]
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

mod call;
mod entry;
mod kernel;
mod text;

pub use entry::joined;

use call::Call;
use kernel::{Errno, Fd, Link};
use text::Room;

/// Becomes the command of a plain call, or returns.
#[unsafe(link_section = ".early")]
extern "C" fn run(stack: *const usize) {
    // SAFETY: entry passes the stack pointer as the kernel has set it.
    if let Some(call) = unsafe { Call::read(stack) } {
        enter(&call);
    }
}

/// Becomes the command, inside where something is pinned. `None`: the full program's turn.
#[inline(always)]
fn enter(call: &Call) -> Option<()> {
    // `$KUBENSMNT` mostly names the place where the pin is anyway.
    let elsewhere = match call.named {
        Some(path) if !path.equals(entry::pin()) => Some(path),
        _ => None,
    };
    let opened = match elsewhere {
        Some(path) => kernel::open(path, Link::Follow),
        None => kernel::open(entry::pin(), Link::Refuse),
    };
    let pin = match opened {
        Ok(pin) => pin,
        Err(Errno::ENOENT) if call.named.is_none() && !call.require => {
            return if kernel::absent_in(entry::host_root(), entry::pin()) { call.execute() } else { None };
        }
        Err(_) => return None,
    };
    // Only a plain file is asked: a request's number may mean anything to a device.
    let status = pin.status()?;
    if !status.is_plain_file() {
        return None;
    }
    // Held until the exec closes it, as the pin is: one system call less.
    let _owner: Fd = pin.owner_where_it_is_the_callers(entry::own_user())?;
    // The caller may be there already; but what lies at the default place never is the caller's own namespace, because
    // the kernel binds none within itself.
    if elsewhere.is_some() && kernel::status_of(entry::own())?.is_of(status) {
        return None;
    }
    let mut room = Room::new();
    let cwd = kernel::working_directory(&mut room)?;
    let speaks = call.named.is_none() && !call.quiet;
    // The journal wants a priority before each line.
    if let Some(stream) = call.journal
        && speaks
        && kernel::stderr_is(stream)
    {
        return None;
    }
    pin.join()?;
    if speaks {
        kernel::say(entry::found());
    }
    if kernel::change_directory(cwd).is_some() {
        call.execute();
    }
    entry::hand_over(cwd);
    None
}
