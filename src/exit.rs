//! How either command ends: the published exit statuses, and what goes to the user with them.

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

/// The end of a command that did not do what it was asked: one line for standard error. It says what failed,
/// which thing, why, and what to do.
#[derive(Debug)]
pub struct Failure {
    /// The status to end with.
    pub exit: Exit,
    /// The line, without prefix and newline.
    pub message: String,
}

impl Failure {
    /// A failure of this kind.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        let message = message.into();
        Failure { exit, message }
    }
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
