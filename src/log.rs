//! What is said on standard error, and how loud. The one place that gives a line its prefix: `kubensenter: ` or
//! `kubensctl: `, and the priority before it where the journal reads (sd-daemon(3)).
//!
//! A message has no static data of its own, which each start would pay for with relocations, and what is in it is
//! asked for only if somebody hears it.

use std::ffi::CStr;
use std::fmt::{Arguments, Write};
use std::sync::OnceLock;

use crate::model::text::Shown;
use crate::sys::stderr;

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Why nothing more was done: at any level.
    Failure = 0,
    /// What happens.
    Info = 1,
    /// How it was decided.
    Debug = 2,
}

impl Level {
    /// syslog's priorities (syslog(3)).
    fn priority(self) -> &'static str {
        match self {
            Level::Failure => "<3>",
            Level::Info => "<6>",
            Level::Debug => "<7>",
        }
    }
}

/// Says what happens.
macro_rules! info {
    ($($text:tt)+) => {
        if $crate::log::hears($crate::log::Level::Info) {
            $crate::log::say($crate::log::Level::Info, ::std::format_args!($($text)+));
        }
    };
}

/// Says how it was decided.
macro_rules! debug {
    ($($text:tt)+) => {
        if $crate::log::hears($crate::log::Level::Debug) {
            $crate::log::say($crate::log::Level::Debug, ::std::format_args!($($text)+));
        }
    };
}

pub(crate) use {debug, info};

/// A command's voice on standard error.
#[derive(Clone, Copy)]
pub struct Voice {
    /// The name that its lines begin with.
    pub name: &'static str,
    /// `$JOURNAL_STREAM`.
    pub journal_stream: Option<&'static CStr>,
}

/// Whose voice is heard, and up to which level. Empty before a command knows, and where nothing is to be said.
static HEARD: OnceLock<(Voice, Level)> = OnceLock::new();

impl Voice {
    /// Lets everything up to `level` be heard: 0 nothing, 1 what happens, 2 and more how it was decided too.
    pub fn start(self, level: i64) {
        let level = match level {
            ..=0 => return,
            1 => Level::Info,
            2.. => Level::Debug,
        };
        // It is started once; a second one would change nothing.
        let _ = HEARD.set((self, level));
    }

    /// The one line of a failure, at any level.
    pub fn fail(self, message: &str) {
        self.line(Level::Failure, format_args!("{message}"));
    }

    fn line(self, level: Level, message: Arguments<'_>) {
        let mut line = String::with_capacity(256);
        if self.journal_stream.is_some_and(|stream| stderr::is_journal(stream.to_bytes())) {
            line.push_str(level.priority());
        }
        // Writing to a String does not fail.
        let _ = writeln!(line, "{}: {}", self.name, Shown(message.to_string().as_bytes()));
        stderr::write(line.as_bytes());
    }
}

/// Whether somebody listens at this level.
pub fn hears(level: Level) -> bool {
    HEARD.get().is_some_and(|(_, heard)| level <= *heard)
}

/// One line, which somebody hears: what `info!` and `debug!` call.
pub fn say(level: Level, message: Arguments<'_>) {
    if let Some((voice, _)) = HEARD.get() {
        voice.line(level, message);
    }
}
