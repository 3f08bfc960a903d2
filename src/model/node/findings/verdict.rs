//! The troubles of the verdict, in words.

use super::Finding;
use crate::model::mounts::compare::Propagation;
use crate::model::mounts::owner;
use crate::model::node::catalogue::Role;
use crate::model::node::facts::{Pinning, View};
use crate::model::node::judgement::{Part, Run, Trouble, Verdict};
use crate::model::node::manager::KUBENS;
use crate::model::text::{Shown, counted};

/// What a node needs that is set up and only has to start anew.
const REBOOT: &str = "drain the node and reboot it";

/// The troubles because of which the verdict is what it is.
pub fn of(view: &View<'_>, verdict: &Verdict) -> Vec<Finding> {
    let Verdict::Degraded(troubles) = verdict else {
        return Vec::new();
    };
    troubles.iter().map(|trouble| finding(view, *trouble)).collect()
}

fn finding(view: &View<'_>, trouble: Trouble) -> Finding {
    match trouble {
        Trouble::Foreign => told(
            "pin-foreign",
            format!("the namespace pinned at {} belongs to another user namespace", Shown(&view.node.point)),
            "whoever made it decides what programs and files root finds in it",
            "find out who made it; kubensctl unpin --force; kubensctl pin".to_owned(),
        ),
        Trouble::Lost => lost(view),
        Trouble::Failed => failed(view),
        Trouble::Propagation(how) => propagation(how),
        Trouble::Split | Trouble::Half | Trouble::Leaving => two_sides(view, trouble),
        Trouble::Unused => told(
            "unused",
            format!("nothing of Kubernetes is inside: {}", whereabouts(view)),
            "containers' mounts are on the host, and systemd pays for them",
            enter(view),
        ),
        Trouble::Outside(count) => told(
            "mounts-outside",
            format!(
                "since the namespace was pinned, the host has got {} of containers or volumes, the first at {}",
                counted(count, "mount"),
                first_outside(view)
            ),
            "systemd pays for them, and what made them does not see what is mounted inside",
            "find what mounts there (a CSI driver that enters PID 1's namespace, podman) and have it enter this one"
                .to_owned(),
        ),
        Trouble::NotRunning => not_running(view),
    }
}

fn told(name: &'static str, found: String, consequence: &'static str, cure: String) -> Finding {
    Finding { name, degrades: true, found, consequence, cure }
}

fn list<'a>(parts: impl IntoIterator<Item = &'a Part>, between: &str) -> String {
    let names: Vec<_> = parts.into_iter().map(|part| Shown(part.name.as_bytes()).to_string()).collect();
    names.join(between)
}

fn parts<'a>(view: &'a View<'_>) -> impl Iterator<Item = &'a Part> {
    view.evidence.parts.iter().filter(|part| part.places.all() > 0)
}

/// Who is outside, and where.
fn whereabouts(view: &View<'_>) -> String {
    let place = |part: &Part| {
        let place = if part.places.host > 0 { "outside" } else { "in a namespace of its own" };
        let name = Shown(part.name.as_bytes());
        match (part.role, part.places.host + part.places.elsewhere) {
            (Role::Shim, 1) => format!("1 shim of {name} is {place}"),
            (Role::Shim, count) => format!("{count} shims of {name} are {place}"),
            _ => format!("{name} is {place}"),
        }
    };
    parts(view).filter(|part| part.is_outside()).map(place).collect::<Vec<_>>().join(", ")
}

/// How what is outside comes inside, and what is inside stays there when it starts again.
fn enter(view: &View<'_>) -> String {
    let starts_outside = |part: &Part| !part.enters.unwrap_or(part.is_inside());
    let stays = |part: &&Part| part.is_main() && starts_outside(part);
    let stays: Vec<_> = parts(view).filter(stays).collect();
    let (units, others): (Vec<&Part>, Vec<&Part>) =
        stays.into_iter().partition(|part| part.name.ends_with(".service"));
    let mut cure = Vec::new();
    if !units.is_empty() {
        cure.push(format!("kubensctl wrap {}", list(units, " ")));
    }
    if !others.is_empty() {
        cure.push(format!("have {} started through kubensenter", list(others, ", ")));
    }
    cure.push(REBOOT.to_owned());
    cure.join(", then ")
}

fn lost(view: &View<'_>) -> Finding {
    let units = list(parts(view).filter(|part| part.is_inside()), ", ");
    let (found, cure) = match (view.home, &view.node.pinning) {
        (None, _) => (
            "kubens.service is active, and its pin is gone".to_owned(),
            "kubensctl pin makes a new one; nothing lives in the old".to_owned(),
        ),
        (Some(home), Pinning::Pinned(_)) => (
            format!("{units} live in mnt:[{}], which is not the namespace that is pinned", home.ino),
            format!("{REBOOT}; until then, kubensenter --target PID enters theirs"),
        ),
        (Some(home), _) => (
            format!("the pin is missing, and {units} live in mnt:[{}]", home.ino),
            "kubensctl pin finds that namespace and pins it again".to_owned(),
        ),
    };
    told("pin-missing", found, "whatever is started or restarted now runs apart from them", cure)
}

