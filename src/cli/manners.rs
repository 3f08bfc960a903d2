//! What kubensctl says to those who do not know it yet: the short help, and the command that does what they meant.

use std::fmt::Write;

use super::os_words;
use crate::model::text::Shown;
use crate::sys::raw::Words;

/// The verbs as help shows them: by what one wants.
pub const GROUPS: &[(&str, &[&str])] = &[
    ("Look", &["status", "mounts", "check", "report", "metrics"]),
    ("Switch", &["enable", "disable", "tidy", "wrap", "unwrap"]),
    ("Service (kubens.service calls these)", &["pin", "unpin"]),
    ("Other", &["completion", "help"]),
];

/// Below every list of verbs.
pub const STATUSES: &str = "Exit status:
  0 done, 1 failed, 2 wrong command line
  status: 0 in effect, 1 degraded, 3 not in effect, 4 unknown
  check:  0 nothing found, 1 problems, 4 not everything could be seen

`kubensctl help VERB` has the options of a verb, `man kubensctl` all of it.
`kubensenter COMMAND` runs a command inside: see `man kubensenter`.";

/// The verbs in their groups, each with the first line of what it does.
pub fn verbs(command: &clap::Command) -> String {
    let mut text = String::new();
    for (title, names) in GROUPS {
        let _ = writeln!(text, "{title}:"); // into a String: never fails
        for name in *names {
            let about = command.find_subcommand(name).and_then(clap::Command::get_about);
            let about = about.map_or("Print this, or the options of a verb".to_owned(), ToString::to_string);
            let _ = writeln!(text, "  {name:<12}{about}");
        }
        text.push('\n');
    }
    text
}

/// What `kubensctl` alone says.
pub fn short_help() -> String {
    let mut text = "Usage: kubensctl [OPTION]... VERB\n\n".to_owned();
    for (title, names) in GROUPS {
        let title = title.split(' ').next().unwrap_or_default();
        let _ = writeln!(text, "  {title:<10}{}", names.join("  ")); // into a String: never fails
    }
    text + "\n`kubensctl --help` says what each does. To begin with: `sudo kubensctl status`.\n"
}

/// The command for a word that is no verb, and what it does; `after` is what stands behind the word.
fn meant(word: &str, after: &str) -> Option<String> {
    Some(match word {
        "exec" | "run" | "enter" | "nsenter" => {
            let (command, what) = if after.is_empty() { (" COMMAND", "a command") } else { (after, "it") };
            format!("kubensenter{command}` runs {what} inside")
        }
        "findmnt" | "df" | "mount" | "umount" | "lsblk" => {
            format!("kubensenter {word}{after}` runs it inside")
        }
        "shell" | "sh" | "bash" | "login" | "attach" => {
            "kubensenter` without a command starts a shell inside".to_owned()
        }
        "logs" | "log" | "journal" => "journalctl --unit=kubens.service` shows the log".to_owned(),
        "start" | "stop" | "reload" => format!("systemctl {word} kubens.service` does that"),
        "restart" => "systemctl restart kubens.service` does that, and keeps the namespace".to_owned(),
        "list" | "ls" | "ps" | "show" => {
            "kubensctl status` lists the services, `kubensctl mounts` the mounts".to_owned()
        }
        "doctor" | "verify" | "diagnose" => "kubensctl check` looks for problems".to_owned(),
        "version" => "kubensctl --version` says it".to_owned(),
        _ => return None,
    })
}

/// The line for a word that is no verb.
pub fn no_verb(word: &str, similar: Option<&str>, words: Words<'_>) -> String {
    let behind = os_words(words).skip_while(|other| *other != word).skip(1);
    let after = behind.fold(String::new(), |line, word| format!("{line} {}", Shown::of(word)));
    let shown = Shown(word.as_bytes());
    match (meant(word, &after), similar) {
        (Some(meant), _) => format!("there is no verb '{shown}': `{meant}"),
        (None, Some(similar)) => {
            format!("there is no verb '{shown}'; did you mean '{similar}'? (see kubensctl --help)")
        }
        (None, None) => format!("there is no verb '{shown}' (see kubensctl --help)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_in_one_group() {
        let mut grouped: Vec<_> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let command = super::super::ctl::command();
        let shown = command.get_subcommands().filter(|verb| !verb.is_hide_set());
        let mut verbs: Vec<_> = shown.map(clap::Command::get_name).chain(["help"]).collect();
        grouped.sort_unstable();
        verbs.sort_unstable();
        assert_eq!(grouped, verbs);
    }

    #[test]
    fn no_verb_is_answered_as_if_it_were_none() {
        for (_, names) in GROUPS {
            assert!(names.iter().all(|name| meant(name, "").is_none()));
        }
    }
}
