//! The terminal that standard output may be.

use std::io::{self, Write};

use jiff::tz::TimeZone;
use rustix::termios;

use super::support::now;
use crate::model::look::{Look, Terminal};
use crate::model::time::Clock;

/// Writes to standard output; `false`: nobody reads it any more, which is no error.
pub fn print(text: &[u8]) -> io::Result<bool> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true),
    }
}

/// Standard output, as a screen.
#[derive(Clone, Copy)]
pub struct Screen {
    terminal: bool,
    coloured: bool,
    width: Option<usize>,
}

impl Screen {
    /// Whether standard output is a terminal, and whether colours are welcome there. `columns`: how wide it is said to be.
    pub fn new(terminal: bool, coloured: bool, columns: Option<usize>) -> Self {
        let measured = || termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
        let width = columns.or_else(measured).filter(|width| terminal && *width > 0);
        Screen { terminal, coloured, width }
    }

    /// How many columns it has; `None`: it is no terminal, and a line may have any length.
    pub fn width(self) -> Option<usize> {
        self.width
    }

    /// Whether a person reads it as it comes.
    pub fn is_terminal(self) -> bool {
        self.terminal
    }

    /// How a text is to look there, by the clock and in the time zone that are now.
    pub fn look(self) -> Look {
        let clock = || Clock { now: now(), zone: TimeZone::system() };
        let terminal = self.terminal.then(|| Terminal { width: self.width, clock: clock() });
        Look { coloured: self.coloured, terminal }
    }
}
