//! The executable itself: static, position-independent, hardened, small.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod harness;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A 64-bit little-endian ELF file's program headers and dynamic section, as (type, value) pairs (elf(5)).
struct Elf {
    kind: u64,
    segments: Vec<(u64, u64)>,
    dynamic: Vec<(u64, u64)>,
}

const DYN: u64 = 3;
const PT_DYNAMIC: u64 = 2;
const PT_INTERP: u64 = 3;
const PT_GNU_STACK: u64 = 0x6474_e551;
const PT_GNU_RELRO: u64 = 0x6474_e552;
const DT_NEEDED: u64 = 1;
const DT_FLAGS: u64 = 30;
const DT_FLAGS_1: u64 = 0x6fff_fffb;
const BIND_NOW: u64 = 8;
const NOW: u64 = 1;
const EXECUTABLE: u64 = 1;

impl Elf {
    fn read(path: &Path) -> Elf {
        let bytes = fs::read(path).unwrap();
        let number = |at: u64, size: usize| {
            let at = usize::try_from(at).unwrap();
            bytes[at..at + size].iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
        };
        let (table, size, count) = (number(32, 8), number(54, 2), number(56, 2));
        let header = |index: u64| table + index * size;
        let segments =
            (0..count).map(|index| (number(header(index), 4), number(header(index) + 4, 4))).collect();
        let dynamic =
            (0..count).find(|index| number(header(*index), 4) == PT_DYNAMIC).map_or(vec![], |index| {
                let (start, length) = (number(header(index) + 8, 8), number(header(index) + 32, 8));
                (0..length / 16)
                    .map(|entry| (number(start + entry * 16, 8), number(start + entry * 16 + 8, 8)))
                    .collect()
            });
        Elf { kind: number(16, 2), segments, dynamic }
    }

    fn segment(&self, kind: u64) -> Option<u64> {
        self.segments.iter().find(|segment| segment.0 == kind).map(|segment| segment.1)
    }

    fn dynamic(&self, tag: u64) -> Option<u64> {
        self.dynamic.iter().find(|entry| entry.0 == tag).map(|entry| entry.1)
    }
}

#[test]
fn is_static_position_independent_and_hardened() {
    let elf = Elf::read(Path::new(harness::BINARY));
    assert_eq!(elf.segment(PT_INTERP), None, "no dynamic loader");
    assert_eq!(elf.dynamic(DT_NEEDED), None, "no shared library");
    assert_eq!(elf.kind, DYN, "position-independent");
    assert!(elf.segment(PT_GNU_RELRO).is_some(), "relocations become read-only");
    let now = elf.dynamic(DT_FLAGS).is_some_and(|flags| flags & BIND_NOW != 0)
        || elf.dynamic(DT_FLAGS_1).is_some_and(|flags| flags & NOW != 0);
    assert!(now, "all relocations before main");
    let stack = elf.segment(PT_GNU_STACK).expect("a stack header");
    assert_eq!(stack & EXECUTABLE, 0, "no executable stack");
}

/// Where the release build is, which is laid out in its own way.
fn release() -> PathBuf {
    Path::new(harness::BINARY).parent().and_then(Path::parent).unwrap().join("release/kubensenter")
}

/// Who asks every Rust program for backtraces asks one that has no unwind tables, too.
#[test]
fn a_wish_for_backtraces_changes_no_message() {
    if !release().exists() {
        let name = "a_wish_for_backtraces_changes_no_message";
        return harness::not_run(name, "no release build: cargo build --release");
    }
    for program in [Path::new(harness::BINARY), &release()] {
        for (name, words) in
            [("kubensenter", &["-m", "/nowhere", "true"][..]), ("kubensctl", &["report", "/"])]
        {
            let run = |wish: &str| {
                let mut command = Command::new(program);
                command.arg0(name).args(words).env_remove("RUST_LIB_BACKTRACE").env("RUST_BACKTRACE", wish);
                let end = command.output().unwrap();
                (end.status.code(), String::from_utf8(end.stderr).unwrap())
            };
            let usual = run("0");
            assert!(usual.0.is_some_and(|code| code != 0) && !usual.1.is_empty(), "{usual:?}");
            assert_eq!(run("full"), usual, "{} {words:?}", program.display());
        }
    }
}

#[test]
fn is_less_than_three_megabytes() {
    match fs::metadata(release()) {
        Ok(file) => assert!(file.len() < 3_000_000, "{} bytes", file.len()),
        Err(_) => harness::not_run("is_less_than_three_megabytes", "no release build: cargo build --release"),
    }
}
