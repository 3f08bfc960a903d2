//! What a shell may offer for the word that is being typed, from the definitions of the command lines. clap_complete (4.6)
//! was looked at: for the words of the command that is run it has something in zsh alone.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command};

/// What may stand there.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// These words, each with what it means.
    pub words: Vec<(String, String)>,
    /// Values of this sort.
    pub values: Option<Sort>,
    /// The part of the word that is typed already, without an option's name before it.
    pub typed: String,
}

/// A sort of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A pinned mount namespace, or another file.
    Pin,
    /// A process, best one in a mount namespace of its own.
    Process,
    /// A service's unit.
    Unit,
    /// A unit with a drop-in of ours.
    Wrapped,
    /// A command that systemd executes for a service.
    Exec,
    /// Another command's line, which begins at this word.
    Command(usize),
}

/// What to offer for the last of these words; the first is the command's name.
pub fn offer(mut command: Command, words: &[OsString]) -> Offer {
    command.build();
    let mut here = &command;
    let (mut place, mut options) = (0, true);
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let Some((typed, before)) = words.split_last() else {
        return Offer::default();
    };
    let mut before = before.iter().enumerate().skip(1);
    while let Some((index, word)) = before.next() {
        if options && word == "--" {
            options = false;
        } else if options && word.len() > 1 && word.starts_with('-') {
            if let Some(argument) = waiting(here, word)
                && before.next().is_none()
            {
                return values(here, argument, typed);
            }
        } else if let Some(verb) = here.find_subcommand(&**word) {
            here = verb;
        } else if trailing(here) {
            return Offer { values: Some(Sort::Command(index)), ..Offer::default() };
        } else {
            place += 1;
        }
    }
    if options && typed.starts_with('-') {
        return match typed.split_once('=') {
            Some((name, value)) => {
                long(here, name).map_or_else(Offer::default, |argument| values(here, argument, value))
            }
            None => chosen(typed, here.get_arguments().filter(|one| !one.is_hide_set()).flat_map(flags)),
        };
    }
    if here.has_subcommands() {
        let verbs = here.get_subcommands().filter(|verb| !verb.is_hide_set());
        return chosen(typed, verbs.map(|verb| (verb.get_name().to_owned(), said(verb.get_about()))));
    }
    if trailing(here) {
        return Offer { values: Some(Sort::Command(words.len() - 1)), ..Offer::default() };
    }
    let positional = here.get_positionals().nth(place).or_else(|| {
        here.get_positionals().last().filter(|last| matches!(last.get_action(), ArgAction::Append))
    });
    positional.map_or_else(Offer::default, |argument| values(here, argument, typed))
}

/// Whether the rest of the line is another command's.
fn trailing(command: &Command) -> bool {
    command.get_positionals().any(Arg::is_trailing_var_arg_set)
}

/// The option, alone or the last of a cluster, of which the next word is the value.
fn waiting<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    if word.starts_with("--") {
        return long(command, word).filter(|argument| argument.get_action().takes_values());
    }
    let mut letters = word.chars().skip(1);
    let named = |letter| command.get_arguments().find(|argument| argument.get_short() == Some(letter));
    let argument = letters
        .by_ref()
        .find_map(|letter| named(letter).filter(|argument| argument.get_action().takes_values()))?;
    letters.next().is_none().then_some(argument)
}

fn long<'a>(command: &'a Command, word: &str) -> Option<&'a Arg> {
    let name = word.strip_prefix("--")?;
    command.get_arguments().find(|argument| argument.get_long() == Some(name))
}

fn flags(argument: &Arg) -> impl Iterator<Item = (String, String)> {
    let names = [
        argument.get_long().map(|name| format!("--{name}")),
        argument.get_short().map(|name| format!("-{name}")),
    ];
    let help = said(argument.get_help());
    names.into_iter().flatten().map(move |name| (name, help.clone()))
}

