//! kubensenter, kubensctl and kubens-generator: one program, three names.
//!
//! Three floors. `model` knows: it takes facts and returns decisions, and asks nobody. `sys` learns facts and
//! performs acts: every system call, and all `unsafe` in `sys/raw`. A command (`enter`, `generator`, and a verb in
//! `ctl`) is the staircase between them: gather, decide, act. Below them, a crate of its own: `early` runs the plain
//! call before the C library starts, and what is not plain comes to nothing there and begins here.
//!
//! ```text
//!               main                       main      → cli  log  exit  enter  generator  ctl
//!       ┌─────────┼─────────┐              enter     → cli  exit  log  model  sys
//!     enter   generator    ctl/*   join                and whether early has joined
//!       │         │         │              ctl/*     → cli  exit  log  model  sys; never each other
//!       └─────┬───┴───┬─────┘              generator → exit  model  sys
//!           model ◄─ sys     know ◄ do     cli       → exit  model  sys::raw
//!   ─────────────────────────              sys       → log  model;  sys::raw → start, below
//!       early    before libc               log       → model, and sys::stderr, which says nothing itself
//!                                          exit      → model;  early → nobody
//! ```
//!
//! `tests/house.rs` holds the picture. A walk through `kubensenter findmnt`, which is plain:
//!
//! 1. the kernel starts the program in `early`, which reads the line and the environment from the stack
//! 2. it opens the pin once, and asks the descriptor whose it is
//! 3. it joins, goes back to the working directory, searches `PATH`, and becomes findmnt
//!
//! And through `kubensenter --wd / findmnt`, which is not, as it is where anything is odd:
//!
//! 1. `early` returns and libc starts; here: argv[0] is neither of the other names, so enter; `cli` stops reading at `findmnt`
//! 2. `enter` asks for a flag's namespace, `$KUBENSMNT`'s, or the default pin
//! 3. `sys::namespace` opens it once and asks the descriptor what it is
//! 4. `model::resolve` decides: join, stay, or refuse; `sys::trust` asks whose it is
//! 5. `sys::namespace` joins, `sys::directory` goes to the working directory
//! 6. `sys::exec` becomes findmnt and never returns; a failure climbs to here and is printed once
#![cfg_attr(not(test), no_main)]
// In the test harness nobody calls `start`, and what only it calls looks dead.
#![cfg_attr(test, allow(dead_code))]

mod cli;
mod ctl;
mod enter;
mod exit;
mod generator;
mod log;
mod model;
mod sys;

use std::ffi::{CStr, c_int};
use std::io::{self, IsTerminal};

use anstream::{AutoStream, ColorChoice};
use anyhow::Context;
use cli::Outcome;
use exit::{Exit, Report};
use log::Voice;
use model::pager::{Pager, Wishes};
use model::{search, text};
use sys::raw::{self, Words};
use sys::screen::{self, Screen};
use sys::{caller, pager};

/// Called by the process's first frame, in `sys::raw`.
fn start(words: Words<'static>) -> c_int {
    let called = words.get(0).map_or(&b""[..], |name| search::base_name(name.to_bytes()));
    let (name, usual) = match called {
        b"kubensctl" => ("kubensctl", Exit::Failed),
        b"kubens-generator" => ("kubens-generator", Exit::Failed),
        _ => ("kubensenter", Exit::NotEntered),
    };
    let voice = Voice { name, journal_stream: raw::getenv(c"JOURNAL_STREAM") };
    let end = match name {
        "kubensctl" => control_end(words, voice),
        "kubens-generator" => generator::run(words, raw::getenv(c"SYSTEMD_IN_INITRD")),
        _ => enter_end(words, voice),
    };
    match end {
        Ok(exit) => exit.code(),
        Err(failure) => {
            voice.fail(&exit::line(&failure));
            usual.of(&failure).code()
        }
    }
}

fn enter_end(words: Words<'static>, voice: Voice) -> anyhow::Result<Exit> {
    match cli::enter::read(words)? {
        Outcome::Tell(report) => print(&report),
        Outcome::Ask(asked) => enter::enter(&asked, voice).map(|never| match never {}),
    }
}

fn control_end(words: Words<'static>, voice: Voice) -> anyhow::Result<Exit> {
    match cli::ctl::read(words)? {
        Outcome::Tell(report) => print(&report),
        Outcome::Ask(asked) => {
            let screen = Screen::new(io::stdout().is_terminal(), is_coloured(), columns());
            let report = ctl::run(&asked, voice, screen)?;
            if asked.is_for_a_pager() && screen.is_terminal() {
                pager::show(report.text.as_bytes(), &wanted_pager(), Words::environment());
            }
            print(&report).or_else(|failure| {
                if !asked.acts() {
                    return Err(failure);
                }
                // What was asked is done, whoever hears of it.
                voice.fail(&format!("{} (what was asked is done)", exit::line(&failure)));
                Ok(report.exit)
            })
        }
    }
}

/// Whether standard output is to be in colour: as systemctl says, else as most programs agree.
fn is_coloured() -> bool {
    let systemd = variable(c"SYSTEMD_COLORS").filter(|value| !value.is_empty());
    systemd.map_or_else(
        || AutoStream::choice(&io::stdout()) != ColorChoice::Never,
        // It may be the number of colours, too.
        |value| text::boolean(value) != Some(false),
    )
}

/// How wide the terminal is, where its user says so.
fn columns() -> Option<usize> {
    str::from_utf8(variable(c"COLUMNS")?).ok()?.parse().ok()
}

fn wanted_pager() -> Pager<'static> {
    let by_another = [c"SUDO_UID", c"DOAS_USER", c"PKEXEC_UID"].map(variable);
    let wishes = Wishes {
        raised: by_another.iter().any(Option::is_some) || caller::is_raised(),
        secure: variable(c"SYSTEMD_PAGERSECURE"),
        systemd_pager: variable(c"SYSTEMD_PAGER"),
        pager: variable(c"PAGER"),
    };
    model::pager::pager(&wishes)
}

fn variable(name: &CStr) -> Option<&'static [u8]> {
    raw::getenv(name).map(CStr::to_bytes)
}

/// Writes a report's text to standard output; what is wrong with the command line is nobody's input and goes to
/// standard error. That nobody reads it any more is no error.
fn print(report: &Report) -> anyhow::Result<Exit> {
    let text = report.text.as_bytes();
    if report.exit == Exit::Usage {
        sys::stderr::write(text);
        return Ok(report.exit);
    }
    screen::print(text).context("cannot write to standard output")?;
    Ok(report.exit)
}
