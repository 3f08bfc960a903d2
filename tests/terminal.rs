//! What `status` and `check` say to a person at a terminal, and that a pipe gets nothing of it.
#![allow(clippy::unwrap_used)]

mod harness;

use harness::Sandbox;

/// A host on which the kubelet is outside, pinned by something older: one finding that degrades, and some advice.
fn split() -> Sandbox {
    let sandbox = Sandbox::pinned();
    sandbox.runs("containerd", "nsenter --mount=/run/kubens/mnt");
    sandbox.runs("kubelet", "");
    sandbox
}

/// What the command puts on a terminal of so many columns; its lines end as a terminal's do.
fn screen(sandbox: &Sandbox, columns: usize, command: &str) -> String {
    let script = format!("stty columns {columns}; export TZ=CET-1 TERM=xterm; {command}; :");
    sandbox.ok(&format!("script -qec '{script}' /dev/null </dev/null")).replace("\r\n", "\n")
}

/// Without the colours.
fn plain(screen: &str) -> String {
    let mut parts = screen.split("\x1b[");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').unwrap().1)
}

/// All blanks are alike; how many seconds or minutes ago something was is left out, for the clock goes on.
fn words(text: &str) -> Vec<&str> {
    let passed = |word: &&str| {
        let unit = word.trim_start_matches(|character: char| character.is_ascii_digit());
        unit.len() < word.len() && ["s", "min"].contains(&unit)
    };
    text.split_whitespace().filter(|word| !passed(word)).collect()
}

#[test]
fn no_line_is_wider_than_the_terminal_and_none_has_lost_a_word() {
    let sandbox = split();
    for command in ["kubensctl status", "kubensctl check"] {
        let whole = plain(&screen(&sandbox, 1000, command));
        let whole = words(&whole);
        for columns in [60, 80, 120, 200] {
            let text = plain(&screen(&sandbox, columns, command));
            for line in text.lines() {
                assert!(line.chars().count() <= columns, "{command} at {columns}: {line}");
            }
            let text = words(&text);
            assert_eq!(text.len(), whole.len(), "{command} at {columns}: {text:?}");
        }
    }
    // What follows of a line stands below its text.
    let status = plain(&screen(&sandbox, 60, "kubensctl status"));
    assert!(status.contains("then\n             drain the node and reboot it\n"), "{status}");
    let check = plain(&screen(&sandbox, 60, "kubensctl check"));
    assert!(check.contains("then\n          drain the node and reboot it\n"), "{check}");
}

#[test]
fn the_verdict_has_the_mark_and_the_colour_that_systemctl_gives_a_unit() {
    let sandbox = Sandbox::new();
    let first = |sandbox: &Sandbox, command: &str| {
        screen(sandbox, 200, command).lines().next().unwrap_or_default().to_owned()
    };
    let status = "kubensctl status";
    assert_eq!(first(&sandbox, status), "\x1b[1m○\x1b[0m \x1b[1mnot enabled\x1b[0m");
    assert_eq!(first(&sandbox, "NO_COLOR=1 kubensctl status"), "○ not enabled");
    sandbox.ok("kubensctl pin");
    sandbox.serves();
    assert_eq!(first(&sandbox, status), "\x1b[1;32m●\x1b[0m \x1b[1;32min effect\x1b[0m");
    // Colours may be forced upon a pipe, marks may not.
    assert_eq!(first(&sandbox, "CLICOLOR_FORCE=1 kubensctl status | cat"), "\x1b[1;32min effect\x1b[0m");
    let split = split();
    let said = first(&split, status);
    let bad = "\x1b[1;31m×\x1b[0m \x1b[1;31mdegraded\x1b[0m: kubelet is outside";
    assert!(said.starts_with(bad), "{said}");
}

#[test]
fn a_moment_is_in_local_time_and_some_time_ago_and_in_utc_in_a_pipe() {
    let sandbox = Sandbox::new();
    sandbox.ok("kubensctl pin");
    let made = |text: &str| text.lines().find(|line| line.contains("Made:")).unwrap().to_owned();
    let at_terminal = made(&screen(&sandbox, 200, "kubensctl status"));
    let local = sandbox.ok("TZ=CET-1 date -d @$(stat -c %Y /run/kubens/env) +'%a %F %T %Z'");
    assert!(at_terminal.contains(local.trim()) && at_terminal.contains(" ago, by "), "{at_terminal} {local}");
    let utc = sandbox.ok("date -u -d @$(stat -c %Y /run/kubens/env) +%FT%TZ");
    for script in ["kubensctl status", "TZ=CET-1 kubensctl status"] {
        let in_pipe = made(&sandbox.run(script).stdout);
        assert!(in_pipe.contains(utc.trim()) && !in_pipe.contains(" ago"), "{in_pipe} {utc}");
    }
}

#[test]
fn what_degrades_comes_first_and_is_told_from_advice() {
    let sandbox = split();
    let coloured = screen(&sandbox, 200, "kubensctl check");
    assert!(coloured.starts_with("\x1b[1;31m×\x1b[0m \x1b[1;31msplit-brain\x1b[0m: "), "{coloured}");
    assert!(coloured.contains("\n\x1b[1;33m●\x1b[0m \x1b[1;33molder-pin\x1b[0m: "), "{coloured}");
    for pipe in [sandbox.run("kubensctl check"), sandbox.run("TERM=xterm kubensctl check")] {
        assert!(pipe.stdout.starts_with("split-brain: "), "{}", pipe.stdout);
        let last = pipe.stdout.lines().find(|line| line.contains(" findings: ")).unwrap();
        assert!(last.contains(": 1 degrading, ") && last.ends_with(" advice"), "{last}");
        assert!(!pipe.stdout.contains('\x1b') && !pipe.stdout.contains('×'), "{}", pipe.stdout);
    }
}

#[test]
fn where_nothing_is_enabled_the_next_step_is_named() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("kubensctl status");
    assert!(run.stdout.contains("\n      Next:  kubensctl enable; "), "{}", run.stdout);
}
