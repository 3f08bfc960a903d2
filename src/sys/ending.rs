//! Unmounts, when the machine goes down, what would else be mounted when its storage is no longer there. A server or a
//! device that does not answer keeps whoever asks it, so each is asked by a process of its own, and left behind in time.

use std::collections::HashMap;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{self, OFlag};
use nix::mount::{self, MntFlags};
use nix::poll::{self, PollFd, PollFlags, PollTimeout};
use nix::sys::stat::Mode;
use nix::unistd;

use super::raw::process;
use crate::model::mounts::ending::Step;
use crate::model::mounts::table::Device;
use crate::model::text::{Shown, reason};

/// How long all file systems together may write back, and how long one may take to be unmounted afterwards. With
/// what is left of it for the rest, kubens.service's TimeoutStopSec= is longer.
const WRITE: Duration = Duration::from_mins(1);
const UNMOUNT: Duration = Duration::from_secs(10);
const ALL: Duration = Duration::from_secs(90);

/// What became of the mounts.
#[derive(Default)]
pub struct Ended {
    /// How many are gone, of themselves or with others.
    pub unmounted: usize,
    /// What did not end well, a line each: where, and in which way.
    pub failed: Vec<String>,
}

/// Takes these steps, in the namespace that this process is in.
pub fn end(steps: &[Step<'_>]) -> Ended {
    let begin = Instant::now();
    let mut ended = Ended::default();
    let written = write_back(steps, begin + WRITE, &mut ended);
    for step in steps {
        let answers = written.get(&step.device).copied().unwrap_or(true);
        let until = (Instant::now() + UNMOUNT).min(begin + ALL);
        let end = if !step.stored {
            unmount(step, false)
        } else if answers {
            asked(until, || unmount(step, false))
        } else {
            Err(Errno::ETIMEDOUT)
        };
        let end = match end {
            // It goes with its last user, or with whatever keeps us waiting.
            Err(why @ (Errno::EBUSY | Errno::ETIMEDOUT)) => {
                let until = Instant::now() + Duration::from_secs(1);
                let lazily = asked(until, || unmount(step, why == Errno::ETIMEDOUT));
                Err(format!("{}; {}", reason(&why.into()), how(lazily)))
            }
            other => other.map_err(|why| reason(&why.into())),
        };
        match end {
            Ok(()) => ended.unmounted += 1,
            Err(why) => ended.failed.push(format!("{}: {why}", Shown(step.target))),
        }
    }
    ended
}

/// Unmounts what is topmost there, if nobody uses it.
///
/// # Errors
/// ETIMEDOUT: whoever answers for it does not, and it may go later.
pub fn unmount_in_time(target: &[u8]) -> Result<(), Errno> {
    asked(Instant::now() + UNMOUNT, || mount::umount2(target, MntFlags::UMOUNT_NOFOLLOW))
}

fn how(lazily: Result<(), Errno>) -> String {
    match lazily {
        Ok(()) => "detached".to_owned(),
        Err(why) => format!("cannot be detached: {}", reason(&why.into())),
    }
}

/// Has all file systems write back at the same time; says which of those answered that are stored somewhere.
fn write_back(steps: &[Step<'_>], until: Instant, ended: &mut Ended) -> HashMap<Device, bool> {
    let mut asked: HashMap<Device, (&Step<'_>, io::Result<Asked>)> = HashMap::new();
    for step in steps.iter().filter(|step| step.stored) {
        asked.entry(step.device).or_insert_with(|| (step, Asked::new(|| sync(step.target))));
    }
    let answered = asked.into_iter().map(|(device, (step, asked))| {
        let end = asked.map_or_else(|error| Err(error_of(&error)), |asked| asked.answer(until));
        if let Err(why) = end {
            let (target, why) = (Shown(step.target), reason(&why.into()));
            ended.failed.push(format!("{target}: cannot write back: {why}"));
        }
        (device, end != Err(Errno::ETIMEDOUT))
    });
    answered.collect()
}

fn sync(target: &[u8]) -> Result<(), Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_NOFOLLOW;
    match fcntl::open(target, flags, Mode::empty()) {
        Ok(fd) => unistd::syncfs(fd),
        // What is no longer there, or is no file that can be opened, has nothing of its own to write.
        Err(Errno::ENOENT | Errno::ENXIO | Errno::ENODEV) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Unmounts what is topmost there. With `gone` it does not wait for whoever answers for it.
fn unmount(step: &Step<'_>, gone: bool) -> Result<(), Errno> {
    let mut flags = MntFlags::UMOUNT_NOFOLLOW;
    if gone || !step.stored {
        flags |= MntFlags::MNT_DETACH;
    }
    if gone && step.remote {
        flags |= MntFlags::MNT_FORCE;
    }
    match mount::umount2(step.target, flags) {
        // With a peer.
        Err(Errno::EINVAL | Errno::ENOENT) => Ok(()),
        end => end,
    }
}

fn asked(until: Instant, work: impl FnOnce() -> Result<(), Errno>) -> Result<(), Errno> {
    Asked::new(work).map_err(|error| error_of(&error))?.answer(until)
}

fn error_of(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}

/// A process that does one thing, and says how that ended.
struct Asked {
    pid: libc::pid_t,
    says: PipeReader,
}

impl Asked {
    fn new(work: impl FnOnce() -> Result<(), Errno>) -> io::Result<Self> {
        let (says, mut writer) = io::pipe()?;
        let pid = process::beside(|| {
            let code = work().map_or_else(|errno| errno as i32, |()| 0);
            // Nobody reads it any more: nobody waits.
            let _ = writer.write_all(&code.to_ne_bytes());
        })?;
        Ok(Asked { pid, says })
    }

    fn answer(mut self, until: Instant) -> Result<(), Errno> {
        let left = until.saturating_duration_since(Instant::now()).as_millis();
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
        let mut wanted = [PollFd::new(self.says.as_fd(), PollFlags::POLLIN)];
        if poll::poll(&mut wanted, left)? == 0 {
            return Err(Errno::ETIMEDOUT);
        }
        let mut code = [0; 4];
        let said = self.says.read_exact(&mut code);
        // Nothing keeps it any more. One that has ended would still be seen inside.
        process::wait(self.pid)?;
        match said {
            Ok(()) => match i32::from_ne_bytes(code) {
                0 => Ok(()),
                code => Err(Errno::from_raw(code)),
            },
            Err(_) => Err(Errno::ECHILD),
        }
    }
}
