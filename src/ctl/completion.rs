//! `kubensctl completion SHELL`: one script for both commands.

use clap_complete::{Shell, generate};

use crate::cli;
use crate::exit::Report;

pub(super) fn completion(shell: Shell) -> Report {
    let mut script = Vec::new();
    generate(shell, &mut cli::enter::command(), "kubensenter", &mut script);
    generate(shell, &mut cli::ctl::command(), "kubensctl", &mut script);
    Report::done(String::from_utf8_lossy(&script))
}
