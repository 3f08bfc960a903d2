//! `kubensctl pin` where something is there already: what it finds again, sets right, replaces and keeps.

#![allow(clippy::unwrap_used)]

mod harness;

use harness::Run;
use harness::pins::{both_ways, host, ok};

#[test]
fn a_namespace_that_lost_its_pin_is_found_again() {
    for how in [
        "umount /run/kubens/mnt",
        "umount /run/kubens/mnt; umount /run/kubens",
        "umount --lazy /run/kubens",
        "kubensctl unpin --force",
        "kubensctl unpin --force; kubensctl unpin",
    ] {
        let sandbox = host();
        // A sandboxed unit's namespace looks just the same but for the mark.
        let unit = "unshare --mount --propagation slave sh -c 'mount --make-rshared /; exec sleep 1000' >/dev/null 2>&1 &";
        ok(&sandbox, &format!("kubensctl pin\n{unit}"));
        let id = ok(&sandbox, "id");
        ok(&sandbox, "member");
        ok(&sandbox, how);
        let found = sandbox.run("kubensctl pin");
        let said = format!(
            "pinned mnt:[{}] at /run/kubens/mnt again: it had lost its pin, and processes live in it\n",
            id.trim()
        );
        assert_eq!(found, Run::new(0, &said, ""), "{how}");
        assert_eq!(ok(&sandbox, "id"), id, "{how}");
    }
}

#[test]
fn what_it_is_decided_by_is_said_to_who_wants_to_know() {
    let sandbox = host();
    let made = sandbox.run("kubensctl -v pin");
    assert!(made.stderr.starts_with("kubensctl: nothing is pinned\n"), "{made:?}");
    let id = ok(&sandbox, "id");
    ok(&sandbox, "member");
    ok(&sandbox, "umount /run/kubens/mnt");
    let found = sandbox.run("kubensctl -v pin");
    let lines = format!(
        "kubensctl: nothing is pinned\n\
         kubensctl: mnt:[{}] has the pin's mark: the host's mounts arrive and its own stay\n",
        id.trim()
    );
    assert!(found.stderr.starts_with(&lines), "{found:?}");
}

#[test]
fn an_empty_namespace_that_lost_its_pin_is_gone() {
    let sandbox = host();
    ok(&sandbox, "kubensctl pin; umount /run/kubens/mnt");
    assert!(ok(&sandbox, "kubensctl pin").contains("a new mount namespace"));
}

/// What may be there when a pin is wanted, and what is said then.
const BEGINNINGS: [(&str, &str); 14] = [
    (
        "the older unit's pin",
        "mkdir /run/kubens; mount --bind --make-private /run/kubens /run/kubens; touch /run/kubens/mnt
         echo KUBENSMNT=/run/kubens/mnt >/run/kubens/env
         unshare --mount=/run/kubens/mnt --propagation slave mount --make-rshared /",
    ),
    (
        "a half-made pin, not shared inside",
        "mkdir /run/kubens; mount --bind --make-private /run/kubens /run/kubens; touch /run/kubens/mnt
         unshare --mount=/run/kubens/mnt --propagation slave true",
    ),
    (
        "a half-made pin whose mounts reach the host",
        "mkdir /run/kubens; mount --bind --make-private /run/kubens /run/kubens; touch /run/kubens/mnt
         unshare --mount=/run/kubens/mnt --propagation unchanged true",
    ),
    (
        "a private namespace",
        "kubensctl pin; umount /run/kubens/mnt
         unshare --mount=/run/kubens/mnt --propagation private true",
    ),
    (
        "a network namespace",
        "kubensctl pin; umount /run/kubens/mnt; mount --bind /proc/self/ns/net /run/kubens/mnt",
    ),
    ("a writable tmpfs", "mkdir /run/kubens; mount -t tmpfs kubens /run/kubens"),
    ("a tmpfs that is shared", "kubensctl pin; umount /run/kubens/mnt; mount --make-shared /run/kubens"),
    (
        "no mnt",
        "kubensctl pin; mount --options-mode ignore -o remount,rw /run/kubens; umount /run/kubens/mnt; rm /run/kubens/mnt",
    ),
    ("no env", "kubensctl pin; mount --options-mode ignore -o remount,rw /run/kubens; rm /run/kubens/env"),
    (
        "a wrong env",
        "kubensctl pin; mount --options-mode ignore -o remount,rw /run/kubens; echo KUBENSMNT= >/run/kubens/env",
    ),
    ("a stale file", "mkdir /run/kubens; echo stale >/run/kubens/mnt"),
    ("several tmpfs", "kubensctl pin; mount -t tmpfs a /run/kubens; mount -t tmpfs b /run/kubens"),
    (
        "several pins",
        "kubensctl pin; unshare --mount sh -c 'mount --make-rshared /; nsenter -t 1 -m \
         mount --bind /proc/$$/ns/mnt /run/kubens/mnt'",
    ),
    ("a lock that nobody holds", "touch /run/kubens.lock"),
];

