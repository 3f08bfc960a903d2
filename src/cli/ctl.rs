//! kubensctl's command line.

use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, Parser, Subcommand, ValueEnum};

use super::{Outcome, explain, os_words};
use crate::exit::{Exit, Failure};
use crate::model::pin;
use crate::sys::raw::Words;

/// Create, inspect and remove the mount namespace of the kubelet and the container runtime
#[derive(Parser)]
#[command(name = "kubensctl", version, disable_help_subcommand = true, arg_required_else_help = false)]
pub struct Asked {
    /// One log level less; may be repeated
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub quiet: u8,
    /// One log level more; may be repeated
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// The pin's directory
    #[arg(long, global = true, value_name = "DIR", default_value = pin::DEFAULT_DIR)]
    pub dir: PathBuf,
    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

/// A verb and its options.
#[derive(Subcommand)]
pub enum Verb {
    /// Make sure that the namespace exists, is right, and is pinned
    Pin {
        /// Say what was done in JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove the pin, unless processes live in the namespace
    Unpin {
        /// Remove it all the same
        #[arg(long)]
        force: bool,
        /// Say what was done in JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the completion script of both commands for a shell
    Completion {
        /// The shell
        shell: Shell,
        /// Of this command alone, as a file that the shell loads by its name
        command: Option<Name>,
    },
}

/// A shell that completions are made for.
#[derive(Clone, Copy, ValueEnum)]
pub enum Shell {
    /// bash(1)
    Bash,
    /// zsh(1)
    Zsh,
    /// fish(1)
    Fish,
}

/// A name that the program answers to.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// kubensenter(1)
    Kubensenter,
    /// kubensctl(8)
    Kubensctl,
}

/// The parser, as clap knows it.
pub fn command() -> clap::Command {
    Asked::command()
}

/// Reads the command line; the first word is the program's own name.
///
/// # Errors
/// Usage, with status 2.
pub fn read(words: Words<'_>) -> Result<Outcome<Asked>, Failure> {
    match Asked::try_parse_from(os_words(words)) {
        Ok(asked) => Ok(Outcome::Ask(asked)),
        Err(error) => explain(&error, command(), words, Exit::Usage),
    }
}
