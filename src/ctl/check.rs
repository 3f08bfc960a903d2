//! `kubensctl check`: everything that is known to go wrong, with its cure.

use std::fmt::Write;
use std::path::Path;

use super::{looked, pin_in};
use crate::exit::{Exit, Failure, Report};
use crate::model::json::{self, Json, Layout};
use crate::model::node::findings::{self, Finding, selinux, units};
use crate::model::text::reason;
use crate::sys::{installed, survey, systemd};

pub(super) fn check(dir: &Path, json: Option<Layout>) -> Result<Report, Failure> {
    let node = looked(survey::look(&pin_in(dir)?))?;
    let view = node.view();
    let mut found = findings::degrading(&view);
    found.extend(findings::mounts::all(&view));
    let mut blind = node.blind.clone();
    match of_units(dir) {
        Ok(more) => {
            // That the older service is enabled is no second finding where its pin is one.
            let known = |one: &Finding| found.iter().any(|other| other.name == one.name);
            let more: Vec<_> =
                more.into_iter().filter(|one| one.name != "older-service" || !known(one)).collect();
            found.extend(more);
        }
        Err(why) => blind.push(why),
    }
    found.extend(selinux::label(Path::new(installed::PROGRAM), installed::label().as_deref()));
    let exit = if found.is_empty() { Exit::Done } else { Exit::Failed };
    let text = if let Some(layout) = json {
        let members = vec![
            ("findings", Json::list(&found, findings::json)),
            ("not_seen", Json::list(&blind, |what| what.as_str().into())),
        ];
        json::document(&Json::Object(members), layout)
    } else {
        text(&found, &blind)
    };
    Ok(Report { exit, text })
}

/// What the files of systemd's units tell, or why they do not.
fn of_units(dir: &Path) -> Result<Vec<Finding>, String> {
    if !systemd::is_running() {
        return Err("systemd's units (no systemd runs here)".to_owned());
    }
    let all = installed::units().map_err(|error| format!("systemd's units: {}", reason(&error)))?;
    let wrapped = all.iter().any(|(unit, _)| units::enters(unit, dir));
    let mut found: Vec<_> =
        all.iter().flat_map(|(unit, drop_ins)| units::of_unit(unit, drop_ins, dir)).collect();
    found.extend(units::not_enabled(wrapped, installed::is_enabled("kubens.service")));
    found.extend(units::older_service(installed::is_enabled("container-mount-namespace.service")));
    Ok(found)
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
