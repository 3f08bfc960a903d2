//! What `status --json` prints.

use serde::Serialize;

use super::members::Member;
use super::{caller, missing, others, word};
use crate::model::json::Name;
use crate::model::mounts::compare::Propagation;
use crate::model::namespace::NamespaceId;
use crate::model::node::catalogue::Role;
use crate::model::node::facts::{Maker, Pinning, View};
use crate::model::node::findings::{self, Finding};
use crate::model::node::judgement::{Part, Run, Verdict};
use crate::model::time::utc;

/// What `status` prints with `--json`; each member is explained in kubensctl(8).
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Status<'a> {
    verdict: String,
    reasons: &'a [Finding],
    missing: Vec<&'static str>,
    pin: Name<'a>,
    namespace: Option<u64>,
    foreign: bool,
    since: Option<String>,
    maker: Option<&'static str>,
    unit: Option<&'static str>,
    host: Option<u64>,
    caller: Caller,
    mounts: Mounts,
    propagation: Option<&'static str>,
    units: Vec<Unit<'a>>,
    init: Init,
    members: Option<Vec<Member<'a>>>,
    not_seen: &'a [String],
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Caller {
    namespace: Option<u64>,
    r#where: &'static str,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Mounts {
    inside: Option<usize>,
    host: Option<usize>,
    hidden: Option<usize>,
    outside: Option<usize>,
    before: Option<usize>,
    gone: Option<usize>,
    torn: Option<usize>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Init {
    mounts: Option<usize>,
    cpu_seconds: Option<f64>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Unit<'a> {
    #[serde(rename = "unit")]
    name: &'a str,
    role: Option<&'static str>,
    standing: &'static str,
    inside: usize,
    outside: usize,
    elsewhere: usize,
    unseen: usize,
    state: Option<&'static str>,
    enters: Option<bool>,
}

/// Makes it.
pub fn status<'a>(
    view: &'a View<'_>,
    verdict: &Verdict,
    troubles: &'a [Finding],
    members: Option<Vec<Member<'a>>>,
) -> Status<'a> {
    let node = view.node;
    let ino = |id: Option<NamespaceId>| id.map(|id| id.ino);
    let pinned = node.pinned();
    let unseen = match verdict {
        Verdict::Unknown(what) => what.iter().map(|what| missing(*what)).collect(),
        Verdict::InEffect
        | Verdict::NotEnabled
        | Verdict::Pending
        | Verdict::Starting
        | Verdict::Idle
        | Verdict::Degraded(_) => Vec::new(),
    };
    let host = node.outside.as_ref().map(Vec::len);
    let copies = findings::mounts::copies(view);
    // Its precision is that of a hundredth for half a million years.
    #[allow(clippy::cast_precision_loss)]
    let cpu_seconds = node.init_cpu.map(|cpu| cpu as f64 / 100.0);
    Status {
        verdict: word(verdict).replace(' ', "-"),
        reasons: troubles,
        missing: unseen,
        pin: Name(&node.point),
        namespace: ino(pinned),
        foreign: matches!(node.pinning, Pinning::Foreign(_)),
        since: node.since.filter(|_| pinned.is_some()).map(utc),
        maker: node.maker().filter(|_| pinned.is_some()).map(maker),
        unit: node.by_unit.then_some("kubens.service"),
        host: ino(node.host),
        caller: Caller { namespace: ino(node.caller), r#where: caller(view) },
        mounts: Mounts {
            inside: node.inside_count(),
            host,
            hidden: view.hidden(),
            outside: view.evidence.outside,
            before: copies.as_ref().map(Vec::len),
            gone: copies.as_ref().map(|copies| copies.iter().filter(|copy| !copy.used).count()),
            torn: findings::mounts::torn(view).map(|groups| groups.len()),
        },
        propagation: view.propagation.map(propagation),
        units: units(view),
        init: Init { mounts: host, cpu_seconds },
        members,
        not_seen: &node.blind,
    }
}

fn units<'a>(view: &'a View<'_>) -> Vec<Unit<'a>> {
    let part = |part: &'a Part| Unit {
        name: &part.name,
        role: Some(role(part.role)),
        standing: part.places.verdict().word(),
        inside: part.places.inside,
        outside: part.places.host,
        elsewhere: part.places.elsewhere,
        unseen: part.places.unseen,
        state: view.node.units.is_some().then_some(match part.run {
            Run::Settled if part.places.all() > 0 => "running",
            Run::Settled => "stopped",
            Run::Changing => "changing",
            Run::Failed => "failed",
        }),
        enters: part.enters,
    };
    let other = |(unit, inside)| Unit {
        name: unit,
        role: None,
        standing: "inside",
        inside,
        outside: 0,
        elsewhere: 0,
        unseen: 0,
        state: None,
        enters: None,
    };
    view.evidence.parts.iter().map(part).chain(others(view).into_iter().map(other)).collect()
}

pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Runtime => "runtime",
        Role::Kubelet => "kubelet",
        Role::Both => "both",
        Role::Shim => "shim",
    }
}

fn maker(maker: Maker) -> &'static str {
    match maker {
        Maker::Kubensctl => "kubensctl",
        Maker::Older => "older",
        Maker::OlderService => "container-mount-namespace",
    }
}

fn propagation(propagation: Propagation) -> &'static str {
    match propagation {
        Propagation::Right => "right",
        Propagation::Leaks(_) => "leaks",
        Propagation::Deaf => "deaf",
        Propagation::HostPrivate => "host-private",
        Propagation::NotShared => "not-shared",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::schema_tests::is_documented;

    #[test]
    fn what_programs_get_is_documented() {
        is_documented::<Status<'_>>("status");
    }
}