/// What is pinned stays so, and kubens.service will not pin it again.
pub fn service(view: &View<'_>) -> Option<Finding> {
    view.node.pinned()?;
    let unit = view.node.units.iter().flatten().find(|unit| unit.name == KUBENS)?;
    let (found, cure) = if unit.masked {
        ("kubens.service is masked", "systemctl unmask kubens.service")
    } else if unit.run == Run::Failed {
        ("kubens.service has failed", "systemctl restart kubens.service")
    } else {
        return None;
    };
    let why = view.node.last_words.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    Some(Finding {
        degrades: false,
        ..told(
            "service-failed",
            format!("{found}{why}"),
            "after the next boot nothing is pinned, and the services that are to run inside run on the host",
            cure.to_owned(),
        )
    })
}

fn failed(view: &View<'_>) -> Finding {
    let masked = view.node.units.iter().flatten().any(|unit| unit.name == KUBENS && unit.masked);
    let why = view.node.last_words.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let (found, cure) = if masked {
        ("kubens.service is masked".to_owned(), format!("systemctl unmask kubens.service, then {REBOOT}"))
    } else {
        (
            format!("kubens.service has failed{why}"),
            format!("mend what it says, systemctl restart kubens.service, then {REBOOT}"),
        )
    };
    told(
        "service-failed",
        found,
        "nothing is pinned, and the services that are to run inside run on the host",
        cure,
    )
}

/// Mounts do not go the way they should.
fn propagation(how: Propagation) -> Finding {
    let remake = "drain the node, kubensctl unpin --force, stop the runtime and the kubelet, kubensctl pin, start them";
    let (found, consequence, cure) = match how {
        Propagation::Leaks(count) => (
            format!("mounts inside that are in a peer group of the host's: {count}"),
            "what containers mount appears on the host, and systemd pays for it",
            format!("kubensctl pin sets it right for what is mounted later; else {remake}"),
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
        Propagation::Deaf | Propagation::Right => (
            "the namespace's root does not receive the host's mounts".to_owned(),
            "disks and shares that the host mounts later are missing in containers",
            remake.to_owned(),
        ),
    };
    told("propagation", found, consequence, cure)
}

/// The runtime, the kubelet and their shims are not all in one namespace.
fn two_sides(view: &View<'_>, trouble: Trouble) -> Finding {
    let inside = list(parts(view).filter(|part| part.is_inside()).filter(|part| part.is_main()), ", ");
    let outside = whereabouts(view);
    match trouble {
        Trouble::Leaving => {
            let mains = list(parts(view).filter(|part| part.is_main()), ", ");
            let count: usize =
                parts(view).filter(|part| part.is_inside()).map(|part| part.places.inside).sum();
            told(
                "leaving",
                format!(
                    "on the way out: {mains} run outside, and the shims of {count} older containers inside"
                ),
                "those containers and their volumes are mounted inside, where nobody cleans up any more",
                format!("{REBOOT}, or stop those containers"),
            )
        }
        Trouble::Half => {
            let mains = parts(view).filter(|part| part.is_outside()).any(Part::is_main);
            told(
                "half-switched",
                format!("half switched: {outside}, while {inside} is inside"),
                "containers from before the move keep their mounts on the other side, where nobody cleans up",
                if mains { enter(view) } else { format!("{REBOOT}, or stop those containers") },
            )
        }
        Trouble::Split
        | Trouble::Foreign
        | Trouble::Lost
        | Trouble::Failed
        | Trouble::Propagation(_)
        | Trouble::Unused
        | Trouble::Outside(_)
        | Trouble::NotRunning => told(
            "split-brain",
            format!("{outside} while {inside} is inside"),
            "volumes that the one mounts do not reach the containers that the other starts",
            enter(view),
        ),
    }
}

fn first_outside(view: &View<'_>) -> String {
    let host = view.node.outside.as_deref().unwrap_or_default();
    let since = view.node.pin_mount().and_then(|place| host.get(place..)).unwrap_or_default();
    let first = since.iter().find(|mount| owner::is_a_pods(&mount.target));
    first.map_or(String::new(), |mount| Shown(&mount.target).to_string())
}

fn not_running(view: &View<'_>) -> Finding {
    let failed = view.evidence.parts.iter().filter(|part| part.run == Run::Failed && part.places.all() == 0);
    let names = list(failed, " ");
    told(
        "not-running",
        format!("{} has failed, and half of the node does not run", names.replace(' ', ", ")),
        "no container can be started or stopped",
        format!("journalctl -u {} says why; then systemctl restart {names}", names.replace(' ', " -u ")),
    )
}
