//! Peer groups. Mounts of one group pass mounts to each other; when a copied namespace is cut off from the host mount
//! by mount, each is left in a group of its own. What has to be put together again, and what was not.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::model::mounts::kinds;
use crate::model::mounts::paths;
use crate::model::mounts::table::Mount;

/// What a mount is to the head of its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kin {
    /// Each passes its mounts to the other.
    Peer,
    /// It receives the head's mounts, and passes none on.
    Slave,
}

/// Mounts of one group that can be put together around a head: of its file system it shows all that they show.
#[derive(Debug)]
pub struct Family<'a> {
    /// The group that they are in on the host.
    pub group: u32,
    /// The one whose group the others join.
    pub head: &'a Mount,
    /// The others.
    pub others: Vec<(&'a Mount, Kin)>,
}

/// The families in the table of a copy that is not cut off yet, but for these groups. A member that shows nothing of
/// what the others show is in none: no mount could pass between them.
pub fn families<'a>(table: &'a [Mount], but: &HashSet<u32>) -> Vec<Family<'a>> {
    let index: HashMap<u32, &Mount> = table.iter().map(|mount| (mount.id, mount)).collect();
    let mut heads: BTreeMap<u32, HashMap<&[u8], &Mount>> = BTreeMap::new();
    // A group is asked for twice before anything about it costs more.
    let mut sizes: HashMap<u32, usize> = HashMap::new();
    for group in table.iter().filter_map(group) {
        *sizes.entry(group).or_default() += 1;
    }
    let members = || {
        table.iter().filter_map(|mount| {
            let group = group(mount)?;
            let several = sizes.get(&group).is_some_and(|&size| size > 1) && !but.contains(&group);
            (several && is_within_reach(mount, &index)).then_some((group, mount))
        })
    };
    for (group, mount) in members().filter(|(_, mount)| mount.shared.is_some()) {
        heads.entry(group).or_default().entry(&mount.root).or_insert(mount);
    }
    let mut families: BTreeMap<(u32, u32), Family<'a>> = BTreeMap::new();
    for (group, mount) in members() {
        let known = heads.get(&group);
        let wider = |root: &[u8]| known.and_then(|known| known.get(root)).copied();
        let Some(head) =
            paths::ancestors(&mount.root).filter_map(wider).last().or_else(|| wider(&mount.root))
        else {
            continue;
        };
        if head.id != mount.id {
            let kin = if mount.shared.is_some() { Kin::Peer } else { Kin::Slave };
            let family = || Family { group, head, others: Vec::new() };
            families.entry((group, head.id)).or_insert_with(family).others.push((mount, kin));
        }
    }
    families.into_values().collect()
}

/// The group that a mount is in or, where it passes nothing on, receives from.
fn group(mount: &Mount) -> Option<u32> {
    mount.shared.or(mount.master)
}

/// Whether a path leads to it that nobody else has to answer for: a server that is gone would keep us waiting.
fn is_within_reach(mount: &Mount, index: &HashMap<u32, &Mount>) -> bool {
    let parent = |mount: &&Mount| index.get(&mount.parent).filter(|parent| parent.id != mount.id).copied();
    let mut line = std::iter::successors(Some(mount), parent).take(index.len());
    !mount.root.ends_with(b"//deleted") && !line.any(|mount| kinds::is_remote(&mount.kind))
}

/// The targets of mounts that are peers on the host, and inside are not: by group, those who have to be one family.
pub fn torn<'a>(host: &[Mount], inside: &'a [Mount]) -> Vec<Vec<&'a [u8]>> {
    // As the copy looked before it was cut off: a slave of the host's group was in that group.
    let copied = |mount: &Mount| Mount { shared: mount.master, master: None, ..mount.clone() };
    let still: HashSet<_> =
        host.iter().filter_map(|mount| Some((mount.shared?, mount.target.as_slice()))).collect();
    // Those of which the host's has left the group since are no peers any more.
    let several =
        |mount: &&Mount| mount.master.is_some_and(|master| still.contains(&(master, &mount.target)));
    let table: Vec<Mount> = inside.iter().filter(several).map(copied).collect();
    let own: HashMap<u32, &Mount> = inside.iter().map(|mount| (mount.id, mount)).collect();
    let target = |mount: &Mount| own.get(&mount.id).map(|mount| mount.target.as_slice());
    let mut torn = Vec::new();
    for family in families(&table, &HashSet::new()) {
        let now = |mount: &Mount| own.get(&mount.id).and_then(|mount| mount.shared);
        let apart: Vec<_> =
            family.others.iter().filter(|(mount, _)| now(mount) != now(family.head)).collect();
        if !apart.is_empty() {
            let targets = apart.iter().filter_map(|(mount, _)| target(mount));
            torn.push(target(family.head).into_iter().chain(targets).collect());
        }
    }
    torn
}

