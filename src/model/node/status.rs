//! The verdict on a node, and how it is told.

use std::fmt::Write;

use crate::model::json::Json;
use crate::model::mounts::compare::Propagation;
use crate::model::namespace::NamespaceId;
use crate::model::node::facts::{Maker, Pinning, View};
use crate::model::node::findings::{self, Finding};
use crate::model::node::members::{Role, Standing, Whereabouts, role, whereabouts};
use crate::model::text::Shown;
use crate::model::time::utc;

/// Whether encapsulation is in effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    InEffect,
    /// Nothing is pinned, and nobody expects it to be.
    NotEnabled,
    /// Something is pinned, or should be, and it does not hold for these reasons.
    Degraded(Vec<Finding>),
}

impl Verdict {
    /// Judges.
    pub fn new(view: &View<'_>) -> Self {
        let troubles = findings::degrading(view);
        match view.node.pinning {
            _ if !troubles.is_empty() => Verdict::Degraded(troubles),
            Pinning::Pinned(_) => Verdict::InEffect,
            Pinning::Nothing(_) | Pinning::Unknown(_) => Verdict::NotEnabled,
        }
    }

    /// The verdict in a word or two.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::InEffect => "in effect",
            Verdict::NotEnabled => "not enabled",
            Verdict::Degraded(_) => "degraded",
        }
    }

    fn troubles(&self) -> &[Finding] {
        match self {
            Verdict::Degraded(troubles) => troubles,
            Verdict::InEffect | Verdict::NotEnabled => &[],
        }
    }

    /// The colour of a terminal's text that says it (console_codes(4)).
    fn colour(&self) -> &'static str {
        match self {
            Verdict::InEffect => "\x1b[1;32m",
            Verdict::NotEnabled => "\x1b[1m",
            Verdict::Degraded(_) => "\x1b[1;31m",
        }
    }
}

fn name(id: NamespaceId) -> String {
    format!("mnt:[{}]", id.ino)
}

fn named(id: Option<NamespaceId>) -> String {
    id.map_or("not to be seen".to_owned(), name)
}

fn maker(view: &View<'_>) -> Option<String> {
    let how = match view.node.maker()? {
        Maker::Kubensctl => "kubensctl pin",
        Maker::Older => "the older recipe",
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

fn propagation_word(propagation: Propagation) -> &'static str {
    match propagation {
        Propagation::Right => "right",
        Propagation::Leaks(_) => "leaks",
        Propagation::Deaf => "deaf",
        Propagation::HostPrivate => "host-private",
        Propagation::NotShared => "not-shared",
    }
}

fn caller(view: &View<'_>) -> &'static str {
    match whereabouts(view.node.caller, view.pinned, view.node.host) {
        Whereabouts::Inside => "inside",
        Whereabouts::Host => "host",
        Whereabouts::Elsewhere => "elsewhere",
        Whereabouts::Unseen => "unseen",
    }
}

/// One screen of text, in colour or not.
pub fn text(view: &View<'_>, verdict: &Verdict, colour: bool) -> String {
    let (on, off) = if colour { (verdict.colour(), "\x1b[0m") } else { ("", "") };
    let reasons: Vec<_> = verdict.troubles().iter().map(|trouble| trouble.found.as_str()).collect();
    let colon = if reasons.is_empty() { "" } else { ": " };
    let mut text = format!("{on}{}{off}{colon}{}\n\n", verdict.word(), reasons.join("; "));
    let mut line = |name: &str, value: &str| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{name:>11}  {value}");
    };
    let point = Shown(&view.node.point).to_string();
    match &view.node.pinning {
        Pinning::Pinned(id) => line("Pin:", &format!("{point}, {}", name(*id))),
        Pinning::Nothing(what) => line("Pin:", &format!("{point} is {what}")),
        Pinning::Unknown(why) => line("Pin:", &format!("{point}: {why}")),
    }
    if view.pinned.is_some() {
        let since = view.node.since.map(utc).unwrap_or_default();
        let maker = maker(view).map(|maker| format!(" by {maker}")).unwrap_or_default();
        line("Made:", &format!("{since}{maker}"));
    }
    line("Host:", &named(view.node.host));
    line("Caller:", &format!("{}, {}", named(view.node.caller), caller(view)));
    mounts(view, &mut line);
    services(view, &mut line);
    for (place, what) in view.node.blind.iter().enumerate() {
        line(if place == 0 { "Not seen:" } else { "" }, what);
    }
    for (place, trouble) in verdict.troubles().iter().enumerate() {
        line(if place == 0 { "Cure:" } else { "" }, &trouble.cure);
    }
    text
}

fn mounts(view: &View<'_>, line: &mut impl FnMut(&str, &str)) {
    let count = |count: Option<usize>| count.map_or("?".to_owned(), |count| count.to_string());
    let host = view.node.outside.as_ref().map(Vec::len);
    if view.pinned.is_none() {
        return line("Mounts:", &format!("{} on the host", count(host)));
    }
    let (inside, hidden) = (count(view.node.inside_count()), count(view.hidden()));
    line("Mounts:", &format!("{inside} inside, {} on the host, {hidden} hidden from the host", count(host)));
    if let Some(found) = view.propagation {
        line("Propagation:", &propagation(found));
    }
}

fn services(view: &View<'_>, line: &mut impl FnMut(&str, &str)) {
    let (mut first, mut others) = ("Services:", Vec::new());
    let width =
        view.units.keys().filter(|unit| role(unit).is_some()).map(|unit| unit.len()).max().unwrap_or(0);
    for (unit, count) in &view.units {
        if role(unit).is_some() {
            let spread = match count.verdict() {
                Standing::Torn => format!(": {} inside, {} outside", count.inside, count.host),
                Standing::Inside | Standing::Host | Standing::Elsewhere | Standing::Unseen => String::new(),
            };
            line(
                first,
                &format!("{unit:width$}  {:9}  {}{spread}", count.verdict().word(), processes(count.all())),
            );
            first = "";
        } else if count.inside > 0 {
            others.push((count.inside, if unit.is_empty() { "no unit" } else { unit }));
        }
    }
    if view.pinned.is_some() && view.sees_processes() {
        others.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(other.1)));
        let sum: usize = others.iter().map(|(count, _)| count).sum();
        let named: Vec<_> = others.iter().take(4).map(|(count, unit)| format!("{unit} {count}")).collect();
        let more = if others.len() > 4 { ", …" } else { "" };
        let named = if sum == 0 { String::new() } else { format!(": {}{more}", named.join(", ")) };
        line("Besides:", &format!("{} inside{named}", processes(sum)));
    }
}

