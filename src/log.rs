//! What is said on standard error, and how loud. The one place that gives a line its prefix: `kubensenter: ` or
//! `kubensctl: `, and the priority before it where the journal reads (sd-daemon(3)).

use std::ffi::CStr;
use std::fmt;
use std::io;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Says how it was decided; says what happens.
pub use tracing::{debug, info};

use crate::model::text::Shown;
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
    /// Lets everything up to `level` be heard: 0 nothing, 1 what happens, 2 and more how it was decided too.
    pub fn start(self, level: i64) {
        let level = match level {
            ..=0 => return,
            1 => LevelFilter::INFO,
            2.. => LevelFilter::DEBUG,
        };
        let lines = tracing_subscriber::fmt().event_format(self).with_max_level(level).with_writer(|| Stderr);
        // It is started once; a second one would change nothing.
        let _ = lines.try_init();
    }

    /// The one line of a failure, at any level.
    pub fn fail(self, message: &str) {
        stderr::write(self.line(Level::ERROR, message).as_bytes());
    }

    fn line(self, level: Level, message: &str) -> String {
        // syslog's priorities (syslog(3)).
        let priority = match level {
            Level::ERROR => "<3>",
            Level::INFO => "<6>",
            _ => "<7>",
        };
        let journal = self.journal_stream.is_some_and(|stream| stderr::is_journal(stream.to_bytes()));
        let priority = if journal { priority } else { "" };
        format!("{priority}{}: {}\n", self.name, Shown(message.as_bytes()))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>, N: for<'a> FormatFields<'a> + 'static> FormatEvent<S, N>
    for Voice
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut message = String::new();
        context.format_fields(Writer::new(&mut message), event)?;
        line.write_str(&self.line(*event.metadata().level(), &message))
    }
}

/// Takes whole lines, and never fails.
struct Stderr;

impl io::Write for Stderr {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        stderr::write(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
