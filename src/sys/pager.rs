//! The pager before the terminal. There is no child: this process becomes the pager, with the text as its standard
//! input.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Seek, Write};

use nix::sys::memfd::{self, MFdFlags};
use nix::unistd;

use super::exec;
use super::raw::{Line, Words};
use crate::log::debug;
use crate::model::pager::Pager;
use crate::model::text::reason;

/// What is tried where nobody names a pager, as systemctl does. less alone has a secure mode.
const PAGERS: [&CStr; 3] = [c"pager", c"less", c"more"];
/// Where less is, for one whose `PATH` decides nothing.
const LESS: [&CStr; 2] = [c"/usr/bin/less", c"/bin/less"];
/// systemctl's options for less: quit if it fits, keep colours, do not wrap or clear, longer prompt, quit at ^C.
const OPTIONS: &[u8] = b"FRSXMK";

/// What of the environment less may have from somebody who must get no more out of it than the text.
const HARMLESS: [&[u8]; 6] = [b"TERM", b"COLUMNS", b"LINES", b"LANG", b"LC_ALL", b"LC_CTYPE"];

/// Becomes the pager; returns where none is wanted or none starts.
pub fn show(text: &[u8], pager: &Pager<'_>, environment: Words<'_>) {
    let commands = commands(pager);
    if commands.is_empty() {
        return;
    }
    if let Err(error) = offer(text) {
        debug!("No pager: {}", reason(&error));
        return;
    }
    let path = value(environment, b"PATH").and_then(|path| CString::new(path).ok());
    let settings = settings(pager, environment);
    let settings: Line<'_> = settings.iter().map(CString::as_c_str).collect();
    for command in commands {
        let line: Line<'_> = command.iter().map(CString::as_c_str).collect();
        // It returns only if that one could not be started, and then the next is tried.
        exec::exec(&command[0], line.words(), settings.words(), path.as_deref());
    }
}

/// The commands to try, each with its arguments.
fn commands(pager: &Pager<'_>) -> Vec<Vec<CString>> {
    let alone = |name: &CStr| vec![name.to_owned()];
    match pager {
        Pager::Off => Vec::new(),
        Pager::Less => LESS.into_iter().map(alone).collect(),
        Pager::Free { wanted, secure } => {
            let known = PAGERS.into_iter().filter(|name| !secure || *name == c"less").map(alone);
            let words =
                |words: &Vec<&[u8]>| words.iter().filter_map(|word| CString::new(*word).ok()).collect();
            wanted.iter().map(words).chain(known).collect()
        }
    }
}

/// The pager's environment.
fn settings(pager: &Pager<'_>, environment: Words<'_>) -> Vec<CString> {
    let ours: [&[u8]; 3] = [b"LESS", b"LESSSECURE", b"LESSCHARSET"];
    let kept = |entry: &&CStr| match pager {
        Pager::Less => HARMLESS.iter().any(|name| given(entry, name).is_some()),
        Pager::Off | Pager::Free { .. } => !ours.iter().any(|name| given(entry, name).is_some()),
    };
    let of_caller = |name: &[u8]| value(environment, name).filter(|_| *pager != Pager::Less);
    let secure = matches!(pager, Pager::Less | Pager::Free { secure: true, .. });
    let set = [
        Some(of_caller(b"SYSTEMD_LESS").unwrap_or(OPTIONS)),
        secure.then_some(b"1"),
        of_caller(b"SYSTEMD_LESSCHARSET").or_else(|| of_caller(b"LESSCHARSET")),
    ];
    let set = ours.into_iter().zip(set).filter_map(|(name, value)| Some([name, value?].join(&b'=')));
    let set = set.filter_map(|entry| CString::new(entry).ok());
    environment.iter().filter(kept).map(CStr::to_owned).chain(set).collect()
}

/// What the environment says of a variable.
fn value<'a>(environment: Words<'a>, name: &[u8]) -> Option<&'a [u8]> {
    environment.iter().find_map(|entry| given(entry, name))
}

/// The value that an entry gives this variable.
fn given<'a>(entry: &'a CStr, name: &[u8]) -> Option<&'a [u8]> {
    entry.to_bytes().strip_prefix(name)?.strip_prefix(b"=")
}

/// Makes the text this process's standard input.
fn offer(text: &[u8]) -> io::Result<()> {
    let mut file = File::from(memfd::memfd_create(c"kubensctl", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(text)?;
    file.rewind()?;
    Ok(unistd::dup2_stdin(&file)?)
}