fn processes(count: usize) -> String {
    if count == 1 { "1 process".to_owned() } else { format!("{count} processes") }
}

/// The same for programs; the schema is in kubensctl(8).
pub fn json(view: &View<'_>, verdict: &Verdict) -> Json {
    let id = |id: Option<NamespaceId>| id.map_or(Json::Null, |id| Json::Number(id.ino));
    let node = view.node;
    let unit = |(unit, count): (&&str, &crate::model::node::members::Count)| {
        Json::Object(vec![
            ("unit", if unit.is_empty() { Json::Null } else { (*unit).into() }),
            (
                "role",
                role(unit).map_or(Json::Null, |role| {
                    Json::from(match role {
                        Role::Runtime => "runtime",
                        Role::Kubelet => "kubelet",
                        Role::Both => "both",
                        Role::Shim => "shim",
                    })
                }),
            ),
            ("standing", count.verdict().word().into()),
            ("inside", count.inside.into()),
            ("outside", count.host.into()),
            ("elsewhere", count.elsewhere.into()),
            ("unseen", count.unseen.into()),
        ])
    };
    Json::Object(vec![
        ("verdict", verdict.word().replace(' ', "-").as_str().into()),
        ("reasons", Json::list(verdict.troubles(), findings::json)),
        ("pin", Json::bytes(&node.point)),
        ("namespace", id(view.pinned)),
        (
            "since",
            node.since.filter(|_| view.pinned.is_some()).map_or(Json::Null, |at| utc(at).as_str().into()),
        ),
        (
            "maker",
            view.node.maker().filter(|_| view.pinned.is_some()).map_or(Json::Null, |maker| {
                Json::from(match maker {
                    Maker::Kubensctl => "kubensctl",
                    Maker::Older => "older",
                })
            }),
        ),
        ("unit", if node.by_unit { "kubens.service".into() } else { Json::Null }),
        ("host", id(node.host)),
        ("caller", Json::Object(vec![("namespace", id(node.caller)), ("where", caller(view).into())])),
        (
            "mounts",
            Json::Object(vec![
                ("inside", node.inside_count().into()),
                ("host", node.outside.as_ref().map(Vec::len).into()),
                ("hidden", view.hidden().into()),
            ]),
        ),
        ("propagation", view.propagation.map(propagation_word).into()),
        (
            "units",
            Json::list(
                view.units.iter().filter(|(unit, count)| role(unit).is_some() || count.inside > 0),
                unit,
            ),
        ),
        ("not_seen", Json::list(&node.blind, |what| what.as_str().into())),
    ])
}
