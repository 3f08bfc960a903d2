//! How either command ends: the published exit statuses, and what goes to the user with them.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

use crate::model::text::reason;

/// An exit status, by its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done as asked.
    Done,
    /// `kubensctl`: it could not be done.
    Failed,
    /// `kubensctl`: the command line is wrong.
    Usage,
    /// `kubensctl status`: it is not in effect, and nothing is wrong.
    NotPinned,
    /// `kubensctl status`, `check`: it cannot be known.
    Unknown,
    /// `kubensenter`: failed before the command, by usage, namespace or permission.
    NotEntered,
    /// `kubensenter`: the command is there and cannot be executed.
    NotExecutable,
    /// `kubensenter`: there is no such command.
    NotFound,
}

impl Exit {
    /// The number that the parent process sees.
    pub fn code(self) -> i32 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NotPinned => 3,
            Exit::Unknown => 4,
            Exit::NotEntered => 125,
            Exit::NotExecutable => 126,
            Exit::NotFound => 127,
        }
    }
}

/// The end of a command that did not do what it was asked, with a status of its own and not its command's usual one.
#[derive(Debug)]
pub struct Ends {
    /// The status to end with.
    pub exit: Exit,
    message: String,
}

impl Exit {
    /// A failure that ends with this status. The message says what failed, which thing, why, and what to do.
    pub fn because(self, message: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Ends { exit: self, message: message.into() })
    }

    /// The status that a failure ends with; this one, if it has none of its own.
    pub fn of(self, error: &anyhow::Error) -> Exit {
        error.downcast_ref::<Ends>().map_or(self, |ends| ends.exit)
    }
}

impl Display for Ends {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Ends {}

/// A failure as one line: what was being done, from the outermost to the system's own words.
pub fn line(error: &anyhow::Error) -> String {
    let said = |error: &(dyn Error + 'static)| match error.downcast_ref() {
        Some(error) => reason(error),
        None => error.to_string(),
    };
    error.chain().map(said).collect::<Vec<_>>().join(": ")
}

/// The end of a command that has something to say: text for standard output.
#[derive(Debug)]
pub struct Report {
    /// The status to end with.
    pub exit: Exit,
    /// All of the text, its last newline included.
    pub text: String,
}

impl Report {
    /// A report of something done.
    pub fn done(text: impl Into<String>) -> Self {
        let text = text.into();
        Report { exit: Exit::Done, text }
    }
}
