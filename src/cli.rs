//! The command lines of both commands: every flag once. Help, errors, completions and the man pages' tests all
//! come from the definitions in here.

pub mod ctl;
pub mod enter;
mod manners;
pub mod offer;
mod version;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::exit::{Exit, Report};
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
) -> anyhow::Result<Outcome<T>> {
    let text = error.to_string();
    match error.kind() {
        ErrorKind::DisplayHelp => Ok(Outcome::Tell(Report::done(text))),
        ErrorKind::DisplayVersion => {
            Ok(Outcome::Tell(Report::done(text + version::build(command, words).unwrap_or_default())))
        }
        _ => {
            let told = |kind| match error.get(kind) {
                Some(ContextValue::String(word)) => Some(word.as_str()),
                Some(ContextValue::Strings(words)) => words.first().map(String::as_str),
                _ => None,
            };
            let similar =
                [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
                    .into_iter()
                    .find_map(told);
            if let Some(word) = told(ContextKind::InvalidSubcommand) {
                return Err(usage.because(manners::no_verb(word, similar, words)));
            }
            let similar = similar.map_or(String::new(), |word| format!("; did you mean '{word}'?"));
            let paragraph = text.split("\n\n").next().unwrap_or_default();
            let paragraph = paragraph.strip_prefix("error: ").unwrap_or(paragraph);
            let said: Vec<_> = paragraph.split_whitespace().collect();
            let message =
                format!("{}{similar} (see {} --help)", Shown(said.join(" ").as_bytes()), command.get_name());
            Err(usage.because(message))
        }
    }
}
