//! The mount table of the pinned namespace beside the host's: which mount of the one is which of the other. Peer
//! groups and masters decide; a path alone decides only for mounts that belong to no group.

use std::collections::{HashMap, HashSet};

use super::mounts::{Device, Mount};
use super::owner;
use super::paths;

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
    /// The mounts of the namespace to which no path leads, by number.
    pub shadowed: HashSet<u32>,
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
    let groups: HashSet<u32> = host.iter().filter_map(|mount| mount.shared).collect();
    let known = |group: Option<u32>| group.is_some_and(|group| groups.contains(&group));
    let mut origins = Vec::with_capacity(inside.len());
    for mount in inside {
        origins.push(if known(mount.shared) {
            // It leaks whether or not the host still shows it at this path.
            unmatched.take(mount.shared, mount);
            Some(Origin::Leaking)
        } else if known(mount.master) && unmatched.take(mount.master, mount) {
            Some(Origin::Arrived)
        } else {
            None
        });
    }
    for (mount, origin) in inside.iter().zip(&mut origins) {
        if origin.is_none() && mount.master.is_none() && unmatched.take(None, mount) {
            *origin = Some(Origin::Copied);
        }
    }
    for (mount, origin) in inside.iter().zip(&mut origins) {
        if origin.is_none() && mount.target == point && mount.kind == b"tmpfs" {
            *origin = Some(Origin::Copied);
        }
    }
    let arrived = unmatched.arrived;
    Comparison { inside: settle(inside, host, &origins), arrived, shadowed: paths::shadowed(inside) }
}

/// The host's mounts that the namespace has not been found to have, by group and by path alone.
struct Unmatched<'a> {
    waiting: HashMap<Key<'a>, Vec<usize>>,
    arrived: Vec<bool>,
}

/// A mount by its peer group, its file system, and its place.
type Key<'a> = (Option<u32>, Device, &'a [u8], &'a [u8]);

fn key(group: Option<u32>, mount: &Mount) -> Key<'_> {
    (group, mount.device, &mount.root, &mount.target)
}

impl<'a> Unmatched<'a> {
    fn new(host: &'a [Mount]) -> Self {
        let mut waiting: HashMap<_, Vec<usize>> = HashMap::with_capacity(host.len() * 2);
        for (place, mount) in host.iter().enumerate().rev() {
            waiting.entry(key(None, mount)).or_default().push(place);
            if mount.shared.is_some() {
                waiting.entry(key(mount.shared, mount)).or_default().push(place);
            }
        }
        Unmatched { waiting, arrived: vec![false; host.len()] }
    }

