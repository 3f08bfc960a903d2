//! How kubensctl receives those who do not know it yet.
#![allow(clippy::unwrap_used)]

mod harness;

use std::os::unix::process::CommandExt;
use std::process::Command;

use harness::Run;

fn kubensctl(words: &[&str]) -> Run {
    Command::new(harness::BINARY).arg0("kubensctl").args(words).output().unwrap().into()
}

/// The verbs that `--help` lists.
fn verbs() -> Vec<String> {
    let help = kubensctl(&["--help"]).stdout;
    let listed = help.lines().take_while(|line| *line != "Options:");
    listed.filter_map(|line| Some(line.strip_prefix("  ")?.split_whitespace().next()?.to_owned())).collect()
}

#[test]
fn without_a_verb_it_says_which_there_are() {
    for words in [&[][..], &["-q"], &["--dir", "/run/other"]] {
        let run = kubensctl(words);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""));
        let lines = run.stderr.lines().count();
        assert!(lines < 12 && run.stderr.starts_with("Usage: kubensctl"), "{}", run.stderr);
        for verb in verbs() {
            assert!(run.stderr.split_whitespace().any(|word| word == verb), "{verb}");
        }
        assert!(!run.stderr.contains("offer"), "a hidden verb is shown");
    }
}

#[test]
fn help_is_a_verb_too() {
    assert_eq!(kubensctl(&["help"]), kubensctl(&["--help"]));
    for verb in verbs() {
        let run = kubensctl(&["help", &verb]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{verb}");
        if verb != "help" {
            assert_eq!(run, kubensctl(&[&verb, "--help"]));
        }
    }
    let help = kubensctl(&["--help"]).stdout;
    assert!(help.contains("\nExit status:\n") && help.trim_end().ends_with("`man kubensenter`."), "{help}");
}

#[test]
fn every_help_fits_a_terminal_of_80_columns() {
    for verb in verbs().iter().map(String::as_str).chain([""]) {
        let words: Vec<_> = ["help", verb].into_iter().filter(|word| !word.is_empty()).collect();
        for line in kubensctl(&words).stdout.lines() {
            assert!(line.chars().count() <= 80, "{verb}: {line}");
        }
    }
}

#[test]
fn a_word_that_is_no_verb_is_answered_on_one_line() {
    let said = |line: &str| Run::new(2, "", &format!("kubensctl: {line}\n"));
    for (words, line) in [
        ("stat", "there is no verb 'stat'; did you mean 'status'? (see kubensctl --help)"),
        ("frobnicate", "there is no verb 'frobnicate' (see kubensctl --help)"),
        (
            "mounts --hots",
            "unexpected argument '--hots' found; did you mean '--host'? (see kubensctl --help)",
        ),
        ("exec df -h", "there is no verb 'exec': `kubensenter df -h` runs it inside"),
        ("-q run", "there is no verb 'run': `kubensenter COMMAND` runs a command inside"),
        ("shell", "there is no verb 'shell': `kubensenter` without a command starts a shell inside"),
        ("logs -f", "there is no verb 'logs': `journalctl --unit=kubens.service` shows the log"),
        (
            "restart",
            "there is no verb 'restart': `systemctl restart kubens.service` does that, and keeps the namespace",
        ),
    ] {
        let words: Vec<_> = words.split(' ').collect();
        assert_eq!(kubensctl(&words), said(line));
    }
    assert_eq!(
        kubensctl(&["exec", "a\x1b[2Jb"]),
        said("there is no verb 'exec': `kubensenter a\\x1b[2Jb` runs it inside")
    );
}

#[test]
fn kubensenters_help_fits_too_and_ends_with_the_exit_statuses_and_the_page() {
    let help: Run = Command::new(harness::BINARY).arg("--help").output().unwrap().into();
    assert_eq!((help.status, help.stderr.as_str()), (0, ""));
    for line in help.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let end = help.stdout.split("\nExit status:\n").nth(1).unwrap();
    assert!(["125", "126", "127", "`man kubensenter`"].iter().all(|word| end.contains(word)), "{end}");
}