fn said(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

/// Those of the words that go on as was begun.
fn chosen(typed: &str, words: impl Iterator<Item = (String, String)>) -> Offer {
    let words = words.filter(|(word, _)| word.starts_with(typed)).collect();
    Offer { words, values: None, typed: typed.to_owned() }
}

fn values(command: &Command, argument: &Arg, typed: &str) -> Offer {
    let possible = argument.get_possible_values();
    let words = possible.iter().map(|value| (value.get_name().to_owned(), said(value.get_help())));
    let name = argument.get_value_names().and_then(|names| names.first());
    let values = match (argument.get_id().as_str(), name.map_or("", |name| name.as_str())) {
        ("mount", _) => Some(Sort::Pin),
        ("also", _) => Some(Sort::Exec),
        (_, "PID") => Some(Sort::Process),
        (_, "UNIT") if command.get_name() == "unwrap" => Some(Sort::Wrapped),
        (_, "UNIT") => Some(Sort::Unit),
        (_, "FILE") => Some(Sort::File),
        (_, "DIR") => Some(Sort::Directory),
        _ => None,
    };
    Offer { values, ..chosen(typed, words) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{ctl, enter};

    fn ask(line: &str) -> Offer {
        let words: Vec<_> = line.split(' ').map(OsString::from).collect();
        let command = if line.starts_with("kubensctl") { ctl::command() } else { enter::command() };
        offer(command, &words)
    }

    fn words(line: &str) -> Vec<String> {
        ask(line).words.into_iter().map(|(word, _)| word).collect()
    }

    #[test]
    fn an_options_name_is_offered_where_one_may_stand() {
        assert_eq!(words("kubensenter --re"), ["--require"]);
        assert_eq!(words("kubensenter -q --verb"), ["--verbose"]);
        assert_eq!(words("kubensctl --di"), ["--dir"]);
        assert_eq!(words("kubensctl mounts --no"), ["--noheadings", "--no-pager"]);
        assert!(words("kubensenter -").contains(&"-m".to_owned()));
        assert_eq!(words("kubensenter -- --re"), [""; 0]);
        assert_eq!(words("kubensctl -- --re"), [""; 0]);
    }

    #[test]
    fn a_verb_and_the_words_after_it() {
        assert_eq!(words("kubensctl un"), ["unpin", "unwrap"]);
        assert_eq!(words("kubensctl -q --dir /x st"), ["status"]);
        assert_eq!(words("kubensctl completion z"), ["zsh"]);
        assert_eq!(words("kubensctl completion zsh kubense"), ["kubensenter"]);
        assert_eq!(ask("kubensctl completion zsh kubensenter "), Offer::default());
        assert!(!words("kubensctl ").contains(&"offer".to_owned()));
    }

    #[test]
    fn a_value_is_of_its_options_sort() {
        for (line, sort, typed) in [
            ("kubensenter -m /ru", Sort::Pin, "/ru"),
            ("kubensenter --mount=/ru", Sort::Pin, "/ru"),
            ("kubensenter -qt ", Sort::Process, ""),
            ("kubensenter --wd ", Sort::Directory, ""),
            ("kubensctl wrap --also Exec", Sort::Exec, "Exec"),
            ("kubensctl wrap --root /x a.service b", Sort::Unit, "b"),
            ("kubensctl unwrap ", Sort::Wrapped, ""),
            ("kubensctl metrics --output ", Sort::File, ""),
        ] {
            let offer = ask(line);
            assert_eq!((offer.values, offer.typed.as_str()), (Some(sort), typed), "{line}");
        }
        assert_eq!(ask("kubensenter --argv0 x").values, None);
    }

    #[test]
    fn the_commands_own_line_is_left_to_the_command() {
        for (line, index) in [
            ("kubensenter fin", 1),
            ("kubensenter -q --mount=/x findmnt --no", 3),
            ("kubensenter -m /x -- findmnt -m ", 4),
            ("kubensenter -m/x findmnt", 2),
        ] {
            assert_eq!(ask(line).values, Some(Sort::Command(index)), "{line}");
        }
    }
}
