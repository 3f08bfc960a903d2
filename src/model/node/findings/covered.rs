//! Troubles of single mounts: hidden under others, given up by the host, apart from the host's.

use std::collections::{BTreeSet, HashSet};

use super::Finding;
use crate::model::mounts::compare::Origin;
use crate::model::mounts::owner::{self, Owner};
use crate::model::mounts::paths::{self, Tree, is_below};
use crate::model::mounts::table::{Device, Mount};
use crate::model::node::facts::{Elsewhere, Stray, View};
use crate::model::text::Shown;

/// What follows from a device that is in use.
const BUSY: &str =
    "the device stays busy: it cannot be checked, detached or removed, and nothing on the host shows why";

/// All of them.
pub fn all(view: &View<'_>) -> Vec<Finding> {
    let one = [shadowed(view), private(view), flags(view)];
    one.into_iter().flatten().chain(lingering(view)).chain(held(view)).chain(strays(view)).collect()
}

fn host<'a>(view: &'a View<'_>) -> &'a [Mount] {
    view.node.outside.as_deref().unwrap_or_default()
}

/// The mounts of the namespace, with what each is to the host.
fn inside<'a>(view: &'a View<'_>) -> impl Iterator<Item = (&'a Mount, Origin)> {
    let origins = view.comparison.as_ref().map_or(&[][..], |comparison| &comparison.inside);
    view.node.inside.as_deref().unwrap_or_default().iter().zip(origins.iter().copied())
}

/// The pin's directory is what `kubensctl pin` makes of it.
fn is_the_pins(view: &View<'_>, target: &[u8]) -> bool {
    let end = view.node.point.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
    is_below(target, &view.node.point[..end])
}

/// Targets, each once, and not one that would end the line.
fn list<'a>(targets: impl IntoIterator<Item = &'a [u8]>, before: &str, between: &str) -> String {
    let targets: BTreeSet<_> = targets.into_iter().collect();
    targets.iter().map(|target| format!("{before}{}", Shown(target))).collect::<Vec<_>>().join(between)
}

fn shadowed(view: &View<'_>) -> Option<Finding> {
    let table = view.node.inside.as_deref()?;
    let shadowed = paths::shadowed(table);
    let theirs = paths::shadowed(host(view));
    // What is hidden on the host in the same way is hidden on purpose.
    let hosts: Vec<_> = host(view).iter().filter(|mount| theirs.contains(&mount.id)).collect();
    let alike = |mount: &Mount| {
        hosts.iter().any(|other| other.target == mount.target && other.device == mount.device)
    };
    // What lies under itself hides nothing: where a directory is mounted on itself, each mount below it is there twice.
    let itself = |mount: &Mount| {
        paths::top(table, &mount.target)
            .is_some_and(|top| (top.device, &top.root) == (mount.device, &mount.root))
    };
    let purposely = |mount: &Mount| alike(mount) || itself(mount) || is_the_pins(view, &mount.target);
    let lost: Vec<_> =
        inside(view).filter(|(mount, _)| shadowed.contains(&mount.id) && !purposely(mount)).collect();
    let tree = Tree::new(table);
    let cover = |mount| tree.over(mount).next();
    let covers: Vec<_> = lost.iter().filter_map(|(mount, _)| cover(mount)).collect();
    if lost.is_empty() {
        return None;
    }
    // What the host has mounted since, and nobody inside can see: the worst of them. A table is in the order in which
    // its mounts were made.
    let place = |mount: &Mount| table.iter().position(|other| other.id == mount.id);
    let older = |mount| cover(mount).is_some_and(|c| c.target == mount.target && place(c) < place(mount));
    let newer: Vec<_> = lost
        .iter()
        .filter(|(mount, origin)| !origin.hidden() && older(mount))
        .map(|(mount, _)| mount.target.as_slice())
        .collect();
    let all = list(lost.iter().map(|(mount, _)| mount.target.as_slice()), "", ", ");
    let found = if newer.is_empty() {
        format!("mounts inside lie hidden under others: {all}")
    } else {
        let newer = list(newer, "", ", ");
        format!("what the host has mounted at {newer} lies inside beneath an older mount; hidden are {all}")
    };
    Some(Finding {
        name: "shadowed",
        degrades: false,
        found,
        consequence: "whoever looks there finds something else, and an unmount takes away the wrong one",
        cure: list(covers.iter().map(|cover| cover.target.as_slice()), "kubensenter umount ", "; "),
    })
}

/// A mount that the host no longer has: a device, or what the host has mounted anew in that place, or a share.
fn lingering(view: &View<'_>) -> Vec<Finding> {
    let anew = |mount: &Mount| {
        let later = inside(view).skip_while(|(other, _)| other.id != mount.id).skip(1);
        later.filter(|(_, origin)| !origin.hidden()).any(|(other, _)| other.target == mount.target)
    };
    let share = |mount: &Mount| {
        ["nfs", "cifs", "smb", "ceph", "9p", "fuse.", "glusterfs", "lustre", "afs"]
            .iter()
            .any(|kind| mount.kind.starts_with(kind.as_bytes()))
    };
    let lingers = inside(view).filter(|(_, origin)| *origin == Origin::Lingering);
    lingers
        .filter_map(|(mount, _)| {
            let (source, target) = (Shown(&mount.source), Shown(&mount.target));
            let cure = format!("kubensenter umount -R {target}");
            if mount.is_on_a_device() {
                return Some(Finding {
                    name: "device-busy",
                    degrades: false,
                    found: format!("{source} is still mounted inside at {target}, and no longer on the host"),
                    consequence: BUSY,
                    cure,
                });
            }
            (anew(mount) || share(mount)).then(|| Finding {
                name: "lingering",
                degrades: false,
                found: format!(
                    "{} {source} is still mounted inside at {target}, and the host has given it up",
                    Shown(&mount.kind)
                ),
                consequence: "containers go on using what the host believes to be gone, and do not see what is mounted there now",
                cure: format!("{cure}, once no container uses what is mounted in it; else drain the node and reboot it"),
            })
        })
        .collect()
}