#[test]
fn starts_over_from_whatever_is_there() {
    for way in both_ways() {
        for (what, beginning) in BEGINNINGS {
            let sandbox = host();
            ok(&sandbox, "kubensctl pin; kubensctl unpin");
            let nothing = ok(&sandbox, "state");
            ok(&sandbox, "kubensctl pin");
            let right = ok(&sandbox, "state");
            ok(&sandbox, "kubensctl unpin");
            ok(&sandbox, beginning);
            let run = sandbox.run(&format!("{way} kubensctl pin"));
            assert_eq!((run.status, &*run.stderr), (0, ""), "{what}: {}", run.stdout);
            let ro = |state: String| state.replace("/run/kubens rw,", "/run/kubens ro,");
            assert_eq!(ro(mask(&ok(&sandbox, "state"))), ro(mask(&right)), "{what}: {}", run.stdout);
            let inside = ok(&sandbox, "root");
            assert!(inside.starts_with("shared:") && inside.contains(" master:"), "{what}: {inside}");
            ok(&sandbox, "kubensctl unpin");
            assert_eq!(ok(&sandbox, "state"), nothing, "{what}");
        }
    }
}

/// A state without the pinned namespace's number.
fn mask(state: &str) -> String {
    let lines = state.lines().map(|line| match line.strip_prefix("mnt:[") {
        Some(rest) => rest.split_once(']').unwrap().1.to_owned(),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_lies_in_the_directory_comes_back() {
    let sandbox = host();
    ok(&sandbox, "mkdir -p /run/kubens/more; echo text >/run/kubens/note; kubensctl pin");
    assert_eq!(ok(&sandbox, "ls /run/kubens"), "env\nmnt\n");
    ok(&sandbox, "kubensctl unpin");
    assert_eq!(ok(&sandbox, "ls /run/kubens; cat /run/kubens/note"), "more\nnote\ntext\n");
}

#[test]
fn the_older_units_namespace_is_kept() {
    for members in [true, false] {
        let sandbox = host();
        ok(&sandbox, BEGINNINGS[0].1);
        let id = ok(&sandbox, "id");
        if members {
            ok(&sandbox, "member");
        }
        let said = ok(&sandbox, "kubensctl pin");
        assert_eq!(ok(&sandbox, "id"), id, "{said}");
        // It is marked now, so that it can be found as well as one of our own.
        if members {
            ok(&sandbox, "umount --lazy /run/kubens; kubensctl pin");
            assert_eq!(ok(&sandbox, "id"), id);
        }
    }
}

#[test]
fn a_half_made_namespace_is_mended_for_those_who_live_in_it() {
    for (what, beginning) in &BEGINNINGS[1..3] {
        let sandbox = host();
        ok(&sandbox, beginning);
        let id = ok(&sandbox, "id");
        ok(&sandbox, "member");
        let said = ok(&sandbox, "kubensctl pin");
        assert!(said.starts_with("mended"), "{what}: {said}");
        assert_eq!(ok(&sandbox, "id"), id, "{what}");
        ok(&sandbox, "mkdir /run/b; nsenter --mount=/run/kubens/mnt mount -t tmpfs b /run/b");
        assert_eq!(sandbox.run("mountpoint -q /run/b").status, 32, "{what}");
        assert!(ok(&sandbox, "root").starts_with("shared:"), "{what}");
    }
}
