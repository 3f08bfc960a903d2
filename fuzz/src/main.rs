//! The parsers of what others wrote, one target each; `$FUZZ_TARGET` names it. No input may make one panic or overflow,
//! and each keeps a promise besides. The program's own sources are compiled in, by links to them: it is no library.
#![no_main]
#![allow(dead_code, unused_imports, missing_docs)]

mod cli;
mod exit;
mod log;
mod model;
mod sys;
mod targets;

use std::ffi::c_int;
use std::sync::LazyLock;

type Target = fn(&[u8]);

/// In the place of the program's own, which `sys::raw` calls.
fn start(_: sys::raw::Words<'static>) -> c_int {
    0
}

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let target = targets::ALL.iter().find(|(known, _)| *known == name);
    target.unwrap_or_else(|| panic!("FUZZ_TARGET={name}: there is no such target")).1
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| (TARGET)(input));
