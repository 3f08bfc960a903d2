//! What a build has to find out. Which source it is of and what it is made with, for `--version -v`. And whether
//! the relocations of the static, position-independent executable can be packed (`DT_RELR`): it relocates itself
//! at every start, and unpacked that was measured at 60 % of all its user instructions. Only a glibc of 2.36 or
//! later unpacks them in static executables, so others go without. Where the kernel starts the program, and how the
//! file is laid out.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What makes the program: with changes in here it is no longer the commit's.
const SOURCES: [&str; 5] = ["src", "build.rs", "Cargo.toml", "Cargo.lock", ".cargo"];

fn main() {
    for path in SOURCES.into_iter().chain([ARCHIVED]) {
        println!("cargo:rerun-if-changed={path}");
    }
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let native = env::var_os("HOST") == env::var_os("TARGET");
    let glibc = if native { glibc() } else { None };
    if glibc.as_deref().and_then(numbers).is_some_and(|version| version >= (2, 36)) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    let early = starts_early();
    if early {
        println!("cargo:rustc-link-arg-bins=-Wl,--entry=kubensenter_entry");
    }
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        lay_out(early);
    }
    let source = archived().or_else(checked_out).unwrap_or(Source { commit: "unknown".into(), epoch: None });
    let given = env::var("SOURCE_DATE_EPOCH").ok().and_then(|epoch| epoch.parse().ok());
    let rustc = said(Command::new(env::var_os("RUSTC").unwrap_or_default()).arg("--version"));
    tell("COMMIT", &source.commit);
    tell("DATE", &given.or(source.epoch).map_or("unknown".into(), date));
    tell("TARGET", &env::var("TARGET").unwrap_or_default());
    tell("RUSTC", &rustc.unwrap_or_default().replace("rustc ", ""));
    tell("LIBC", &glibc.unwrap_or("unknown".into()));
}

/// Whether the kernel is to start the program in `src/early`, which goes on to the `_start` of a static glibc. Others
/// start as usual.
fn starts_early() -> bool {
    let cargo = |name: &str| env::var(format!("CARGO_CFG_{name}")).unwrap_or_default();
    let fixed = cargo("TARGET_FEATURE").split(',').any(|feature| feature == "crt-static");
    let known = ["x86_64", "aarch64"].contains(&&*cargo("TARGET_ARCH"));
    fixed && known && cargo("TARGET_OS") == "linux" && cargo("TARGET_ENV") == "gnu"
}

/// Where the data in the file end within a page, the kernel fetches that page at each start, to clear the rest of it: 4 %
/// of a plain call. So the release build's end with a page. lld makes two such places, of which one has no cure; the
/// linker that comes with every gcc makes this one alone.
///
/// And it has no unwind tables, a tenth of the whole executable, most of it Rust's library's and glibc's: who panics here
/// aborts, and in an executable without symbols a backtrace has no names. The message still says the file and the line.
/// Where static executables cannot be position-independent, glibc's own first object needs them.
fn lay_out(early: bool) {
    const WHOLE_PAGE: &str = "SECTIONS { .whole_page : { BYTE(0); . = ALIGN(4096); } } INSERT BEFORE .bss;";
    const NO_TABLES: &str = "SECTIONS { /DISCARD/ : { *(.eh_frame) *(.gcc_except_table .gcc_except_table.*) } } INSERT BEFORE .rodata;";
    let tables = env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch != "x86_64");
    let script = if tables { WHOLE_PAGE.to_owned() } else { [WHOLE_PAGE, NO_TABLES].join("\n") };
    let path = Path::new(&env::var_os("OUT_DIR").unwrap_or_default()).join("layout.ld");
    if let Err(error) = fs::write(&path, script) {
        println!("cargo:warning=the usual layout stays: {}: {error}", path.display());
        return;
    }
    println!("cargo:rustc-link-arg-bins=-Wl,--script={}", path.display());
    if !tables {
        println!("cargo:rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
    }
    if early {
        println!("cargo:rustc-link-arg-bins=-fuse-ld=bfd");
    }
}

fn tell(name: &str, value: &str) {
    println!("cargo:rustc-env=KUBENSENTER_{name}={value}");
}

/// The commit and its time, in seconds since 1970.
struct Source {
    commit: String,
    epoch: Option<u64>,
}

/// Written by `git archive` (.gitattributes); in a checkout it holds a `$Format`.
const ARCHIVED: &str = "packaging/source";

fn archived() -> Option<Source> {
    let text = fs::read_to_string(ARCHIVED).ok()?;
    let (commit, epoch) = text.trim().split_once(' ')?;
    let hash = commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    hash.then(|| Source { commit: short(commit), epoch: epoch.parse().ok() })
}

fn checked_out() -> Option<Source> {
    let git = |words: &[&str]| said(Command::new("git").args(words));
    // Written with every commit, checkout and rebase.
    println!("cargo:rerun-if-changed={}", git(&["rev-parse", "--git-path", "logs/HEAD"])?);
    let commit = short(&git(&["rev-parse", "HEAD"])?);
    let epoch = git(&["log", "-1", "--format=%ct"])?.parse().ok();
    let changed = git(&[&["status", "--porcelain", "--"], &SOURCES[..]].concat())?;
    Some(Source { commit: if changed.is_empty() { commit } else { commit + "-dirty" }, epoch })
}

fn short(commit: &str) -> String {
    commit.chars().take(12).collect()
}

/// The version of this machine's glibc, which is the one that is linked.
fn glibc() -> Option<String> {
    let text = said(Command::new("getconf").arg("GNU_LIBC_VERSION"))?;
    text.starts_with("glibc ").then_some(text)
}

fn numbers(glibc: &str) -> Option<(u32, u32)> {
    let (major, minor) = glibc.strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}

/// What a command that succeeds prints.
fn said(command: &mut Command) -> Option<String> {
    let output = command.env("LC_ALL", "C").output().ok()?;
    let text = output.status.success().then_some(output.stdout)?;
    Some(String::from_utf8(text).ok()?.trim().to_owned())
}

/// The day of this second, in UTC, as 2026-12-31. In years that begin with March, leap days come last.
fn date(epoch: u64) -> String {
    let days = epoch / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + u64::from(month < 3))
}
