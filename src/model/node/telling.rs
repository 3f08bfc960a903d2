//! The telling: one screen of text that says the verdict and what it rests on. `json` and `metrics` say the same.

pub mod json;
pub mod members;
pub mod metrics;

use std::collections::BTreeMap;
use std::fmt::Write;

use super::catalogue::Role;
use super::facts::{Maker, Pinning, View};
use super::findings::{self, Finding};
use super::judgement::{Missing, Part, Run, Verdict};
use super::members::{Standing, Whereabouts, whereabouts};
use crate::model::look::{Look, Mood};
use crate::model::mounts::compare::Propagation;
use crate::model::namespace::NamespaceId;
use crate::model::text::{Shown, counted};

/// The verdict in a word or two.
pub fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::InEffect => "in effect",
        Verdict::NotEnabled => "not enabled",
        Verdict::Pending => "pending",
        Verdict::Starting => "starting",
        Verdict::Idle => "idle",
        Verdict::Degraded(_) => "degraded",
        Verdict::Unknown(_) => "unknown",
    }
}

fn mood(verdict: &Verdict) -> Mood {
    match verdict {
        Verdict::InEffect => Mood::Good,
        Verdict::NotEnabled | Verdict::Pending | Verdict::Starting | Verdict::Idle => Mood::Idle,
        Verdict::Unknown(_) => Mood::Warn,
        Verdict::Degraded(_) => Mood::Bad,
    }
}

/// What was not seen, for a person.
pub fn missing(what: Missing) -> &'static str {
    match what {
        Missing::Pin => "whether a namespace is pinned",
        Missing::Processes => "in which namespace every process is",
        Missing::Mounts => "the mounts of both sides",
        Missing::Units => "what systemd says of the services",
    }
}

/// What stands behind the verdict on the first line.
fn why(view: &View<'_>, verdict: &Verdict, troubles: &[Finding]) -> String {
    match verdict {
        Verdict::InEffect if view.node.maker() == Some(Maker::OlderService) => {
            "by container-mount-namespace.service, the older way".to_owned()
        }
        Verdict::InEffect | Verdict::NotEnabled => String::new(),
        Verdict::Pending if view.home.is_none() => {
            "switched on, and in effect from the next boot on".to_owned()
        }
        Verdict::Pending => {
            "the services run outside, and will be inside from their next start on".to_owned()
        }
        Verdict::Starting => "services are being started".to_owned(),
        Verdict::Idle => {
            "a namespace is pinned, and neither a container runtime nor a kubelet runs".to_owned()
        }
        Verdict::Degraded(_) => {
            troubles.iter().map(|trouble| trouble.found.as_str()).collect::<Vec<_>>().join("; ")
        }
        Verdict::Unknown(what) => {
            let what: Vec<_> = what.iter().map(|what| missing(*what)).collect();
            format!("this could not be seen: {}", what.join(", "))
        }
    }
}

fn named(id: Option<NamespaceId>) -> String {
    id.map_or("not to be seen".to_owned(), |id| id.to_string())
}

fn maker(view: &View<'_>) -> Option<String> {
    let how = match view.node.maker()? {
        Maker::Kubensctl => "kubensctl pin",
        Maker::Older => "the older recipe",
        Maker::OlderService => return Some("container-mount-namespace.service".to_owned()),
    };
    Some(if view.node.by_unit { format!("kubens.service ({how})") } else { format!("{how}, not by a unit") })
}

fn propagation(propagation: Propagation) -> String {
    match propagation {
        Propagation::Right => "right: the host's mounts arrive inside, and none leaves".to_owned(),
        Propagation::Leaks(count) => format!("wrong: {count} mounts inside leak to the host"),
        Propagation::Deaf => "wrong: the host's mounts do not arrive".to_owned(),
        Propagation::HostPrivate => "wrong: the host's root is private".to_owned(),
        Propagation::NotShared => "wrong: containers cannot pass mounts to one another".to_owned(),
    }
}

/// Where the caller is.
fn caller(view: &View<'_>) -> &'static str {
    match whereabouts(view.node.caller, view.home, view.node.host) {
        Whereabouts::Inside => "inside",
        Whereabouts::Host => "host",
        Whereabouts::Elsewhere => "elsewhere",
        Whereabouts::Unseen => "unseen",
    }
}

/// One screen of text.
pub fn text(view: &View<'_>, verdict: &Verdict, troubles: &[Finding], look: &Look) -> String {
    let why = why(view, verdict, troubles);
    let colon = if why.is_empty() { "" } else { ": " };
    let mut text = look.headed(mood(verdict), word(verdict), &format!("{colon}{why}"));
    text.push_str("\n\n");
    let mut line = |name: &str, value: &str| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{}", look.wrapped(&format!("{name:>11}  {value}"), 13));
    };
    pin(view, look, &mut line);
    line("Host:", &named(view.node.host));
    line("Caller:", &format!("{}, {}", named(view.node.caller), caller(view)));
    mounts(view, &mut line);
    services(view, &mut line);
    if let (Some(cpu), Some(outside)) = (view.node.init_cpu, &view.node.outside) {
        let watched =
            format!("watches {} mounts, has used {}.{:02} s of CPU", outside.len(), cpu / 100, cpu % 100);
        line("PID 1:", &watched);
    }
    for (place, what) in view.node.blind.iter().enumerate() {
        line(if place == 0 { "Not seen:" } else { "" }, what);
    }
    let unseen = "run this as root, on the host or with the host's PID namespace".to_owned();
    let cures = troubles.iter().map(|trouble| &trouble.cure);
    let cures = cures.chain(matches!(verdict, Verdict::Unknown(_)).then_some(&unseen));
    for (place, cure) in cures.enumerate() {
        line(if place == 0 { "Cure:" } else { "" }, cure);
    }
    if *verdict == Verdict::NotEnabled {
        line("Next:", "kubensctl enable; kubensctl enable --dry-run shows what that would change");
    }
    text
}

