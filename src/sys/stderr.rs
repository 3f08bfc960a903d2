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

/// Writes `line` in one write(2). A stream that is closed, a pipe that nobody reads any more, or one that is full, takes
/// nothing and does no harm: SIGPIPE is still as the caller left it, and a message is not worth the command's life or
/// its time.
pub fn write(line: &[u8]) {
    let stderr = io::stderr();
    let mut wanted = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    let broken = PollFlags::POLLERR | PollFlags::POLLHUP | PollFlags::POLLNVAL;
    // A pipe that takes something takes PIPE_BUF bytes (pipe(7)).
    for piece in line.chunks(libc::PIPE_BUF) {
        let asked = poll::poll(&mut wanted, PollTimeout::ZERO);
        let events = wanted[0].revents().unwrap_or(PollFlags::empty());
        if asked.is_ok() && (events.intersects(broken) || !events.contains(PollFlags::POLLOUT)) {
            return;
        }
        // There is nowhere to report to that standard error does not take a line.
        let _ = stderr.lock().write_all(piece);
    }
}
