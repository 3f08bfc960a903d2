//! The mounts that this process sees as the kernel lists them (listmount(2), statmount(2), Linux 6.8), without text in
//! between. Of a namespace that is not one's own they tell another tale: below a root that the kernel guesses.

use std::ffi::c_long;

use nix::errno::Errno;

use crate::model::mounts::table::{Device, Mount};

/// The same numbers on every architecture but Alpha.
const STATMOUNT: c_long = 457;
const LISTMOUNT: c_long = 458;
/// This process's root directory.
const LSMT_ROOT: u64 = u64::MAX;

/// `struct mnt_id_req` (linux/mount.h), as of Linux 6.8.
#[repr(C)]
struct Request {
    size: u32,
    spare: u32,
    mount: u64,
    param: u64,
}

/// `struct statmount` (linux/mount.h).
#[repr(C)]
#[derive(Default)]
struct Head {
    size: u32,
    options: u32,
    mask: u64,
    major: u32,
    minor: u32,
    magic: u64,
    super_flags: u32,
    kind: u32,
    id: u64,
    parent: u64,
    id_in_mountinfo: u32,
    parent_in_mountinfo: u32,
    attributes: u64,
    propagation: u64,
    shared: u64,
    master: u64,
    receives_from: u64,
    root: u32,
    target: u32,
    later: [[u64; 25]; 2],
}

/// What is said of a mount: three strings, of which none is longer than a path may be, stand behind the head.
#[repr(C)]
struct Answer {
    head: Head,
    text: [u8; 3 * 4096],
}

impl Request {
    fn new(mount: u64, param: u64) -> Self {
        Request { size: 24, spare: 0, mount, param }
    }
}

impl Answer {
    /// Asks for one mount.
    fn ask(&mut self, request: &Request) -> Result<Mount, Errno> {
        let room = size_of::<Self>();
        // SAFETY: the kernel reads the request, which is as long as it says, and writes at most all of the room.
        let done = unsafe { libc::syscall(STATMOUNT, &raw const *request, &raw mut *self, room, 0) };
        Errno::result(done)?;
        // What was not asked for is left from another mount.
        let named = request.param & NAMES == NAMES;
        if self.head.mask & request.param != request.param {
            return Err(Errno::EINVAL);
        }
        Ok(self.mount(named))
    }

    /// The string that begins there.
    fn string(&self, begin: u32) -> Vec<u8> {
        let rest = usize::try_from(begin).ok().and_then(|begin| self.text.get(begin..)).unwrap_or_default();
        rest.iter().take_while(|&&byte| byte != 0).copied().collect()
    }

    fn mount(&self, named: bool) -> Mount {
        let head = &self.head;
        let string = |begin| if named { self.string(begin) } else { Vec::new() };
        // A group's number is an int in the kernel.
        let group = |number: u64| u32::try_from(number).ok().filter(|&number| number != 0);
        Mount {
            id: head.id_in_mountinfo,
            parent: head.parent_in_mountinfo,
            device: Device { major: head.major, minor: head.minor },
            root: string(head.root),
            target: string(head.target),
            shared: group(head.shared),
            master: group(head.master),
            unbindable: head.propagation & libc::MS_UNBINDABLE != 0,
            kind: string(head.kind),
            ..Mount::default()
        }
    }
}

/// What is asked of a mount: its file system and its groups, and with the names also its root, target and type. The
/// kernel takes five times as long for those.
const NUMBERS: u64 = 0x01 | 0x02;
const NAMES: u64 = NUMBERS | 0x08 | 0x10 | 0x20;

/// All of them, in mountinfo's order. Options and sources are left empty, and names too where the file system's device
/// is not one of those that are `named`. A mount that vanishes meanwhile is not among them.
///
/// # Errors
/// ENOSYS, EINVAL: the kernel cannot be asked. EPERM: a seccomp filter.
pub fn mounts(named: impl Fn(Device) -> bool) -> Result<Vec<Mount>, Errno> {
    let mut answer = Box::new(Answer { head: Head::default(), text: [0; 3 * 4096] });
    let mut mounts = Vec::with_capacity(256);
    let mut numbers = [0; 512];
    loop {
        let last = numbers.last().copied().unwrap_or(0);
        let listed = list(&Request::new(LSMT_ROOT, last), &mut numbers)?;
        for &number in numbers.iter().take(listed) {
            let mut ask = |wanted| answer.ask(&Request::new(number, wanted));
            let asked =
                ask(NUMBERS).and_then(|mount| if named(mount.device) { ask(NAMES) } else { Ok(mount) });
            match asked {
                Ok(mount) => mounts.push(mount),
                Err(Errno::ENOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
        if listed < numbers.len() {
            return Ok(mounts);
        }
    }
}

/// The next numbers after `request.param`; says how many.
fn list(request: &Request, numbers: &mut [u64]) -> Result<usize, Errno> {
    // SAFETY: the kernel reads the request, which is as long as it says, and writes at most all of numbers.
    let listed =
        unsafe { libc::syscall(LISTMOUNT, &raw const *request, numbers.as_mut_ptr(), numbers.len(), 0) };
    Ok(usize::try_from(Errno::result(listed)?).unwrap_or(0))
}
