//! The command lines of both commands: every flag once. Help, errors, completions and the man pages' tests all
//! come from the definitions in here.

pub mod ctl;
pub mod enter;
mod plain;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use clap::error::ErrorKind;

use crate::exit::{Exit, Failure, Report};
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
fn explain<T>(error: &clap::Error, name: &str, usage: Exit) -> Result<Outcome<T>, Failure> {
    let text = error.to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(Outcome::Tell(Report::done(text))),
        _ => {
            let paragraph = text.split("\n\n").next().unwrap_or_default();
            let paragraph = paragraph.strip_prefix("error: ").unwrap_or(paragraph);
            let words: Vec<_> = paragraph.split_whitespace().collect();
            let message = format!("{} (see {name} --help)", words.join(" "));
            Err(Failure::new(usage, message))
        }
    }
}