    /// Whether there is one like `mount` in this group; it is not there a second time.
    fn take(&mut self, group: Option<u32>, mount: &'a Mount) -> bool {
        let Some(places) = self.waiting.get_mut(&key(group, mount)) else {
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
        let device = mount.device.major != 0 && !devices.contains(&mount.device);
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

/// Judges by the two roots and by the comparison.
pub fn propagation(inside: &[Mount], host: &[Mount], comparison: &Comparison) -> Propagation {
    let (ours, theirs) = (paths::top(inside, b"/"), paths::top(host, b"/"));
    let leaking = comparison.leaking();
    if leaking > 0 {
        return Propagation::Leaks(leaking);
    }
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        return Propagation::Deaf;
    };
    if theirs.shared.is_none() {
        Propagation::HostPrivate
    } else if ours.master != theirs.shared {
        Propagation::Deaf
    } else if ours.shared.is_none() {
        Propagation::NotShared
    } else {
        Propagation::Right
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mounts::parse;

    const POINT: &[u8] = b"/run/kubens/mnt";
    const HOST: &str = "\
1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw
2 1 0:20 / /proc rw shared:2 - proc proc rw
3 1 0:21 / /run rw shared:3 - tmpfs tmpfs rw
4 3 0:22 / /run/kubens ro - tmpfs kubens ro
5 4 0:4 mnt:[99] /run/kubens/mnt rw - nsfs nsfs rw
6 1 8:2 / /data rw shared:6 - ext4 /dev/sda2 rw
7 1 8:2 /dir /bind rw shared:6 - ext4 /dev/sda2 rw
";
    const INSIDE: &str = "\
11 0 8:1 / / rw shared:11 master:1 - ext4 /dev/sda1 rw
12 11 0:20 / /proc rw shared:12 master:2 - proc proc rw
13 11 0:21 / /run rw shared:13 master:3 - tmpfs tmpfs rw
14 13 0:22 / /run/kubens ro shared:14 - tmpfs kubens ro
15 14 0:22 /mnt /run/kubens/mnt ro shared:15 - tmpfs kubens ro
16 11 8:2 / /data rw shared:16 master:6 - ext4 /dev/sda2 rw
17 11 8:2 /dir /bind rw shared:17 master:6 - ext4 /dev/sda2 rw
";

    fn origins(host: &str, inside: &str) -> Vec<Origin> {
        compare(&parse(inside.as_bytes()), &parse(host.as_bytes()), POINT).inside
    }

    fn judge(host: &str, inside: &str) -> Propagation {
        let (inside, host) = (parse(inside.as_bytes()), parse(host.as_bytes()));
        propagation(&inside, &host, &compare(&inside, &host, POINT))
    }

    #[test]
    fn finds_the_hosts_mounts_again_and_knows_which_did_not_come() {
        use Origin::{Arrived, Copied};
        let (inside, host) = (parse(INSIDE.as_bytes()), parse(HOST.as_bytes()));
        let found = compare(&inside, &host, POINT);
        assert_eq!(found.inside, [Arrived, Arrived, Arrived, Copied, Copied, Arrived, Arrived]);
        assert_eq!(found.arrived, [true, true, true, true, false, true, true]);
        assert_eq!(found.hidden(), 0);
        assert_eq!(propagation(&inside, &host, &found), Propagation::Right);
    }

    #[test]
    fn a_mount_at_a_path_of_the_hosts_is_not_the_hosts_by_that() {
        let own = "20 12 0:50 / /proc rw shared:20 - tmpfs other rw\n";
        let (inside, host) = (parse([INSIDE, own].concat().as_bytes()), parse(HOST.as_bytes()));
        let found = compare(&inside, &host, POINT);
        assert_eq!(found.inside.last(), Some(&Origin::Own));
        assert_eq!(found.shadowed.into_iter().collect::<Vec<_>>(), [12]);
    }

    #[test]
    fn a_slave_of_a_group_inside_is_the_namespaces_own() {
        let own = "20 11 8:2 / /var/lib/kubelet/x rw master:16 - ext4 /dev/sda2 rw\n";
        assert_eq!(origins(HOST, &[INSIDE, own].concat()).last(), Some(&Origin::Own));
    }

    #[test]
    fn what_the_host_gave_up_lingers_and_what_a_pod_mounted_does_not() {
        let pod =
            "/var/lib/kubelet/pods/6f1c3a2e-0a4e-4a3b-9d51-1f6e1f0f2a11/volumes/kubernetes.io~csi/v/mount";
        for (line, expected) in [
            ("20 11 8:16 / /mnt/disk rw shared:20 - ext4 /dev/sdb rw\n", Origin::Lingering),
            (&format!("20 11 8:16 / {pod} rw shared:20 - ext4 /dev/sdb rw\n"), Origin::Own),
            ("20 11 0:60 / /mnt/t rw shared:20 - tmpfs t rw\n", Origin::Own),
            ("20 11 8:2 / /mnt/again rw shared:20 - ext4 /dev/sda2 rw\n", Origin::Own),
        ] {
            assert_eq!(origins(HOST, &[INSIDE, line].concat()).last(), Some(&expected), "{line}");
        }
        let held = "20 11 0:60 / /mnt/t rw shared:20 - tmpfs t rw\n21 20 0:61 / /mnt/t/sub rw shared:21 - tmpfs u rw\n";
        let found = origins(HOST, &[INSIDE, held].concat());
        assert_eq!(found[found.len() - 2..], [Origin::Lingering, Origin::Own]);
    }

    #[test]
    fn one_mount_of_the_host_is_one_mount_inside() {
        let host = "1 0 0:1 / / rw shared:1 - t s rw\n2 1 0:9 / /a rw shared:2 - t s rw\n";
        let inside = "11 0 0:1 / / rw shared:11 master:1 - t s rw\n12 11 0:9 / /a rw shared:12 master:2 - t s rw\n\
                      13 12 0:9 / /a rw shared:13 master:2 - t s rw\n";
        assert_eq!(origins(host, inside), [Origin::Arrived, Origin::Arrived, Origin::Own]);
    }

    #[test]
    fn wrong_propagation_is_told_apart() {
        let root = |tags: &str| format!("11 0 8:1 / / rw {tags}- ext4 /dev/sda1 rw\n");
        for (tags, expected) in [
            ("shared:11 master:1 ", Propagation::Right),
            ("shared:1 ", Propagation::Leaks(1)),
            ("shared:11 ", Propagation::Deaf),
            ("", Propagation::Deaf),
            ("shared:11 master:3 ", Propagation::Deaf),
            ("master:1 ", Propagation::NotShared),
        ] {
            assert_eq!(judge(HOST, &root(tags)), expected, "{tags}");
        }
        let private = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";
        assert_eq!(judge(private, &root("shared:11 ")), Propagation::HostPrivate);
    }
}
