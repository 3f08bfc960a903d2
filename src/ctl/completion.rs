//! `kubensctl completion SHELL [COMMAND]`: one script for both commands, or for the one. The scripts know their shell
//! and nothing of the commands: those they ask, by `kubensctl offer`.

use crate::cli::ctl::{Name, Shell};
use crate::exit::Report;

pub(super) fn completion(shell: Shell, only: Option<Name>) -> Report {
    let (script, each) = match shell {
        Shell::Bash => (include_str!("completion/kubens.bash"), "complete -F _kubens "),
        Shell::Zsh => (include_str!("completion/kubens.zsh"), "compdef _kubens "),
        Shell::Fish => (
            include_str!("completion/kubens.fish"),
            "complete --no-files --arguments '(__kubens)' --command ",
        ),
    };
    let names = match only {
        Some(Name::Kubensenter) => "kubensenter",
        Some(Name::Kubensctl) => "kubensctl",
        None => "kubensenter kubensctl",
    };
    let mut text = String::new();
    if matches!(shell, Shell::Zsh) {
        text += "#compdef ";
        text += names;
        text += "\n";
    }
    text += script;
    for name in names.split(' ') {
        text += each;
        text += name;
        text += "\n";
    }
    Report::done(text)
}
