//! Waits until a mount table changes: poll(2) on it, as proc_pid_mountinfo(5) has it.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// A container comes with a dozen mounts: they are told at once, and the tables are not read for each.
const PAUSE: Duration = Duration::from_millis(100);

/// Waits until one of these open tables is not as it was when it was opened or last waited for.
pub fn wait(tables: &[File]) -> io::Result<()> {
    let mut wanted: Vec<_> =
        tables.iter().map(|table| PollFd::new(table.as_fd(), PollFlags::POLLPRI)).collect();
    loop {
        match poll(&mut wanted, PollTimeout::NONE) {
            Err(Errno::EINTR) => {}
            changed => {
                changed?;
                thread::sleep(PAUSE);
                return Ok(());
            }
        }
    }
}
