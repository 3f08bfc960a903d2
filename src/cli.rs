//! The command lines of both commands: every flag once. Help, errors, completions and the man pages' tests all
//! come from the definitions in here.

pub mod ctl;
pub mod enter;
pub mod offer;
mod plain;
mod version;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use clap::error::ErrorKind;

use crate::exit::{Exit, Failure, Report};
use crate::model::text::Shown;
use crate::sys::raw::Words;

/// What a command line comes to.
#[derive(Debug)]
pub enum Outcome<T> {
    /// Do this.
    Ask(T),
    /// Say this and be done: help, version.
    Tell(Report),
}

fn os_words(words: Words<'_>) -> impl Iterator<Item = &OsStr> {
    words.iter().map(|word| OsStr::from_bytes(word.to_bytes()))
}

/// clap's errors as one line; its help and version, which it reports as errors too, as a report.
fn explain<T>(
    error: &clap::Error,
    command: clap::Command,
    words: Words<'_>,
    usage: Exit,
) -> Result<Outcome<T>, Failure> {
    let text = error.to_string();
    match error.kind() {
        ErrorKind::DisplayHelp => Ok(Outcome::Tell(Report::done(text))),
        ErrorKind::DisplayVersion => {
            Ok(Outcome::Tell(Report::done(text + version::build(command, words).unwrap_or_default())))
        }
        _ => {
            let paragraph = text.split("\n\n").next().unwrap_or_default();
            let paragraph = paragraph.strip_prefix("error: ").unwrap_or(paragraph);
            let said: Vec<_> = paragraph.split_whitespace().collect();
            let message = format!("{} (see {} --help)", Shown(said.join(" ").as_bytes()), command.get_name());
            Err(Failure::new(usage, message))
        }
    }
}
