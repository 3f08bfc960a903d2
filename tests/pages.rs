//! The manual pages as people read them: rendered, by mandoc and by groff.
#![allow(clippy::unwrap_used)]

mod harness;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What renders a page to the text of a terminal.
const FORMATTERS: &[&[&str]] = &[&["mandoc", "-Tutf8"], &["groff", "-mdoc", "-Tutf8", "-P-c"]];
/// Macros of mdoc(7) that are no English words: in a rendered page each is one that was not understood.
const MACROS: &[&str] = &[
    "Ar", "Bd", "Bl", "Cm", "Dl", "Dq", "Dv", "Ed", "Em", "Ev", "Fl", "Ic", "Li", "Nm", "Ns", "Oc", "Oo",
    "Op", "Pa", "Pq", "Ql", "Sx", "Ta", "Xr",
];

fn pages() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let paths: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(paths.len() >= 3, "{paths:?}");
    paths
}

/// The page's text on one line, without what makes letters bold.
fn rendered(formatter: &[&str], page: &Path) -> String {
    let output = Command::new(formatter[0]).args(&formatter[1..]).arg(page).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut plain = String::new();
    for character in text.chars() {
        if character == '\u{8}' {
            plain.pop();
        } else {
            plain.push(character);
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// For each formatter that is installed; it says so where none is.
fn each_rendered(test: &str, check: impl Fn(&str, &str)) {
    let installed = FORMATTERS.iter().filter(|formatter| harness::installed(formatter[0]));
    let mut any = false;
    for formatter in installed {
        any = true;
        for page in pages() {
            check(&format!("{} by {}", page.display(), formatter[0]), &rendered(formatter, &page));
        }
    }
    if !any {
        harness::not_run(test, "neither mandoc nor groff is installed");
    }
}

#[test]
fn no_quotation_lies_in_another() {
    each_rendered("no_quotation_lies_in_another", |page, text| {
        let mut open = false;
        for (at, mark) in text.char_indices().filter(|(_, character)| "‘’".contains(*character)) {
            let around: String = text[at..].chars().take(60).collect();
            assert_ne!(open, mark == '‘', "{page}: {around}");
            open = mark == '‘';
        }
        assert!(!open, "{page}");
    });
}

#[test]
fn no_macro_is_left_in_the_text() {
    each_rendered("no_macro_is_left_in_the_text", |page, text| {
        for (before, word) in text.split(' ').zip(text.split(' ').skip(1)) {
            assert!(!MACROS.contains(&word), "{page}: {before} {word}");
        }
    });
}

#[test]
fn a_page_that_is_referred_to_is_there() {
    let names: Vec<_> =
        pages().iter().map(|page| page.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for line in text.lines().filter_map(|line| line.strip_prefix(".Xr kubens")) {
            let mut words = line.split(' ');
            let name = format!("kubens{}.{}", words.next().unwrap(), words.next().unwrap());
            assert!(names.contains(&name), "{} refers to {name}", page.display());
        }
    }
}
