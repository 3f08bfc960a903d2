//! Standard error: what it is, and one line on it.

use std::io::{self, Write};
use std::os::fd::AsFd;

use nix::poll::{self, PollFd, PollFlags, PollTimeout};
use nix::sys::stat;

/// Whether `$JOURNAL_STREAM`, `DEVICE:INODE` in decimal, is this stream (systemd.exec(5)).
pub fn is_journal(journal_stream: &[u8]) -> bool {
    let Ok(stat) = stat::fstat(io::stderr()) else {
        return false;
    };
    format!("{}:{}", stat.st_dev, stat.st_ino).as_bytes() == journal_stream
}

/// Writes `line` in one write(2). A stream that is closed, or a pipe that nobody reads any more, takes nothing
/// and does no harm: SIGPIPE is still as the caller left it, and a message is not worth the command's life.
pub fn write(line: &[u8]) {
    let stderr = io::stderr();
    let mut wanted = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    let broken = PollFlags::POLLERR | PollFlags::POLLHUP | PollFlags::POLLNVAL;
    let writable = poll::poll(&mut wanted, PollTimeout::ZERO).is_err()
        || !wanted[0].revents().is_some_and(|events| events.intersects(broken));
    if writable {
        // There is nowhere to report to that standard error does not take a line.
        let _ = stderr.lock().write_all(line);
    }
}