fn pin(view: &View<'_>, look: &Look, line: &mut impl FnMut(&str, &str)) {
    let point = Shown(&view.node.point).to_string();
    match &view.node.pinning {
        Pinning::Pinned(id) => line("Pin:", &format!("{point}, {id}")),
        Pinning::Foreign(id) => line("Pin:", &format!("{point}, {id}, not the host's own")),
        Pinning::Nothing(what) => line("Pin:", &format!("none; there is {what} at {point}")),
        Pinning::Unknown(why) => line("Pin:", &format!("{point}: {why}")),
    }
    if let Some(older) = view.node.older {
        line("", &format!("{older} by container-mount-namespace.service"));
    }
    if matches!(view.node.pinning, Pinning::Pinned(_) | Pinning::Foreign(_)) {
        let since = view.node.since.map(|since| look.moment(since));
        let maker = maker(view).map(|maker| format!("by {maker}"));
        let made: Vec<_> = since.into_iter().chain(maker).collect();
        line("Made:", &made.join(if look.terminal.is_some() { ", " } else { " " }));
    }
}

fn mounts(view: &View<'_>, line: &mut impl FnMut(&str, &str)) {
    let count = |count: Option<usize>| count.map_or("?".to_owned(), |count| count.to_string());
    let host = view.node.outside.as_ref().map(Vec::len);
    if view.node.pinned().is_none() {
        return line("Mounts:", &format!("{} on the host", count(host)));
    }
    let (inside, hidden) = (count(view.node.inside_count()), count(view.hidden()));
    line("Mounts:", &format!("{inside} inside, {} on the host, {hidden} hidden from the host", count(host)));
    if let Some(found) = view.propagation {
        let torn = match findings::mounts::torn(view).map_or(0, |groups| groups.len()) {
            0 => String::new(),
            count => format!("; {} torn inside (kubensctl check)", counted(count, "peer group")),
        };
        line("Propagation:", &format!("{}{torn}", propagation(found)));
    }
    let copies = findings::mounts::copies(view).unwrap_or_default();
    if !copies.is_empty() {
        let (all, gone) = (copies.len(), copies.iter().filter(|copy| !copy.used).count());
        let tidy = if gone == 0 { "" } else { " (kubensctl tidy)" };
        line(
            "From before:",
            &format!("the host has {} of pods, {gone} of pods that are gone{tidy}", counted(all, "mount")),
        );
    }
}

/// What a part does, for a person: nothing, where all is as it should be.
fn notes(part: &Part, home: bool) -> String {
    let mut notes = Vec::new();
    if part.places.verdict() == Standing::Torn {
        notes.push(format!("{} inside, {} outside", part.places.inside, part.places.host));
    }
    match part.run {
        Run::Settled => {}
        Run::Changing => notes.push("being started or stopped".to_owned()),
        Run::Failed => notes.push("failed".to_owned()),
    }
    match (part.places.verdict(), part.enters) {
        (Standing::Host | Standing::Elsewhere, Some(true)) => {
            notes.push("inside from its next start on".to_owned());
        }
        (Standing::Inside, Some(false)) if home && part.role != Role::Shim => {
            notes.push("outside from its next start on".to_owned());
        }
        _ => {}
    }
    if notes.is_empty() { String::new() } else { format!(": {}", notes.join(", ")) }
}

fn services(view: &View<'_>, line: &mut impl FnMut(&str, &str)) {
    let shown = |part: &&Part| part.places.all() > 0 || part.run != Run::Settled;
    let parts: Vec<_> = view.evidence.parts.iter().filter(shown).collect();
    let width = parts.iter().map(|part| part.name.chars().count()).max().unwrap_or(0);
    for (place, part) in parts.iter().enumerate() {
        let standing = if part.places.all() == 0 { "not running" } else { part.places.verdict().word() };
        let what = if part.role == Role::Shim { "shim" } else { "process" };
        let count = counted(part.places.all(), what);
        let notes = notes(part, view.node.units.is_some());
        let text =
            format!("{:width$}  {standing:9}  {count}{notes}", Shown(part.name.as_bytes()).to_string());
        line(if place == 0 { "Services:" } else { "" }, &text);
    }
    if view.home.is_some() && view.sees_processes() {
        let others = others(view);
        let sum: usize = others.iter().map(|(_, count)| count).sum();
        let named: Vec<_> = others
            .iter()
            .take(4)
            .map(|(unit, count)| format!("{} {count}", Shown(unit.as_bytes())))
            .collect();
        let more = if others.len() > 4 { ", …" } else { "" };
        let named = if sum == 0 { String::new() } else { format!(": {}{more}", named.join(", ")) };
        line("Besides:", &format!("{} inside{named}", counted(sum, "process")));
    }
}

/// Units that have processes inside and decide nothing, those with most first. The empty name would be in nobody's way.
fn others<'a>(view: &'a View<'_>) -> Vec<(&'a str, usize)> {
    let mut units: BTreeMap<&str, usize> = BTreeMap::new();
    for process in view.members() {
        let unit = process.unit.as_deref().unwrap_or("no unit");
        if process.role.is_none() && view.evidence.parts.iter().all(|part| part.name != unit) {
            *units.entry(unit).or_default() += 1;
        }
    }
    let mut units: Vec<_> = units.into_iter().collect();
    units.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    units
}
