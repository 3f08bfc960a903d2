//! The mount table of the pinned namespace beside the host's: which mount of the one is which of the other. Peer
//! groups and masters decide; a path alone decides only for mounts that belong to no group.

use std::collections::{HashMap, HashSet};

use crate::model::mounts::owner;
use crate::model::mounts::paths;
use crate::model::mounts::table::{Device, Mount};

/// What a mount of the namespace is to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The host has it, and what is mounted below it there arrives here.
    Arrived,
    /// The host has it too, and the two know nothing of each other.
    Copied,
    /// It is in one peer group with a mount of the host: what is mounted below it appears on the host.
    Leaking,
    /// Only the namespace has it.
    Own,
    /// Only the namespace has it any more: the host's side is gone.
    Lingering,
}

impl Origin {
    /// Whether the host lacks it.
    pub fn hidden(self) -> bool {
        match self {
            Origin::Own | Origin::Lingering => true,
            Origin::Arrived | Origin::Copied | Origin::Leaking => false,
        }
    }
}

/// Both tables, told apart.
pub struct Comparison {
    /// What each mount of the namespace is, in the table's order.
    pub inside: Vec<Origin>,
    /// Whether the namespace has each mount of the host, in the table's order.
    pub arrived: Vec<bool>,
}

impl Comparison {
    /// How many mounts of the namespace the host lacks.
    pub fn hidden(&self) -> usize {
        self.inside.iter().filter(|origin| origin.hidden()).count()
    }

    /// How many mounts of the namespace are in a peer group of the host.
    pub fn leaking(&self) -> usize {
        self.inside.iter().filter(|&&origin| origin == Origin::Leaking).count()
    }
}

/// Compares the namespace's table with the host's. At `point` the host has the pin, and the namespace, which cannot
/// have a pin of itself, the mark by which it is known: the pin's file, mounted on itself.
pub fn compare(inside: &[Mount], host: &[Mount], point: &[u8]) -> Comparison {
    let mut unmatched = Unmatched::new(host);
    // Peers show one file system. A group's number is given again as soon as it is free, perhaps between two looks.
    let groups: HashSet<_> = host.iter().filter_map(|mount| Some((mount.shared?, mount.device))).collect();
    let known = |group: Option<u32>, mount: &Mount| {
        group.is_some_and(|group| groups.contains(&(group, mount.device)))
    };
    let mut origins = Vec::with_capacity(inside.len());
    for mount in inside {
        origins.push(if known(mount.shared, mount) {
            // It leaks whether or not the host still shows it at this path.
            unmatched.take(mount.shared.map(Tag::Group), mount);
            Some(Origin::Leaking)
        } else if known(mount.master, mount) && unmatched.take(mount.master.map(Tag::Group), mount) {
            Some(Origin::Arrived)
        } else {
            None
        });
    }
    // A copy of a mount that only receives receives from the same group, or from the copy of that; a copy of one in no
    // group is in none; and what has left its groups since is known by its path alone.
    let relayed: HashMap<u32, u32> =
        inside.iter().filter_map(|mount| Some((mount.shared?, mount.master?))).collect();
    let from = |group| Tag::Slave(relayed.get(&group).copied().unwrap_or(group));
    for way in 0..3 {
        let tag = |mount: &Mount| match way {
            0 => Some(mount.master.map_or(Tag::Alone, Tag::Slave)),
            1 => mount.master.map(from),
            _ => mount.master.is_none().then_some(Tag::Any),
        };
        for (mount, origin) in inside.iter().zip(&mut origins) {
            if origin.is_none() && unmatched.take(tag(mount), mount) {
                *origin = Some(Origin::Copied);
            }
        }
    }
    for (mount, origin) in inside.iter().zip(&mut origins) {
        if origin.is_none() && is_mark(mount, point) {
            *origin = Some(Origin::Copied);
        }
    }
    let arrived = unmatched.arrived;
    Comparison { inside: settle(inside, host, &origins), arrived }
}

/// The mark of a namespace that was pinned at `point`.
fn is_mark(mount: &Mount, point: &[u8]) -> bool {
    mount.target == point && mount.kind == b"tmpfs"
}

/// Whether a table is that of a namespace that was pinned at `point`.
pub fn is_marked(table: &[Mount], point: &[u8]) -> bool {
    table.iter().any(|mount| is_mark(mount, point))
}

/// Whether what is mounted in the kubelet's and the runtime's directories of the one table appears in the other, too.
pub fn peers(table: &[Mount], other: &[Mount]) -> bool {
    let groups: HashSet<_> = other.iter().filter_map(|mount| Some((mount.shared?, mount.device))).collect();
    let theirs = table.iter().filter(|mount| owner::is_kubernetes(&mount.target));
    theirs.filter_map(|mount| Some((mount.shared?, mount.device))).any(|group| groups.contains(&group))
}

