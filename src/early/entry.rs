//! Where the kernel starts the program, and what only the assembler can say without a relocation: the constants, and
//! what is handed over to the full program.

use core::arch::{asm, global_asm};
use core::ffi::CStr;

use crate::text::{ROOM, Text};

// `_start` finds the stack and the registers that count for it as the kernel left them.
#[cfg(target_arch = "x86_64")]
global_asm!(
    ".pushsection .early, \"ax\", @progbits",
    ".globl kubensenter_entry",
    ".type kubensenter_entry, @function",
    "kubensenter_entry:",
    "mov rdi, rsp",
    "push rdx",
    "push rdx", // a call wants the stack at a multiple of 16
    "call {run}",
    "pop rdx",
    "pop rdx",
    "jmp _start",
    ".popsection",
    run = sym crate::run,
);
#[cfg(target_arch = "aarch64")]
global_asm!(
    ".pushsection .early, \"ax\", @progbits",
    ".globl kubensenter_entry",
    ".type kubensenter_entry, @function",
    "kubensenter_entry:",
    "stp x0, x30, [sp, #-16]!",
    "add x0, sp, #16",
    "bl {run}",
    "ldp x0, x30, [sp], #16",
    "b _start",
    ".popsection",
    run = sym crate::run,
);

// Beside the code, and not with the other constants: those would be one more page to fetch.
global_asm!(
    ".pushsection .early_constants, \"ax\", @progbits",
    ".globl early_pin, early_host_root, early_own, early_own_user, early_found",
    ".hidden early_pin, early_host_root, early_own, early_own_user, early_found",
    "early_pin: .asciz \"/run/kubens/mnt\"",
    "early_host_root: .asciz \"/proc/1/root\"",
    "early_own: .asciz \"/proc/self/ns/mnt\"",
    "early_own_user: .asciz \"/proc/self/ns/user\"",
    "early_found: .asciz \"kubensenter: Autodetect: kubens.service namespace found at /run/kubens/mnt\\n\"",
    ".popsection",
    ".pushsection .bss.early, \"aw\", @nobits",
    ".globl early_cwd",
    ".hidden early_cwd",
    "early_cwd: .skip {room}",
    ".popsection",
    room = const ROOM,
);

/// The address of one of these, from that of the instruction.
macro_rules! address {
    ($name:literal) => {{
        let address: *mut u8;
        #[cfg(target_arch = "x86_64")]
        asm!(concat!("lea {}, [rip + ", $name, "]"), out(reg) address, options(pure, nomem, nostack));
        #[cfg(target_arch = "aarch64")]
        asm!(concat!("adrp {0}, ", $name), concat!("add {0}, {0}, :lo12:", $name), out(reg) address,
            options(pure, nomem, nostack));
        address
    }};
}

macro_rules! constant {
    ($(#[$what:meta])* $function:ident, $name:literal) => {
        $(#[$what])*
        #[inline(always)]
        pub fn $function() -> Text {
            // SAFETY: a string that ends with NUL, which nobody writes to.
            unsafe { Text::new(address!($name)) }
        }
    };
}

constant!(/** Where the pin is. */ pin, "early_pin");
constant!(/** PID 1's root, through which a pin can be reached from a copy of the host's mount namespace. */
    host_root, "early_host_root");
constant!(/** This process's mount namespace. */ own, "early_own");
constant!(/** This process's user namespace. */ own_user, "early_own_user");
constant!(/** What is said when the pin was joined. */ found, "early_found");

/// Tells the full program that it is in the namespace already, and which directory to go back to.
#[inline(always)]
pub fn hand_over(cwd: Text) {
    // SAFETY: it only computes an address.
    let (mut to, mut rest) = (unsafe { address!("early_cwd") }, cwd);
    while let Some((byte, next)) = rest.split() {
        // SAFETY: a working directory was read into as much room as there is here.
        unsafe { to.write(byte) };
        // SAFETY: the room has a NUL at its end, to which this does not come.
        to = unsafe { to.add(1) };
        rest = next;
    }
}

/// The caller's working directory, where the plain call has joined and its command did not start. What was to be said
/// until then has been said; to go back to the directory, and the command, are the full program's.
#[must_use]
pub fn joined() -> Option<&'static CStr> {
    // SAFETY: it only computes an address.
    let cwd = unsafe { address!("early_cwd") };
    // SAFETY: there is a string, which ends with NUL, and nobody writes to it any more.
    let cwd = unsafe { CStr::from_ptr(cwd.cast()) };
    (!cwd.is_empty()).then_some(cwd)
}
