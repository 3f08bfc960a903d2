//! The drop-ins that the generator writes: what they are called, what stands in them, and that systemd will read in
//! them the words that it read before.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use super::Exec;
use crate::model::text::Shown;
use crate::model::units::command::{self, Command};
use crate::model::units::text::{self, ends_in_backslash};
use crate::model::units::unit::{Setting, Unit};

/// A drop-in of one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropIn {
    /// Its name, behind which none of the unit's others sorts.
    pub file: OsString,
    /// What is in it.
    pub text: String,
}

/// How each of them begins.
pub const MARK: &str = "# Written by kubens-generator";
/// The usual name.
const NAME: &[u8] = b"zz-kubens.conf";
/// What makes a name sort behind another one that was cut before a smaller byte.
const BEHIND: &[u8] = b"~kubens.conf";
const LONGEST_NAME: usize = 255;

type Line<'a> = (Setting<'a>, Exec, Vec<Command>);

/// Whether a file is one of them.
pub fn is_ours(text: &[u8]) -> bool {
    text.starts_with(MARK.as_bytes())
}

/// Writes a unit's. Without lines it is there for the order alone. `remark`: what else its reader has to know.
pub(super) fn write(
    unit: &Unit,
    moved: &[&Line<'_>],
    because: &[PathBuf],
    behind: Option<&[u8]>,
    remark: Option<&str>,
) -> Result<DropIn, String> {
    let mut settings = "[Unit]\nAfter=kubens.service\nWants=kubens.service\n".to_owned();
    let mut from = Vec::new();
    if !moved.is_empty() {
        settings += "\n[Service]\n";
    }
    if let Some(name) = identifier(unit, moved) {
        settings.extend(["SyslogIdentifier=", name, "\n"]);
    }
    for exec in Exec::ALL {
        for (index, (setting, _, commands)) in moved.iter().filter(|(_, other, _)| *other == exec).enumerate()
        {
            if index == 0 {
                settings.extend([exec.key(), "=\n"]);
            }
            let value = command::wrap(setting.value, commands);
            settings += &line(exec.key(), &value);
            if !from.contains(&&setting.source.path) {
                from.push(&setting.source.path);
            }
        }
    }
    let listed = |paths: &mut dyn Iterator<Item = &PathBuf>| {
        paths.map(|path| Shown(path.as_os_str().as_bytes()).to_string()).collect::<Vec<_>>().join(" ")
    };
    let mut text =
        format!("{MARK}, anew at each daemon-reload. Asked for by {}\n", listed(&mut because.iter()));
    if !from.is_empty() {
        text.extend(["# Made from ", &listed(&mut from.into_iter()), "\n"]);
    }
    text.extend(remark.map(|remark| format!("# {remark}\n")));
    text += &settings;
    reads_back(&text, moved)?;
    Ok(DropIn { file: file_name(unit, behind)?, text })
}

/// A line of a unit file. A backslash at its very end would go on to the next line, so a blank follows it.
fn line(key: &str, value: &str) -> String {
    let line = format!("{key}={value}");
    let blank = if ends_in_backslash(line.as_bytes()) { " " } else { "" };
    format!("{line}{blank}\n")
}

/// The name under which the service logs without the wrapper.
fn identifier<'a>(unit: &Unit, moved: &[&'a Line<'_>]) -> Option<&'a str> {
    let start = moved.iter().find(|(_, exec, _)| *exec == Exec::Start)?;
    let name = str::from_utf8(start.2.first()?.name()).ok()?;
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic() && !"\"'\\".contains(c));
    (plain && unit.last("SyslogIdentifier").is_none()).then_some(name)
}

/// A name behind which no other drop-in of the unit sorts.
fn file_name(unit: &Unit, behind: Option<&[u8]>) -> Result<OsString, String> {
    let others = unit.sources.iter().skip(1).filter_map(|source| source.path.file_name());
    let last = others.map(OsStr::as_bytes).max().unwrap_or_default();
    let name = if last < NAME {
        NAME.to_vec()
    } else {
        // Each ends in .conf, and so has a byte that is smaller.
        let cut = last.iter().position(|byte| *byte < BEHIND[0]).unwrap_or(last.len());
        [&last[..cut], BEHIND].concat()
    };
    let name = behind.filter(|behind| **behind > *name).map_or(name, <[u8]>::to_vec);
    if name.len() > LONGEST_NAME {
        return Err(format!("no drop-in's name sorts behind {}", Shown(last)));
    }
    Ok(OsString::from_vec(name))
}

/// Reads the text as systemd will. Each command has to be what it was, with the wrapper before it.
fn reads_back(text: &str, moved: &[&Line<'_>]) -> Result<(), String> {
    let parsed = text::parse(text.as_bytes());
    let written =
        parsed.assignments.iter().filter(|set| Exec::named(&set.key).is_some() && !set.value.is_empty());
    let written: Vec<_> = written.map(|set| (&*set.section, set.key.as_str(), set.value.as_str())).collect();
    let as_it_was = written.len() == moved.len()
        && parsed.fault.is_none()
        && moved.iter().all(|(setting, exec, commands)| {
            written.iter().any(|(section, key, value)| {
                *section == "Service"
                    && *key == exec.key()
                    && command::is_wrapped(value, setting.value, commands)
            })
        });
    if as_it_was {
        Ok(())
    } else {
        Err("its command line cannot be written so that systemd reads the same".to_owned())
    }
}
