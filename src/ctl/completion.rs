//! `kubensctl completion SHELL`: one script for both commands.

use clap_complete::generate;
use clap_complete::shells::{Bash, Fish, Zsh};

use crate::cli::ctl::Shell;
use crate::cli::{ctl, enter};
use crate::exit::Report;

pub(super) fn completion(shell: Shell) -> Report {
    let mut script = Vec::new();
    for (mut command, name) in [(enter::command(), "kubensenter"), (ctl::command(), "kubensctl")] {
        match shell {
            Shell::Bash => generate(Bash, &mut command, name, &mut script),
            Shell::Zsh => generate(Zsh, &mut command, name, &mut script),
            Shell::Fish => generate(Fish, &mut command, name, &mut script),
        }
    }
    Report::done(String::from_utf8_lossy(&script))
}