/// A device that a container alone still has.
fn held(view: &View<'_>) -> Vec<Finding> {
    let (Some(host), Some(inside)) = (&view.node.outside, &view.node.inside) else {
        return Vec::new();
    };
    let known: HashSet<Device> = host.iter().chain(inside).map(|mount| mount.device).collect();
    let only = |mount: &&Mount| mount.is_on_a_device() && !known.contains(&mount.device);
    let told = |(by, mount): (&Elsewhere, &Mount)| {
        let unit = by.unit.as_ref().map_or(String::new(), |unit| format!(" ({})", Shown(unit.as_bytes())));
        let target = Shown(&mount.target);
        Finding {
            name: "device-busy",
            degrades: false,
            found: format!(
                "{} is mounted for process {}{unit} alone, at {}, and no longer on the host",
                Shown(&mount.source),
                by.pid,
                target
            ),
            consequence: BUSY,
            cure: format!("nsenter -t {} -m umount {target}, or stop that container", by.pid),
        }
    };
    let elsewhere = &view.node.elsewhere;
    elsewhere
        .iter()
        .flat_map(|by| by.mounts.iter().filter(only).map(move |mount| (by, mount)))
        .map(told)
        .collect()
}

/// A device that the layers of an overlay inside are on, though nobody has it mounted any more.
fn strays(view: &View<'_>) -> Vec<Finding> {
    let told = |stray: &Stray| Finding {
        name: "device-busy",
        degrades: false,
        found: format!(
            "{} is mounted nowhere and in use: layers that are gone are of the overlay inside at {}",
            Shown(stray.device.as_bytes()),
            list(stray.overlays.iter().map(Vec::as_slice), "", ", ")
        ),
        consequence: BUSY,
        cure: format!(
            "stop that container, or {}",
            list(stray.overlays.iter().map(Vec::as_slice), "kubensenter umount ", "; ")
        ),
    };
    view.node.strays.iter().map(told).collect()
}

/// A directory of the kubelet's or a runtime's that passes nothing on, though the root does.
fn private(view: &View<'_>) -> Option<Finding> {
    view.node.pinned()?;
    let closed = host(view)
        .iter()
        .filter(|mount| mount.shared.is_none() && owner::owner(&mount.target) == Some(Owner::Kubernetes));
    let targets: Vec<_> = closed.map(|mount| mount.target.as_slice()).collect();
    (!targets.is_empty()).then(|| Finding {
        name: "private-mount",
        degrades: false,
        found: format!(
            "the host passes on nothing that is mounted below {}",
            list(targets.clone(), "", ", ")
        ),
        consequence: "what the host mounts there later does not arrive inside",
        cure: list(targets, "mount --make-rshared ", "; "),
    })
}

/// What the host has remounted to be read or written, and the namespace has not heard of it.
fn flags(view: &View<'_>) -> Option<Finding> {
    let writable = |mount: &Mount| mount.options.split(|&byte| byte == b',').any(|option| option == b"rw");
    // Of several in one place those of one group may differ.
    let theirs: HashSet<_> = host(view)
        .iter()
        .filter_map(|mount| {
            Some((mount.shared.or(mount.master)?, &mount.root, &mount.target, writable(mount)))
        })
        .collect();
    let other = |mount: &Mount| {
        let is = |writable| {
            mount.master.is_some_and(|group| theirs.contains(&(group, &mount.root, &mount.target, writable)))
        };
        let ours = writable(mount);
        (is(!ours) && !is(ours)).then_some(!ours)
    };
    let differ: Vec<_> = inside(view)
        .filter(|(mount, origin)| *origin == Origin::Arrived && !is_the_pins(view, &mount.target))
        .filter_map(|(mount, _)| Some((mount.target.as_slice(), other(mount)?)))
        .collect();
    let word = |writable| if writable { "rw" } else { "ro" };
    let told = |(target, writable): &(&[u8], bool)| {
        format!("{} is {} on the host and {} inside", Shown(target), word(*writable), word(!*writable))
    };
    let cure = |(target, writable): &(&[u8], bool)| {
        format!("kubensenter mount -o remount,{},bind {}", word(*writable), Shown(target))
    };
    (!differ.is_empty()).then(|| Finding {
        name: "remount-unseen",
        degrades: false,
        found: differ.iter().map(told).collect::<Vec<_>>().join(", "),
        consequence: "a remount is no mount and does not arrive: containers cannot write, or can",
        cure: differ.iter().map(cure).collect::<Vec<_>>().join("; "),
    })
}
