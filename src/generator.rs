//! kubens-generator: says for systemd which services run inside, by a drop-in each, at boot and at every reload
//! (systemd.generator(7)). It reads, and writes only where systemd has told it to; whatever it finds, boot goes on.

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::model::text::reason;
use crate::model::units::switch::End;
use crate::sys::generated::{self, Messages};
use crate::sys::raw::Words;
use crate::sys::switch::{self, Ground};
use crate::sys::tree::Tree;

const USAGE: &str = "usage: kubens-generator [--root DIR] NORMAL EARLY LATE (see kubens-generator(8))";

/// Does it. `initrd`: what systemd says of that; an initrd has no services of a node.
///
/// # Errors
/// Usage.
pub fn run(words: Words<'_>, initrd: Option<&CStr>) -> anyhow::Result<Exit> {
    let words: Vec<_> =
        words.iter().skip(1).map(|word| Path::new(OsStr::from_bytes(word.to_bytes()))).collect();
    let (root, late) = match words[..] {
        [flag, root, _, _, late] if flag == Path::new("--root") => (Some(root), late),
        [_, _, late] => (None, late),
        _ => return Err(Exit::Usage.because(USAGE)),
    };
    if initrd == Some(c"1") {
        return Ok(Exit::Done);
    }
    let messages = Messages::open(root.is_none());
    Ok(match generate(root, late, &messages) {
        Ok(()) => Exit::Done,
        Err(why) => {
            messages.say(&format!("{why}; all services start as their units say"));
            Exit::Failed
        }
    })
}

fn generate(root: Option<&Path>, late: &Path, messages: &Messages) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("cannot {}", reason(&error));
    let tree = Tree::new(root).map_err(cannot)?;
    let ground = Ground { tree: &tree, late, instead: None, without: &[] };
    let switch = switch::decide(&ground).map_err(cannot)?;
    for complaint in &switch.complaints {
        messages.say(complaint);
    }
    for planned in switch.planned.iter().filter(|planned| !matches!(planned.end, End::ByDaemon(_))) {
        if let Some(why) = planned.outside_because() {
            messages.say(&format!("{}: does not run inside: {why}", planned.unit));
        }
    }
    let mut written: Vec<PathBuf> = Vec::new();
    for (unit, drop_in) in switch.planned.iter().filter_map(|one| Some((&one.unit, one.drop_in.as_ref()?))) {
        match generated::put(late, unit, drop_in) {
            Ok(path) => written.push(path),
            Err(error) => {
                generated::remove(&written);
                return Err(format!("{unit}: {}", cannot(error)));
            }
        }
    }
    Ok(())
}
