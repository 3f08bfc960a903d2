//! `kubensctl completion SHELL [COMMAND]`: one script for both commands, or for the one.

use clap_complete::generate;
use clap_complete::shells::{Bash, Fish, Zsh};

use crate::cli::ctl::{Name, Shell};
use crate::cli::{ctl, enter};
use crate::exit::Report;

pub(super) fn completion(shell: Shell, only: Option<Name>) -> Report {
    let mut script = Vec::new();
    for name in [Name::Kubensenter, Name::Kubensctl] {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let (mut command, name) = match name {
            Name::Kubensenter => (enter::command(), "kubensenter"),
            Name::Kubensctl => (ctl::command(), "kubensctl"),
        };
        match shell {
            Shell::Bash => generate(Bash, &mut command, name, &mut script),
            Shell::Zsh => generate(Zsh, &mut command, name, &mut script),
            Shell::Fish => generate(Fish, &mut command, name, &mut script),
        }
    }
    Report::done(String::from_utf8_lossy(&script))
}
