//! What is wrong with a node, each trouble in one place: what was found, what follows from it, and the cure. Here are
//! those that the kernel alone tells; `units` has those of systemd's units.

pub mod mounts;
pub mod selinux;
pub mod units;

use crate::model::json::Json;
use crate::model::mounts::compare::Propagation;
use crate::model::namespace::NamespaceId;
use crate::model::node::facts::{Pinning, View};
use crate::model::node::members::{Role, Standing, role};

/// A trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its name, for programs.
    pub name: &'static str,
    /// Whether encapsulation does not hold because of it.
    pub degrades: bool,
    /// What was found.
    pub found: String,
    /// What follows.
    pub consequence: &'static str,
    /// What to do.
    pub cure: String,
}

/// A trouble for programs; the schema is in kubensctl(8).
pub fn json(finding: &Finding) -> Json {
    Json::Object(vec![
        ("name", finding.name.into()),
        ("degrades", finding.degrades.into()),
        ("found", finding.found.as_str().into()),
        ("consequence", finding.consequence.into()),
        ("cure", finding.cure.as_str().into()),
    ])
}

/// The troubles because of which encapsulation does not hold.
pub fn degrading(view: &View<'_>) -> Vec<Finding> {
    [unreadable(view), lost(view), propagation(view), split(view), torn(view)].into_iter().flatten().collect()
}

/// The units of Kubernetes and where each is.
fn services<'a>(view: &'a View<'_>) -> impl Iterator<Item = (&'a str, Standing)> {
    let known = view.units.iter().filter(|(unit, _)| role(unit).is_some_and(|role| role != Role::Shim));
    known.map(|(unit, count)| (*unit, count.verdict())).filter(|(_, standing)| *standing != Standing::Unseen)
}

fn standing<'a>(view: &'a View<'_>, which: &[Standing]) -> Vec<&'a str> {
    services(view).filter(|(_, standing)| which.contains(standing)).map(|(unit, _)| unit).collect()
}

/// The pin cannot be looked at.
fn unreadable(view: &View<'_>) -> Option<Finding> {
    match &view.node.pinning {
        Pinning::Unknown(why) => Some(Finding {
            name: "pin-unreadable",
            degrades: true,
            found: format!("the pin cannot be looked at: {why}"),
            consequence: "services may be unable to join for the same reason",
            cure: "run this as root; as root, look at what lies at the pin's path".to_owned(),
        }),
        Pinning::Pinned(_) | Pinning::Nothing(_) => None,
    }
}

/// The namespace that lost its pin: services share it, and it is neither the host's nor pinned.
pub fn orphan(view: &View<'_>) -> Option<(NamespaceId, Vec<String>)> {
    let node = view.node;
    let lives = |id: NamespaceId| Some(id) != node.host && Some(id) != view.pinned;
    let mut homes: Vec<(NamespaceId, Vec<String>)> = Vec::new();
    for process in node.processes.iter().filter(|_| node.host.is_some()) {
        let unit = process.unit.as_deref().filter(|unit| role(unit).is_some_and(|role| role != Role::Shim));
        let Some((id, unit)) = process.namespace.filter(|&id| lives(id)).zip(unit) else {
            continue;
        };
        match homes.iter_mut().find(|(home, _)| *home == id) {
            Some((_, units)) if units.iter().any(|known| known == unit) => {}
            Some((_, units)) => units.push(unit.to_owned()),
            None => homes.push((id, vec![unit.to_owned()])),
        }
    }
    // One unit alone may have a sandbox; two share a namespace only where somebody put them there. Runtime and
    // kubelet in one are two, unless they may just as well have been put into a sandbox instead of the pin.
    let both =
        |units: &[String]| view.pinned.is_none() && units.iter().any(|unit| role(unit) == Some(Role::Both));
    let shared = |units: &Vec<String>| units.len() > 1 || both(units);
    homes.into_iter().filter(|(_, units)| shared(units)).max_by_key(|(_, units)| units.len())
}

