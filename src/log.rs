//! The only subscriber of `tracing`, and the one place that gives a line its prefix: `kubensenter: ` or
//! `kubensctl: `, and the priority before it where the journal reads (sd-daemon(3)).

use std::ffi::CStr;
use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::sys::stderr;

/// A command's voice on standard error.
#[derive(Clone, Copy)]
pub struct Voice {
    /// The name that its lines begin with.
    pub name: &'static str,
    /// `$JOURNAL_STREAM`.
    pub journal_stream: Option<&'static CStr>,
}

impl Voice {
    /// Lets everything up to `level` be heard: 0 nothing, 1 what happens, 2 how it was decided, 3 all.
    /// Nothing is set up where nothing will be said.
    pub fn start(self, level: i64) {
        let filter = match level {
            ..=0 => return,
            1 => LevelFilter::INFO,
            2 => LevelFilter::DEBUG,
            3.. => LevelFilter::TRACE,
        };
        // A second subscriber is refused, and then the first goes on: nothing is lost.
        let _ = tracing::subscriber::set_global_default(Lines { voice: self, filter });
    }

    /// The one line of a failure, at any level.
    pub fn fail(self, message: &str) {
        self.line(Level::ERROR, message);
    }

    fn line(self, level: Level, message: impl fmt::Display) {
        let mut line = String::with_capacity(256);
        if self.journal_stream.is_some_and(|stream| stderr::is_journal(stream.to_bytes())) {
            line.push_str(priority(level));
        }
        // Writing to a String does not fail.
        let _ = writeln!(line, "{}: {message}", self.name);
        stderr::write(line.as_bytes());
    }
}

/// syslog's priorities (syslog(3)).
fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        Level::DEBUG | Level::TRACE => "<7>",
    }
}

struct Lines {
    voice: Voice,
    filter: LevelFilter,
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= &self.filter
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.filter)
    }

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        self.voice.line(*event.metadata().level(), message.0);
    }

    // This program has no spans.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Message(String);

impl Visit for Message {
    // Only messages are recorded here. The methods that this leaves empty would bring in how to print numbers.
    fn record_f64(&mut self, _: &Field, _: f64) {}
    fn record_i64(&mut self, _: &Field, _: i64) {}
    fn record_u64(&mut self, _: &Field, _: u64) {}
    fn record_i128(&mut self, _: &Field, _: i128) {}
    fn record_u128(&mut self, _: &Field, _: u128) {}
    fn record_bool(&mut self, _: &Field, _: bool) {}

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a String does not fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}
