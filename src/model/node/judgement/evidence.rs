//! What of the facts a verdict rests on: who decides, and where each is. A process is known by its program, and where
//! that is a script's interpreter by its unit; no process is passed over because of another.

use super::{Evidence, Part, Pin, Run};
use crate::model::mounts::compare::Propagation;
use crate::model::mounts::owner;
use crate::model::namespace::NamespaceId;
use crate::model::node::catalogue::Role;
use crate::model::node::facts::{Node, Pinning};
use crate::model::node::manager::{self, Told};
use crate::model::node::members::{Count, Process, whereabouts};
use crate::model::text::Shown;

/// A process that decides something.
struct Decider<'a> {
    process: &'a Process,
    role: Role,
    name: String,
}

/// The evidence, and the namespace that counts as inside.
pub fn of(node: &Node, propagation: Option<Propagation>) -> (Evidence, Option<NamespaceId>) {
    let deciders: Vec<_> = node.processes().iter().filter_map(|process| decider(node, process)).collect();
    let (pin, home) = home(node, &deciders);
    let blind = node.host.is_none()
        || node.processes.is_none()
        || node.processes().iter().any(|process| process.namespace.is_none());
    let evidence = Evidence {
        pin,
        service: node.units.as_deref().map(manager::service),
        parts: parts(node, &deciders, home),
        blind,
        propagation,
        outside: outside(node),
    };
    (evidence, home)
}

fn decider<'a>(node: &'a Node, process: &'a Process) -> Option<Decider<'a>> {
    let is_main = |unit: &&Told| unit.main == Some(process.pid) && unit.run != Run::Changing;
    let by_unit = || {
        let unit = node.units.as_ref()?.iter().find(is_main)?;
        unit.role.filter(|_| !manager::is_entrance(&process.program))
    };
    let role = process.role.or_else(by_unit)?;
    let unit = process.unit.as_deref();
    let name = match (role, unit) {
        (Role::Shim, Some(unit)) if unit.starts_with("crio-conmon") => "crio-conmon-*.scope".to_owned(),
        (_, Some(unit)) => unit.to_owned(),
        (_, None) => Shown(&process.program).to_string(),
    };
    Some(Decider { process, role, name })
}

/// What is pinned, and which namespace counts as inside.
fn home(node: &Node, deciders: &[Decider<'_>]) -> (Pin, Option<NamespaceId>) {
    let lives = |id: NamespaceId| deciders.iter().any(|decider| decider.process.namespace == Some(id));
    match (&node.pinning, lost(node, deciders)) {
        (Pinning::Unknown(_), _) => (Pin::Unseen, None),
        (Pinning::Foreign(id), _) => (Pin::Foreign, Some(*id)),
        (Pinning::Pinned(id), Some(lost)) if !lives(*id) => (Pin::Lost, Some(lost)),
        (Pinning::Pinned(id), _) => (Pin::Here, Some(*id)),
        (Pinning::Nothing(_), _) if node.older.is_some() => (Pin::Older, node.older),
        (Pinning::Nothing(_), Some(lost)) => (Pin::Lost, Some(lost)),
        (Pinning::Nothing(_), None) => (Pin::Nothing, None),
    }
}

/// The namespace that lost its pin: it has the mark of one that was pinned or, as one unit alone may have a sandbox,
/// two share it. Runtime and kubelet in one are two, where nothing is pinned.
fn lost(node: &Node, deciders: &[Decider<'_>]) -> Option<NamespaceId> {
    let host = node.host?;
    let known = |id: NamespaceId| id == host || Some(id) == node.pinned() || Some(id) == node.older;
    let others = deciders.iter().filter_map(|decider| decider.process.namespace).filter(|id| !known(*id));
    let shared = |id: &NamespaceId| {
        let here = || {
            let here = deciders.iter().filter(|decider| decider.process.namespace == Some(*id));
            here.filter(|decider| decider.role != Role::Shim)
        };
        let names = |first: &Decider<'_>| here().any(|other| other.name != first.name);
        let marked = node.apart.iter().any(|apart| apart.id == *id && apart.marked);
        let whole = || node.pinned().is_none() && here().any(|decider| decider.role == Role::Both);
        let peer = node.apart.iter().any(|apart| apart.id == *id && apart.peer.is_some());
        !peer && (marked || here().next().is_some_and(names) || whole())
    };
    let count = |id: &NamespaceId| deciders.iter().filter(|one| one.process.namespace == Some(*id)).count();
    others.filter(shared).max_by_key(count)
}

fn parts(node: &Node, deciders: &[Decider<'_>], home: Option<NamespaceId>) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let told = |name: &str| node.units.as_ref().and_then(|units| units.iter().find(|unit| unit.name == name));
    // Who is no unit is started by nobody knows whom.
    let enters = |name: &str| told(name).map(|unit| unit.enters);
    for decider in deciders {
        let namespace = decider.process.namespace;
        let apart = node.apart.iter().find(|apart| Some(apart.id) == namespace);
        let place = apart.and_then(|apart| apart.peer).or(namespace);
        let place = whereabouts(place, home, node.host);
        let shim = decider.role == Role::Shim;
        let same = |part: &&mut Part| part.name == decider.name && (part.role == Role::Shim) == shim;
        if let Some(part) = parts.iter_mut().find(same) {
            part.places.add(place);
            if part.role != decider.role {
                part.role = Role::Both;
            }
            continue;
        }
        let mut places = Count::default();
        places.add(place);
        parts.push(Part {
            name: decider.name.clone(),
            role: decider.role,
            places,
            run: told(&decider.name).filter(|_| !shim).map_or(Run::Settled, |unit| unit.run),
            enters: enters(&decider.name).map(|enters| enters && !shim),
        });
    }
    for unit in node.units.iter().flatten() {
        let Some(role) = unit.role.filter(|_| parts.iter().all(|part| part.name != unit.name)) else {
            continue;
        };
        let enters = Some(unit.enters);
        parts.push(Part { name: unit.name.clone(), role, places: Count::default(), run: unit.run, enters });
    }
    parts.sort_by(|one, other| one.name.cmp(&other.name));
    parts
}

/// How many mounts of containers and volumes the host has got since the pin: its table is in the order in which they
/// were made.
fn outside(node: &Node) -> Option<usize> {
    let host = node.outside.as_ref()?;
    let since = host.get(node.pin_mount()?..)?;
    Some(since.iter().filter(|mount| owner::is_a_pods(&mount.target)).count())
}

#[cfg(test)]
mod tests;
