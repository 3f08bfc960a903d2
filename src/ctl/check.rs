//! `kubensctl check`: everything that is known to go wrong, with its cure.

use std::fmt::Write;
use std::path::Path;

use super::{looked, pin_in};
use crate::exit::{Exit, Failure, Report};
use crate::model::findings::{self, Finding};
use crate::model::json::Json;
use crate::sys::survey;

pub(super) fn check(dir: &Path, json: bool) -> Result<Report, Failure> {
    let node = looked(survey::look(&pin_in(dir)?))?;
    let view = node.view();
    let mut found = findings::degrading(&view);
    found.extend(findings::mounts::all(&view));
    let exit = if found.is_empty() { Exit::Done } else { Exit::Failed };
    let text = if json {
        let members = vec![
            ("findings", Json::list(&found, findings::json)),
            ("not_seen", Json::list(&node.blind, |what| what.as_str().into())),
        ];
        Json::Object(members).document()
    } else {
        text(&found, &node.blind)
    };
    Ok(Report { exit, text })
}

fn text(found: &[Finding], blind: &[String]) -> String {
    let mut text = String::new();
    for finding in found {
        let Finding { name, found, consequence, cure, .. } = finding;
        // Writing to a String does not fail.
        let _ = writeln!(text, "{name}: {found}\n    so:   {consequence}\n    cure: {cure}\n");
    }
    let _ = match found.len() {
        0 => writeln!(text, "no findings"),
        1 => writeln!(text, "1 finding"),
        count => writeln!(text, "{count} findings"),
    };
    for what in blind {
        let _ = writeln!(text, "not seen: {what}");
    }
    text
}