/// The mount on `directory` that is no more than the part of its parent that it covers, and a peer of it: without it
/// the same would be seen, once. `None` too where what is mounted on it is not mounted beneath it as well.
pub fn mounted_on_itself<'a>(table: &'a [Mount], directory: &[u8]) -> Option<&'a Mount> {
    let cover = paths::top(table, directory)?;
    let parent = table.iter().find(|mount| mount.id == cover.parent)?;
    let same = cover.shared.is_some() && cover.shared == parent.shared;
    let part = cover.target != parent.target && cover.root == paths::place(cover, parent);
    let on = |id: u32| table.iter().filter(move |mount| mount.parent == id && mount.id != id);
    let beneath: HashSet<&[u8]> = on(parent.id).map(|mount| mount.target.as_slice()).collect();
    let twice = on(cover.id).all(|mount| beneath.contains(mount.target.as_slice()));
    (same && part && twice).then_some(cover)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mounts::table::parse;

    type Planned = Vec<(u32, u32, Vec<(u32, Kin)>)>;

    fn planned(lines: &[&str]) -> Planned {
        let table = parse(lines.join("\n").as_bytes());
        let told = |family: &Family| {
            let others = family.others.iter().map(|(mount, kin)| (mount.id, *kin)).collect();
            (family.group, family.head.id, others)
        };
        families(&table, &HashSet::from([99])).iter().map(told).collect()
    }

    fn line(id: u32, root: &str, tags: &str) -> String {
        format!("{id} 1 8:1 {root} /m{id} rw {tags} - ext4 /dev/sda1 rw")
    }

    fn of(mounts: &[(u32, &str, &str)]) -> Planned {
        let lines: Vec<_> = mounts.iter().map(|(id, root, tags)| line(*id, root, tags)).collect();
        planned(&lines.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn the_head_is_the_one_that_shows_most() {
        let table = [(2, "/a/b", "shared:5"), (3, "/a", "shared:5"), (4, "/a/b/c", "shared:5 master:9")];
        assert_eq!(of(&table), [(5, 3, vec![(2, Kin::Peer), (4, Kin::Peer)])]);
        let alike = [(2, "/", "shared:5"), (3, "/", "shared:5")];
        assert_eq!(of(&alike), [(5, 2, vec![(3, Kin::Peer)])]);
    }

    #[test]
    fn what_shows_nothing_in_common_stays_apart() {
        let table = [(2, "/a", "shared:5"), (3, "/ab", "shared:5"), (4, "/ab/c", "shared:5")];
        assert_eq!(of(&table), [(5, 3, vec![(4, Kin::Peer)])]);
    }

    #[test]
    fn who_only_receives_receives_from_the_family() {
        let table = [(2, "/", "shared:5"), (3, "/a", "master:5"), (4, "/a", "master:6"), (5, "/", "")];
        assert_eq!(of(&table), [(5, 2, vec![(3, Kin::Slave)])]);
        // Without a member of the group there is no head.
        assert_eq!(of(&[(3, "/", "master:5"), (4, "/", "master:5")]), []);
        // It passes on what it receives: it needs the host's own mounts of both groups.
        assert_eq!(of(&[(2, "/", "shared:5"), (3, "/", "shared:6 master:5")]), []);
    }

    #[test]
    fn leaves_alone_what_cannot_be_reached_or_is_not_wanted() {
        assert_eq!(of(&[(2, "/", "shared:5"), (3, "/a//deleted", "shared:5")]), []);
        assert_eq!(of(&[(2, "/", "shared:99"), (3, "/", "shared:99")]), []);
        let nfs = "2 1 0:9 / /n rw shared:5 - nfs4 server:/ rw";
        let behind = "3 2 8:1 / /n/x rw shared:6 - ext4 d rw";
        let other = "4 1 8:1 / /x rw shared:6 - ext4 d rw";
        assert_eq!(planned(&[nfs, &nfs.replace("2 1", "5 1"), behind, other]), []);
    }

    #[test]
    fn torn_is_what_is_one_on_the_host_and_several_inside() {
        let host = parse(
            [line(2, "/", "shared:5"), line(3, "/a", "shared:5"), line(4, "/", "shared:6")]
                .join("\n")
                .replace("/m", "/m1")
                .as_bytes(),
        );
        let inside = |group: u32| {
            let lines = [
                line(12, "/", "shared:15 master:5"),
                line(13, "/a", &format!("shared:{group} master:5")),
                line(14, "/", "shared:17 master:6"),
                line(15, "/own", "shared:18"),
            ];
            parse(lines.join("\n").as_bytes())
        };
        assert!(torn(&host, &inside(15)).is_empty());
        assert_eq!(torn(&host, &inside(16)), [[&b"/m12"[..], b"/m13"]]);
        let left = parse(line(2, "/", "shared:5").replace("/m", "/m1").as_bytes());
        assert!(torn(&left, &inside(16)).is_empty());
    }

    #[test]
    fn knows_a_directory_that_is_mounted_on_itself() {
        let run = "2 1 0:30 / /run rw shared:5 - tmpfs run rw";
        let cover = "3 2 0:30 /netns /run/netns rw shared:5 - tmpfs run rw";
        let entries = "4 3 0:4 net:[7] /run/netns/a rw shared:6 - nsfs nsfs rw\n\
                       5 2 0:4 net:[7] /run/netns/a rw shared:6 - nsfs nsfs rw";
        let found =
            |text: &str| mounted_on_itself(&parse(text.as_bytes()), b"/run/netns").map(|mount| mount.id);
        let whole = [run, cover, entries].join("\n");
        assert_eq!(found(&whole), Some(3));
        assert_eq!(found(&whole.replace("5 2", "5 1")), None);
        for root in ["/x/netns", "/other"] {
            assert_eq!(found(&whole.replace("0:30 /netns", &format!("0:30 {root}"))), None);
        }
        let part = whole.replace(" / /run ", " /y /run ");
        assert_eq!(found(&part.replace("0:30 /netns", "0:30 /y/netns")), Some(3));
        assert_eq!(found(&part.replace("0:30 /netns", "0:30 /x/netns")), None);
        assert_eq!(found(&whole.replace("/run/netns rw shared:5", "/run/netns rw shared:8")), None);
        assert_eq!(found(run), None);
    }
}