/// Nothing is pinned, and services live in the namespace that once was.
fn lost(view: &View<'_>) -> Option<Finding> {
    let (id, units) = orphan(view)?;
    let units = units.join(", ");
    let (found, cure) = match view.node.pinning {
        Pinning::Pinned(_) => (
            format!("{units} live in mnt:[{}], which is not the namespace that is pinned", id.ino),
            "drain the node and reboot it; until then, kubensenter --target PID enters theirs".to_owned(),
        ),
        Pinning::Nothing(_) | Pinning::Unknown(_) => (
            format!("the pin is missing, and {units} live in mnt:[{}]", id.ino),
            "kubensctl pin finds that namespace and pins it again".to_owned(),
        ),
    };
    Some(Finding {
        name: "pin-missing",
        degrades: true,
        found,
        consequence: "whatever is started or restarted now runs apart from them",
        cure,
    })
}

/// Mounts do not go the way they should.
fn propagation(view: &View<'_>) -> Option<Finding> {
    let remake = "drain the node, kubensctl unpin --force, stop the runtime and the kubelet, kubensctl pin, start them";
    let (found, consequence, cure) = match view.propagation? {
        Propagation::Right => return None,
        Propagation::Leaks(count) => (
            format!("{count} mounts inside are in a peer group of the host's"),
            "what containers mount appears on the host, and systemd pays for it",
            format!("kubensctl pin sets it right for what is mounted later; else {remake}"),
        ),
        Propagation::Deaf => (
            "the namespace's root does not receive the host's mounts".to_owned(),
            "disks and shares that the host mounts later are missing in containers",
            remake.to_owned(),
        ),
        Propagation::HostPrivate => (
            "the host's root passes no mounts on: it is private".to_owned(),
            "disks and shares that the host mounts later are missing in containers",
            format!("find what runs mount --make-private / at boot; mount --make-rshared /; then {remake}"),
        ),
        Propagation::NotShared => (
            "the namespace's root is not shared inside".to_owned(),
            "containers cannot pass mounts to one another, and mountPropagation: Bidirectional fails",
            "kubensctl pin sets it right".to_owned(),
        ),
    };
    Some(Finding { name: "propagation", degrades: true, found, consequence, cure })
}

/// The runtime, the kubelet and their shims are not all in one namespace.
fn split(view: &View<'_>) -> Option<Finding> {
    view.pinned?;
    let inside = standing(view, &[Standing::Inside, Standing::Torn]);
    let mut outside = standing(view, &[Standing::Host, Standing::Elsewhere]);
    let orphans = orphan(view).map_or(Vec::new(), |(_, units)| units);
    outside.retain(|unit| !orphans.iter().any(|orphan| orphan == unit));
    if outside.is_empty() {
        return None;
    }
    let listed = outside.join(" ");
    let place = |unit: &str| match view.units.get(unit).map(crate::model::node::members::Count::verdict) {
        Some(Standing::Elsewhere) => "in a namespace of its own",
        _ => "outside",
    };
    let whereabouts: Vec<_> = outside.iter().map(|unit| format!("{unit} is {}", place(unit))).collect();
    let whereabouts = whereabouts.join(", ");
    Some(if inside.is_empty() {
        Finding {
            name: "unused",
            degrades: true,
            found: format!("nothing of Kubernetes is inside: {whereabouts}"),
            consequence: "containers' mounts are on the host, and systemd pays for them",
            cure: format!(
                "kubensctl wrap {listed} (kubensctl wrap --env for CRI-O), then drain the node and reboot it"
            ),
        }
    } else {
        Finding {
            name: "split-brain",
            degrades: true,
            found: format!("{whereabouts} while {} is inside", inside.join(", ")),
            consequence: "volumes that the one mounts do not reach the containers that the other starts",
            cure: format!(
                "kubensctl wrap {listed} (kubensctl wrap --env for CRI-O), then drain the node and reboot it"
            ),
        }
    })
}

/// One unit has processes on both sides.
fn torn(view: &View<'_>) -> Option<Finding> {
    view.pinned?;
    let torn: Vec<_> = view
        .units
        .iter()
        .filter(|(unit, count)| {
            let (inside, host) = (count.inside > 0, count.host > 0);
            role(unit).is_some() && inside && host
        })
        .collect();
    if torn.is_empty() {
        return None;
    }
    let listed: Vec<_> = torn
        .iter()
        .map(|(unit, count)| {
            format!("{unit} has {} processes inside and {} outside", count.inside, count.host)
        })
        .collect();
    Some(Finding {
        name: "split-brain",
        degrades: true,
        found: listed.join(", "),
        consequence: "containers from before the move keep their mounts on the other side, where nobody cleans up",
        cure: "drain the node and reboot it, or stop those containers".to_owned(),
    })
}

#[cfg(test)]
mod tests;
