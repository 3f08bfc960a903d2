//! The picture at the head of `src/main.rs`, as assertions over `src/`: who may know whom, and what is confined
//! where. Unit tests inside the sources are exempt.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

struct Source {
    /// Below `src/`, without `.rs`: `sys/raw`.
    name: String,
    /// Without comments and without its tests.
    code: String,
    lines: usize,
}

fn sources() -> Vec<Source> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    files.retain(|path| !path.file_stem().unwrap().to_str().unwrap().ends_with("tests"));
    assert!(files.len() > 10);
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let code =
            code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let name = path.strip_prefix(&root).unwrap().with_extension("").to_str().unwrap().to_owned();
        Source { name, code, lines: text.lines().count() }
    };
    files.iter().map(read).collect()
}

impl Source {
    fn floor(&self) -> &str {
        self.name.split('/').next().unwrap()
    }

    fn is(&self, places: &[&str]) -> bool {
        places.iter().any(|place| self.name == *place || self.name.starts_with(&format!("{place}/")))
    }
}

/// No source but those in `places` holds `text`.
fn only(text: &str, places: &[&str]) {
    for source in sources() {
        assert!(source.is(places) || !source.code.contains(text), "src/{}.rs holds {text:?}", source.name);
    }
}

#[test]
fn a_floor_knows_only_what_the_picture_says() {
    let known: &[(&str, &[&str])] = &[
        ("main", &["cli", "ctl", "enter", "exit", "generator", "log", "model", "sys"]),
        ("generator", &["exit", "model", "sys"]),
        ("enter", &["cli", "exit", "log", "model", "sys", "enter"]),
        ("ctl", &["cli", "exit", "log", "model", "sys"]),
        ("cli", &["cli", "exit", "model", "sys::raw"]),
        ("log", &["log", "model::text", "sys::stderr"]),
        ("exit", &["model::text"]),
        ("sys", &["log", "model", "sys", "start"]),
        ("model", &["model"]),
        // A crate of its own, whose rooms these are.
        ("early", &["call", "entry", "kernel", "run", "text"]),
    ];
    for source in sources() {
        let (_, known) = known.iter().find(|(floor, _)| *floor == source.floor()).unwrap();
        for used in source.code.split("crate::").skip(1) {
            let allowed = known.iter().any(|name| {
                let rest = used.strip_prefix(name);
                rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
            });
            assert!(allowed, "src/{}.rs uses crate::{}", source.name, used.lines().next().unwrap());
        }
    }
}

#[test]
fn what_says_a_line_says_none_of_its_own() {
    for source in sources().iter().filter(|source| source.is(&["sys/stderr"])) {
        assert!(!source.code.contains("crate::log"), "src/{}.rs", source.name);
    }
}

#[test]
fn verbs_do_not_know_each_other() {
    for source in sources().iter().filter(|source| source.name.starts_with("ctl/")) {
        assert!(!source.code.contains("crate::ctl"), "src/{}.rs", source.name);
    }
}

#[test]
fn a_crate_stays_on_its_floor() {
    let crates: &[(&str, &[&str])] = &[
        ("use nix", &["sys"]),
        ("libc::", &["sys"]),
        ("caps::", &["sys"]),
        ("clap::", &["cli"]),
        ("tracing::", &["log"]),
        ("serde_json::", &["model/json"]),
        ("diffy::", &["model/diff"]),
        ("jiff::", &["model/time", "sys/screen"]),
        ("prometheus_client::", &["model/node/telling/metrics"]),
        ("unicode_width::", &["model/table", "model/look"]),
    ];
    for (name, places) in crates {
        only(name, places);
    }
    for source in sources().iter().filter(|source| source.floor() == "model") {
        for outside in ["std::fs", "std::env", "std::process", "std::time", "SystemTime", "Instant"] {
            assert!(!source.code.contains(outside), "src/{}.rs holds {outside}", source.name);
        }
    }
}

#[test]
fn what_is_dangerous_is_in_one_place() {
    only("unsafe", &["sys/raw", "early"]);
    only("Command::new(\"", &["cli"]);
    only("process::{Command", &["sys/systemd"]);
    only("process::Command", &["sys/systemd"]);
    only("Command::new(SYSTEMCTL)", &["sys/systemd"]);
    only("Command::new(JOURNALCTL)", &["sys/systemd"]);
    only("anstream::", &["main"]);
    only("early::", &["enter"]);
    for outside in ["std::", "extern crate", " static ", "\nstatic "] {
        let holds = |source: &&Source| source.floor() == "early" && source.code.contains(outside);
        assert!(sources().iter().find(holds).is_none(), "src/early holds {outside:?}");
    }
    only("\"/run/kubens", &["model/pin", "early"]);
    // Of /proc and selinuxfs, and drop-ins of ours; what others may have put there is read by sys/files/foreign.
    only(
        "fs::read(",
        &["sys/bystanders", "sys/census", "sys/processes", "sys/installed", "sys/mounts", "sys/selinux"],
    );
    only("stdout()", &["main", "sys/screen"]);
    only("getenv", &["main", "enter", "sys/raw"]);
    only("env::var", &[]);
    only("process::exit", &[]);
    for loud in [
        "println!",
        "eprint",
        "print!(",
        "dbg!",
        ".unwrap()",
        ".expect(",
        "todo!",
        "unimplemented!",
        "panic!",
    ] {
        only(loud, &[]);
    }
}

#[test]
fn a_name_that_somebody_else_chose_is_shown_by_one_type() {
    for loose in [".display()", "escape_debug", "escape_default", ":?}", "{:?"] {
        only(loose, &["model/text"]);
    }
    // Text of unit files, which is written to files and shown as lines; words that are compared; what JSON has.
    only(
        "lossy",
        &[
            "model/json",
            "model/node/manager",
            "model/units/command",
            "sys/mounts",
            "sys/systemd",
            "sys/files",
            "ctl/wrap/told",
            "cli/offer",
        ],
    );
}

#[test]
fn every_file_is_of_middle_size_and_says_what_it_is() {
    for source in sources() {
        assert!(source.lines <= 300, "src/{}.rs has {} lines", source.name, source.lines);
    }
    for source in sources() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(&source.name).with_extension("rs");
        assert!(fs::read_to_string(path).unwrap().starts_with("//! "), "src/{}.rs", source.name);
    }
}
