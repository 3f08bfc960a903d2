//! `kubensctl status`: is encapsulation in effect, and who is where?

use std::path::Path;

use anyhow::bail;

use super::judged::{Ask, judged};
use crate::cli::ctl::Status;
use crate::exit::{Exit, Report};
use crate::model::json;
use crate::model::node::facts::View;
use crate::model::node::findings;
use crate::model::node::judgement::Verdict;
use crate::model::node::members::{Process, Standing};
use crate::model::node::telling::members::{self, Named};
use crate::model::node::telling::{self, json::status as in_json};
use crate::model::text::Shown;
use crate::sys::screen::Screen;
use crate::sys::{census, processes, survey};

pub(super) fn status(dir: &Path, asked: &Status, quiet: bool, screen: Screen) -> anyhow::Result<Report> {
    if let Some(whom) = &asked.whom {
        return judged(dir, survey::glance, Ask::IfNeeded, |view, _| one(view, whom, asked, quiet))?;
    }
    judged(dir, survey::glance, Ask::IfNeeded, |view, verdict| {
        let exit = match verdict {
            Verdict::InEffect => Exit::Done,
            Verdict::NotEnabled | Verdict::Pending | Verdict::Starting | Verdict::Idle => Exit::NotPinned,
            Verdict::Degraded(_) => Exit::Failed,
            Verdict::Unknown(_) => Exit::Unknown,
        };
        let troubles = findings::verdict::of(view, &verdict);
        let inside = if asked.members { named(view.members()) } else { Vec::new() };
        let text = match (quiet, asked.json) {
            (true, _) => String::new(),
            (false, Some(layout)) => {
                let inside = asked.members.then(|| members::members(view, &inside));
                json::document(&in_json(view, &verdict, &troubles, inside), layout)
            }
            (false, None) => {
                let text = telling::text(view, &verdict, &troubles, &screen.look());
                let tree = members::tree(view, &inside, false);
                if tree.is_empty() { text } else { format!("{text}\n{tree}") }
            }
        };
        Report { exit, text }
    })
}

/// The processes with their names, as far as they still live.
fn named<'a>(processes: impl Iterator<Item = &'a Process>) -> Vec<Named<'a>> {
    processes
        .filter_map(|process| Some(Named { process, command: processes::command(process.pid).ok()? }))
        .collect()
}

/// Where one process is, or all of a unit's.
fn one(view: &View<'_>, whom: &str, asked: &Status, quiet: bool) -> anyhow::Result<Report> {
    let unit = if whom.contains('.') { whom.to_owned() } else { format!("{whom}.service") };
    // Of those in containers' namespaces the units have not been read.
    let whole: Vec<_> = match whom.parse() {
        Ok(pid) => census::one(pid).into_iter().collect(),
        Err(_) => view.node.processes().iter().filter_map(|process| census::one(process.pid)).collect(),
    };
    let asked_for =
        |process: &&Process| whom == process.pid.to_string() || process.unit.as_ref() == Some(&unit);
    let found = named(whole.iter().filter(asked_for));
    if found.is_empty() {
        let whom = Shown(whom.as_bytes());
        bail!("{whom} is no process, and no unit in which one runs");
    }
    let exit = match members::standing(view, &found) {
        Standing::Inside => Exit::Done,
        Standing::Host | Standing::Elsewhere => Exit::NotPinned,
        Standing::Torn => Exit::Failed,
        Standing::Unseen => Exit::Unknown,
    };
    let text = match (quiet, asked.json) {
        (true, _) => String::new(),
        (false, Some(layout)) => json::document(&members::one(view, &found), layout),
        (false, None) => members::tree(view, &found, true),
    };
    Ok(Report { exit, text })
}
