//! The terminal that standard output may be, and the pager before it. There is no child: this process becomes the
//! pager, with the text as its standard input.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Seek, Write};

use nix::sys::memfd::{self, MFdFlags};
use nix::unistd;

use super::exec;
use super::raw::{Line, Words};
use crate::log::debug;
use crate::model::text::reason;

/// Standard output, as a screen.
#[derive(Clone, Copy)]
pub struct Screen {
    terminal: bool,
    plain: bool,
}

impl Screen {
    /// Whether it is a terminal; `plain`: never in colour.
    pub fn new(terminal: bool, plain: bool) -> Self {
        Screen { terminal, plain }
    }

    /// Whether a person reads it as it comes.
    pub fn is_terminal(self) -> bool {
        self.terminal
    }

    /// Whether colours are welcome.
    pub fn is_coloured(self) -> bool {
        self.terminal && !self.plain
    }
}

/// What is tried where the user names no pager, as systemctl does.
const PAGERS: [&CStr; 3] = [c"pager", c"less", c"more"];
/// systemctl's options for less: quit if it fits, keep colours, do not wrap or clear, longer prompt, quit at ^C.
const LESS: &CStr = c"LESS=FRSXMK";
/// No shell and no editor out of less: this may be root.
const SECURE: &CStr = c"LESSSECURE=1";

/// Becomes the pager, searched in `path`; returns where none is wanted or none starts.
pub fn show(text: &[u8], wanted: Option<&CStr>, path: Option<&CStr>) {
    if wanted == Some(c"cat") {
        return;
    }
    if let Err(error) = offer(text) {
        debug!("No pager: {}", reason(&error));
        return;
    }
    let replaced = |entry: &CStr| [LESS, SECURE].iter().any(|new| name(entry) == name(new));
    let kept = Words::environment().iter().filter(|entry| !replaced(entry));
    let environment: Line<'_> = kept.chain([LESS, SECURE]).collect();
    let words = |words: &CStr| -> Vec<CString> {
        let words = words.to_bytes().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        words.filter_map(|word| CString::new(word).ok()).collect()
    };
    let commands = wanted.into_iter().chain(PAGERS).map(words);
    for command in commands.filter(|words| !words.is_empty()) {
        let line: Line<'_> = command.iter().map(CString::as_c_str).collect();
        // It returns only if that one could not be started, and then the next is tried.
        exec::exec(&command[0], line.words(), environment.words(), path);
    }
}

fn name(entry: &CStr) -> &[u8] {
    entry.to_bytes().split(|&byte| byte == b'=').next().unwrap_or_default()
}

/// Makes the text this process's standard input.
fn offer(text: &[u8]) -> io::Result<()> {
    let mut file = File::from(memfd::memfd_create(c"kubensctl", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(text)?;
    file.rewind()?;
    Ok(unistd::dup2_stdin(&file)?)
}
