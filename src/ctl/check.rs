//! `kubensctl check`: everything that is known to go wrong, with its cure.

use std::fmt::Write;
use std::io;
use std::path::Path;

use serde::Serialize;

use super::judged::{Ask, judged};
use crate::exit::{Exit, Report};
use crate::model::json::{self, Layout};
use crate::model::look::{Look, Mood};
use crate::model::node::findings::{self, Finding, selinux, units};
use crate::model::text::reason;
use crate::model::units::unit::Unit;
use crate::sys::screen::Screen;
use crate::sys::selinux::Policy;
use crate::sys::{installed, survey, systemd};

/// What `check` prints with `--json`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Checked {
    findings: Vec<Finding>,
    not_seen: Vec<String>,
}

pub(super) fn check(dir: &Path, layout: Option<Layout>, screen: Screen) -> anyhow::Result<Report> {
    let (mut found, mut blind) = judged(dir, survey::look, Ask::Always, |view, verdict| {
        let mut found = findings::verdict::of(view, &verdict);
        found.extend(findings::verdict::service(view));
        found.extend(findings::mounts::all(view));
        found.extend(findings::covered::all(view));
        found.extend(findings::units::scanners(&view.node.scanners));
        (found, view.node.blind.clone())
    })?;
    match of_units(dir, &mut blind) {
        Ok(more) => {
            // That the older service is enabled is no second finding where its pin is one.
            let known = |one: &Finding| found.iter().any(|other| other.name == one.name);
            let more: Vec<_> =
                more.into_iter().filter(|one| one.name != "older-service" || !known(one)).collect();
            found.extend(more);
        }
        Err(why) => blind.push(why),
    }
    // What degrades first.
    found.sort_by_key(|one| !one.degrades);
    let exit = match (found.is_empty(), blind.is_empty()) {
        (false, _) => Exit::Failed,
        (true, false) => Exit::Unknown,
        (true, true) => Exit::Done,
    };
    let checked = Checked { findings: found, not_seen: blind };
    let text =
        layout.map_or_else(|| text(&checked, &screen.look()), |layout| json::document(&checked, layout));
    Ok(Report { exit, text })
}

/// What the files of systemd's units tell, or why they do not; nothing, where there is no systemd.
fn of_units(dir: &Path, blind: &mut Vec<String>) -> Result<Vec<Finding>, String> {
    if !systemd::is_running() {
        return Ok(Vec::new());
    }
    let (all, decided) =
        installed::units().map_err(|error| format!("systemd's units: {}", reason(&error)))?;
    let is_current = installed::is_current(&decided);
    let mut found = units::of_switch(&decided.planned, &decided.complaints, is_current);
    found.extend(all.iter().flat_map(|unit| units::of_unit(unit, dir)));
    match of_selinux(&all) {
        Ok(more) => found.extend(more),
        Err(error) => blind.push(format!("SELinux's policy: {}", reason(&error))),
    }
    found.extend(units::not_enabled(&all, dir, installed::is_enabled("kubens.service")));
    found.extend(units::older_service(installed::is_enabled("container-mount-namespace.service")));
    Ok(found)
}

/// What SELinux's policy makes of the units that start behind the wrapper.
fn of_selinux(units: &[Unit]) -> io::Result<Vec<Finding>> {
    let mut found = Vec::new();
    if let Some(policy) = Policy::loaded()? {
        for unit in units.iter().filter(|unit| units::is_wrapped(unit)) {
            let domains = policy.apart(unit)?;
            found.extend(domains.and_then(|domains| selinux::domain(&unit.name, &domains, policy.label())));
        }
    }
    Ok(found)
}

fn text(checked: &Checked, look: &Look) -> String {
    let mut text = String::new();
    for finding in &checked.findings {
        let Finding { name, degrades, found, consequence, cure } = finding;
        let mood = if *degrades { Mood::Bad } else { Mood::Warn };
        let headed = look.headed(mood, name, &format!(": {found}"));
        let consequence = look.wrapped(&format!("    so:   {consequence}"), 10);
        let cure = look.wrapped(&format!("    cure: {cure}"), 10);
        // Writing to a String does not fail.
        let _ = writeln!(text, "{headed}\n{consequence}\n{cure}\n");
    }
    let degrading = checked.findings.iter().filter(|finding| finding.degrades).count();
    let advice = checked.findings.len() - degrading;
    let _ = match (checked.findings.len(), checked.not_seen.is_empty()) {
        (0, true) => writeln!(text, "no findings"),
        (0, false) => writeln!(text, "no findings in what could be seen"),
        (1, _) => writeln!(text, "1 finding: {degrading} degrading, {advice} advice"),
        (count, _) => writeln!(text, "{count} findings: {degrading} degrading, {advice} advice"),
    };
    for what in &checked.not_seen {
        let _ = writeln!(text, "{}", look.wrapped(&format!("not seen: {what}"), 10));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::schema_tests::is_documented;

    #[test]
    fn what_programs_get_is_documented() {
        is_documented::<Checked>("check");
    }
}