/// The host's mounts that the namespace has not been found to have, by what they are looked up by.
struct Unmatched<'a> {
    waiting: HashMap<Key<'a>, Vec<usize>>,
    arrived: Vec<bool>,
}

/// In which way a mount of the host may be one of the namespace.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Tag {
    /// It shares with this group.
    Group(u32),
    /// It only receives, from this group.
    Slave(u32),
    /// It is in no group.
    Alone,
    /// In any way.
    Any,
}

/// A mount by its groups, its file system, and its place.
type Key<'a> = (Tag, Device, &'a [u8], &'a [u8]);

fn key(tag: Tag, mount: &Mount) -> Key<'_> {
    (tag, mount.device, &mount.root, &mount.target)
}

impl<'a> Unmatched<'a> {
    fn new(host: &'a [Mount]) -> Self {
        let mut waiting: HashMap<_, Vec<usize>> = HashMap::with_capacity(host.len() * 2);
        for (place, mount) in host.iter().enumerate().rev() {
            let alone = || mount.master.map_or(Tag::Alone, Tag::Slave);
            for tag in [Tag::Any, mount.shared.map_or_else(alone, Tag::Group)] {
                waiting.entry(key(tag, mount)).or_default().push(place);
            }
        }
        Unmatched { waiting, arrived: vec![false; host.len()] }
    }

    /// Whether there is one like `mount` of this sort; it is not there a second time.
    fn take(&mut self, tag: Option<Tag>, mount: &'a Mount) -> bool {
        let Some(places) = tag.and_then(|tag| self.waiting.get_mut(&key(tag, mount))) else {
            return false;
        };
        while let Some(place) = places.pop() {
            if !std::mem::replace(&mut self.arrived[place], true) {
                return true;
            }
        }
        false
    }
}

/// Tells what only the namespace has into its own, and what the host once had.
fn settle(inside: &[Mount], host: &[Mount], origins: &[Option<Origin>]) -> Vec<Origin> {
    let index: HashMap<u32, usize> =
        inside.iter().enumerate().map(|(place, mount)| (mount.id, place)).collect();
    let parents: HashSet<u32> = inside.iter().map(|mount| mount.parent).collect();
    let devices: HashSet<Device> = host.iter().map(|mount| mount.device).collect();
    let on_the_hosts =
        |mount: &Mount| index.get(&mount.parent).is_some_and(|&place| origins[place].is_some());
    // A mount that lost its host side has no master left, so it must be told by what it is: it stands where the host
    // mounts, no layout of Kubernetes explains it, and it is a device that the host does not use, or a mount that
    // others stand on, which is what keeps an unmount of the host's from arriving.
    let lingers = |mount: &Mount| {
        let device = mount.is_on_a_device() && !devices.contains(&mount.device);
        mount.master.is_none()
            && on_the_hosts(mount)
            && (device || parents.contains(&mount.id))
            && !owner::is_kubernetes(&mount.target)
    };
    let settle = |(mount, origin): (&Mount, &Option<Origin>)| match origin {
        Some(origin) => *origin,
        None if lingers(mount) => Origin::Lingering,
        None => Origin::Own,
    };
    inside.iter().zip(origins).map(settle).collect()
}

/// Whether the host's mounts arrive in the namespace and its own stay there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They do.
    Right,
    /// Mounts of the namespace appear on the host: so many of its mounts are in a peer group of the host's.
    Leaks(usize),
    /// Mounts of the host do not arrive.
    Deaf,
    /// Mounts of the host do not arrive, because the host's own root passes nothing on.
    HostPrivate,
    /// Containers inside cannot pass mounts to one another.
    NotShared,
}

/// Judges by the two roots and by the comparison. `None`: the namespace receives from a group that this host has
/// not, so the host that it belongs to is another one, which cannot be seen.
pub fn propagation(inside: &[Mount], host: &[Mount], comparison: &Comparison) -> Option<Propagation> {
    let leaking = comparison.leaking();
    if leaking > 0 {
        return Some(Propagation::Leaks(leaking));
    }
    let (ours, theirs) = (paths::top(inside, b"/")?, paths::top(host, b"/")?);
    if ours.master.is_some_and(|group| host.iter().all(|mount| mount.shared != Some(group))) {
        return None;
    }
    Some(if theirs.shared.is_none() {
        Propagation::HostPrivate
    } else if ours.master != theirs.shared {
        Propagation::Deaf
    } else if ours.shared.is_none() {
        Propagation::NotShared
    } else {
        Propagation::Right
    })
}

#[cfg(test)]
mod tests;
