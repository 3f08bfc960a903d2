//! What `--version -v` says: which source this is, and what it was built with. All of it is found by `build.rs`.

use clap::{Arg, ArgAction, Command};

use super::os_words;
use crate::sys::raw::Words;

const BUILD: &str = concat!(
    "commit: ",
    env!("KUBENSENTER_COMMIT"),
    "\ndate: ",
    env!("KUBENSENTER_DATE"),
    "\ntarget: ",
    env!("KUBENSENTER_TARGET"),
    "\nrustc: ",
    env!("KUBENSENTER_RUSTC"),
    "\nlibc: ",
    env!("KUBENSENTER_LIBC"),
    "\n"
);

/// The lines below the version, if this command line that asks for it is also a verbose one.
pub(super) fn build(command: Command, words: Words<'_>) -> Option<&'static str> {
    // clap stops at its own version flag, so here it is one like any other.
    let version = Arg::new("version").short('V').long("version").action(ArgAction::SetTrue);
    let command = command.disable_version_flag(true).arg(version);
    let command = command.subcommand_required(false).ignore_errors(true);
    let matches = command.try_get_matches_from(os_words(words)).ok()?;
    // With an error further on it may know of none, where else it would say 0.
    matches.get_one::<u8>("verbose").is_some_and(|count| *count > 0).then_some(BUILD)
}
