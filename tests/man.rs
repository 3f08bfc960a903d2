//! The man pages against the program: neither promises or keeps back what the other does not.
#![allow(clippy::unwrap_used)]

mod harness;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

fn page(name: &str) -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("man").join(name)).unwrap();
    text.replace("\\&", "")
}

fn section<'a>(page: &'a str, name: &str) -> &'a str {
    let start = page.find(&format!(".Sh {name}\n")).unwrap();
    let rest = &page[start + 4..];
    rest.find("\n.Sh ").map_or(rest, |end| &rest[..end])
}

/// `-q, --quiet` in the help, `.It Fl q , Fl -quiet` in the page: both as `-q --quiet`.
fn flags_of_help(help: &str) -> BTreeSet<String> {
    let lines = help.lines().map(str::trim).filter(|line| line.starts_with('-'));
    lines
        .map(|line| {
            let flags = line.split_whitespace().take_while(|word| word.starts_with('-'));
            flags.map(|word| word.trim_end_matches(',').trim_end_matches("...")).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

fn flags_of_page(options: &str) -> BTreeSet<String> {
    let items = options.lines().filter_map(|line| line.strip_prefix(".It Fl "));
    items
        .map(|item| {
            let flags = item.split(" Ar ").next().unwrap().split(" , Fl ");
            flags.map(|flag| format!("-{flag}")).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[test]
fn kubensenter_1_has_every_flag_and_no_other() {
    let help = Command::new(harness::BINARY).arg("--help").output().unwrap();
    let flags = flags_of_help(&String::from_utf8(help.stdout).unwrap());
    assert!(flags.contains("-m --mount") && flags.contains("--wd"), "{flags:?}");
    assert_eq!(flags_of_page(section(&page("kubensenter.1"), "OPTIONS")), flags);
}

#[test]
fn kubensenter_1_has_every_message_to_the_letter() {
    let page = page("kubensenter.1");
    let source =
        ["src/enter.rs", "src/enter/wanted.rs"].map(|file| fs::read_to_string(file).unwrap()).concat();
    let diagnostics = section(&page, "DIAGNOSTICS");
    let messages: Vec<_> = diagnostics.lines().filter_map(|line| line.strip_prefix(".It Ql ")).collect();
    assert!(messages.len() > 8, "{messages:?}");
    for message in &messages {
        // A path, a directory, a value, an error: one capital letter each.
        let words: Vec<_> = message.split_inclusive([' ', ';', ':']).collect();
        let fixed =
            words.split(|word| matches!(word.trim_end_matches([' ', ';', ':']), "P" | "D" | "V" | "E" | "1"));
        for part in fixed.map(<[&str]>::concat) {
            assert!(source.contains(part.trim_end()), "{message}: {part:?} is not in the source");
        }
    }
    for said in
        source.split(['"']).filter(|text| text.starts_with("Autodetect: ") || text.starts_with("Joining "))
    {
        let start = said.split(['{', ';']).next().unwrap().trim_end();
        assert!(diagnostics.contains(start) || start.contains("Cannot look"), "{said:?} is not in the page");
    }
}

#[test]
fn kubensenter_1_has_every_variable_and_every_status() {
    let page = page("kubensenter.1");
    let source =
        ["src/main.rs", "src/enter.rs", "src/enter/wanted.rs"].map(|file| fs::read_to_string(file).unwrap());
    let source = source.concat();
    let read = source.split("c\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let read: BTreeSet<_> =
        read.filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_')).collect();
    let documented = section(&page, "ENVIRONMENT");
    let documented: BTreeSet<_> =
        documented.lines().filter_map(|line| line.strip_prefix(".It Ev ")).collect();
    assert_eq!(documented, read);
    for status in ["125", "126", "127"] {
        assert!(section(&page, "EXIT STATUS").contains(&format!(".It {status}\n")));
    }
}
