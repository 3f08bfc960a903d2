//! Decides what `kubensctl pin` keeps of what it finds, and what it makes anew.

use super::Pin;
use crate::model::mounts::table::Mount;
use crate::model::namespace::{Identified, NamespaceId};

/// What covers the pin's directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// No mount at all.
    Bare,
    /// One private, read-only tmpfs with the two files in it.
    Right,
    /// Something else, as a noun phrase.
    Wrong(&'static str),
}

/// What a mount namespace is like, seen from within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// The host's mounts arrive, its own stay, and its containers pass mounts to one another.
    Right,
    /// Made from the host's, and its root's propagation is not yet right, in this way.
    HalfMade(&'static str),
    /// Never made for this purpose, or for another host root.
    Foreign(&'static str),
}

/// What is pinned.
#[derive(Debug)]
pub enum Pinned<N> {
    /// Nothing; where something else lies at the bind point, it is this.
    Nothing(Option<&'static str>),
    /// This namespace.
    Namespace(N, Inside),
}

/// The namespace that is to be pinned.
#[derive(Debug, PartialEq, Eq)]
pub enum Choice<N> {
    /// The one that is pinned, as it is.
    Keep(N),
    /// The one that is pinned, once its propagation is set right: processes live in it.
    Mend(N, &'static str),
    /// The one that lost its pin and in which processes live.
    Find(N),
    /// A new one. What was pinned, if that was a namespace, is given up for this reason.
    Make(Option<&'static str>),
}

/// Looks at the mounts of the host. `files`: whether both files are as they should be.
pub fn judge_place(pin: &Pin, mounts: &[Mount], files: bool) -> Place {
    let point = pin.point();
    let at = |path: &[u8]| mounts.iter().filter(|mount| mount.target == path).count();
    let pins = at(point.to_bytes());
    let Some(cover) = mounts.iter().find(|mount| mount.target == pin.dir().to_bytes()) else {
        return if pins == 0 { Place::Bare } else { Place::Wrong("a pin without a tmpfs of its own") };
    };
    if at(pin.dir().to_bytes()) > 1 {
        Place::Wrong("several mounts on the directory")
    } else if cover.kind != b"tmpfs" || cover.root != b"/" {
        Place::Wrong("a mount that is no tmpfs of its own")
    } else if !has(&cover.super_options, b"ro") {
        Place::Wrong("a writable tmpfs")
    } else if cover.shared.is_some() || cover.master.is_some() || cover.unbindable {
        Place::Wrong("a tmpfs that is not private")
    } else if ![&b"nosuid"[..], b"nodev", b"noexec"].iter().all(|option| has(&cover.options, option)) {
        Place::Wrong("a tmpfs without nosuid, nodev and noexec")
    } else if pins > 1 {
        Place::Wrong("several pins on top of one another")
    } else if !files {
        Place::Wrong("a tmpfs without the right mnt and env")
    } else {
        Place::Right
    }
}

fn has(options: &[u8], wanted: &[u8]) -> bool {
    options.split(|&byte| byte == b',').any(|option| option == wanted)
}

/// What is mounted topmost on the directory or on the bind point, and has to go before a tmpfs comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Top {
    /// Nothing.
    Nothing,
    /// A tmpfs, or a part of one, on the directory.
    Cover,
    /// A pin, or what else there is, on the bind point of the bare directory.
    Pin,
    /// A file system that nobody mounted for a pin.
    Alien,
}

/// Looks at the mounts of the host.
pub fn topmost(pin: &Pin, mounts: &[Mount]) -> Top {
    let point = pin.point();
    let on_directory = mounts.iter().rfind(|mount| mount.target == pin.dir().to_bytes());
    match on_directory {
        Some(cover) if cover.kind == b"tmpfs" => Top::Cover,
        Some(_) => Top::Alien,
        None if mounts.iter().any(|mount| mount.target == point.to_bytes()) => Top::Pin,
        None => Top::Nothing,
    }
}

/// Compares a namespace's root with the host's, which is shared.
pub fn judge_inside(host: &Mount, root: &Mount) -> Inside {
    if (&host.device, &host.root) != (&root.device, &root.root) {
        return Inside::Foreign("its root is not the host's");
    }
    let group = host.shared;
    if root.shared.is_some() && root.shared == group {
        Inside::HalfMade("its mounts reach the host")
    } else if root.master.is_none() || root.master != group {
        Inside::Foreign("the host's mounts do not reach it")
    } else if root.shared.is_none() {
        Inside::HalfMade("its root is not shared")
    } else {
        Inside::Right
    }
}

/// Chooses. `host` is the host's own namespace, `members` how many processes live in the pinned one, and
/// `lost` a namespace that was pinned before and has members.
pub fn choose<N: Identified>(
    host: NamespaceId,
    pinned: Pinned<N>,
    members: usize,
    lost: Option<N>,
) -> Choice<N> {
    let why = match pinned {
        Pinned::Nothing(_) => None,
        Pinned::Namespace(namespace, _) if namespace.id() == host => Some("it is the host's own"),
        Pinned::Namespace(namespace, Inside::Right) => return Choice::Keep(namespace),
        Pinned::Namespace(namespace, Inside::HalfMade(why)) if members > 0 => {
            return Choice::Mend(namespace, why);
        }
        Pinned::Namespace(_, Inside::HalfMade(why) | Inside::Foreign(why)) => Some(why),
    };
    match lost {
        Some(namespace) => Choice::Find(namespace),
        None => Choice::Make(why),
    }
}

/// Whether these are the mounts of a namespace that was pinned: inside, and in no copy of the host's, the bind
/// point's plain file is mounted on itself. This is how a namespace is known that lost its pin.
pub fn is_marked(pin: &Pin, mounts: &[Mount]) -> bool {
    let point = pin.point();
    mounts
        .iter()
        .any(|mount| mount.target == point.to_bytes() && mount.kind == b"tmpfs" && mount.root == b"/mnt")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mounts::table;

    const HOST: NamespaceId = NamespaceId { dev: 4, ino: 1 };
    const FIRST: NamespaceId = NamespaceId { dev: 4, ino: 2 };
    const SECOND: NamespaceId = NamespaceId { dev: 4, ino: 3 };

    fn table(lines: &[&str]) -> Vec<Mount> {
        table::parse(lines.join("\n").as_bytes())
    }

    const COVER: &str = "40 30 0:40 / /run/kubens ro,nosuid,nodev,noexec - tmpfs kubens ro,size=64k";
    const PINNED: &str = "41 40 0:4 mnt:[2] /run/kubens/mnt rw - nsfs nsfs rw";

    fn place(lines: &[&str], files: bool) -> Place {
        judge_place(&Pin::new(b"/run/kubens").unwrap(), &table(lines), files)
    }

    #[test]
    fn a_right_place_is_kept_with_its_pin_or_without() {
        assert_eq!(place(&[COVER, PINNED], true), Place::Right);
        assert_eq!(place(&[COVER], true), Place::Right);
        assert_eq!(place(&[], false), Place::Bare);
        assert_eq!(place(&["30 1 0:30 / /run rw shared:5 - tmpfs run rw"], false), Place::Bare);
    }

    #[test]
    fn whatever_a_place_lacks_makes_it_wrong() {
        let mutilated = |from: &str, to: &str| place(&[&COVER.replacen(from, to, 1), PINNED], true);
        assert_eq!(place(&[PINNED], true), Place::Wrong("a pin without a tmpfs of its own"));
        assert_eq!(place(&[COVER, COVER], true), Place::Wrong("several mounts on the directory"));
        assert_eq!(place(&[COVER, PINNED, PINNED], true), Place::Wrong("several pins on top of one another"));
        assert_eq!(place(&[COVER, PINNED], false), Place::Wrong("a tmpfs without the right mnt and env"));
        assert_eq!(mutilated("- tmpfs", "- ext4"), Place::Wrong("a mount that is no tmpfs of its own"));
        assert_eq!(mutilated(" / /run", " /x /run"), Place::Wrong("a mount that is no tmpfs of its own"));
        // Read-only as a mount is not enough: other mounts of the same tmpfs could be written to.
        assert_eq!(mutilated("tmpfs kubens ro", "tmpfs kubens rw"), Place::Wrong("a writable tmpfs"));
        for tag in ["shared:1", "master:1", "unbindable"] {
            let tagged = format!("noexec {tag} -");
            assert_eq!(mutilated("noexec -", &tagged), Place::Wrong("a tmpfs that is not private"));
        }
        for option in ["nosuid,", "nodev,", ",noexec"] {
            let found = mutilated(option, "");
            assert_eq!(found, Place::Wrong("a tmpfs without nosuid, nodev and noexec"));
        }
    }

    fn inside(tags: &str) -> Inside {
        let host = table::parse(b"1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw").remove(0);
        let line = format!("9 8 8:1 / / rw {tags}- ext4 /dev/sda1 rw");
        judge_inside(&host, &table::parse(line.as_bytes()).remove(0))
    }

    #[test]
    fn only_a_shared_slave_of_the_host_is_right() {
        assert_eq!(inside("shared:9 master:1 "), Inside::Right);
        assert_eq!(inside("master:1 "), Inside::HalfMade("its root is not shared"));
        assert_eq!(inside("shared:1 "), Inside::HalfMade("its mounts reach the host"));
        assert_eq!(inside("shared:1 master:7 "), Inside::HalfMade("its mounts reach the host"));
        for foreign in ["", "shared:9 ", "master:7 ", "shared:9 master:7 "] {
            assert_eq!(inside(foreign), Inside::Foreign("the host's mounts do not reach it"), "{foreign}");
        }
    }

    #[test]
    fn another_root_is_another_system() {
        let host = table::parse(b"1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw").remove(0);
        for line in
            ["9 8 8:2 / / rw shared:9 master:1 - ext4 d rw", "9 8 8:1 /x / rw shared:9 master:1 - ext4 d rw"]
        {
            let root = table::parse(line.as_bytes()).remove(0);
            assert_eq!(judge_inside(&host, &root), Inside::Foreign("its root is not the host's"));
        }
    }

    #[test]
    fn what_is_right_is_kept() {
        for members in [0, 3] {
            let pinned = Pinned::Namespace(FIRST, Inside::Right);
            assert_eq!(choose(HOST, pinned, members, Some(SECOND)), Choice::Keep(FIRST));
        }
    }

    #[test]
    fn what_is_half_made_is_mended_for_its_members_and_else_made_anew() {
        let pinned = || Pinned::Namespace(FIRST, Inside::HalfMade("its root is not shared"));
        assert_eq!(choose(HOST, pinned(), 1, None), Choice::Mend(FIRST, "its root is not shared"));
        assert_eq!(choose(HOST, pinned(), 0, None), Choice::Make(Some("its root is not shared")));
        assert_eq!(choose(HOST, pinned(), 0, Some(SECOND)), Choice::Find(SECOND));
    }

    #[test]
    fn what_is_foreign_gives_way_whoever_lives_in_it() {
        let pinned = || Pinned::Namespace(FIRST, Inside::Foreign("its root is not the host's"));
        assert_eq!(choose(HOST, pinned(), 5, None), Choice::Make(Some("its root is not the host's")));
        assert_eq!(choose(HOST, pinned(), 5, Some(SECOND)), Choice::Find(SECOND));
    }

    #[test]
    fn the_host_s_own_namespace_is_never_mended() {
        for inside in [Inside::Right, Inside::HalfMade("its mounts reach the host")] {
            let pinned = Pinned::Namespace(HOST, inside);
            assert_eq!(choose(HOST, pinned, 9, None), Choice::Make(Some("it is the host's own")));
        }
    }

    #[test]
    fn a_lost_namespace_is_found_before_one_is_made() {
        assert_eq!(choose(HOST, Pinned::Nothing(None), 0, Some(SECOND)), Choice::Find(SECOND));
        assert_eq!(choose::<NamespaceId>(HOST, Pinned::Nothing(None), 0, None), Choice::Make(None));
    }

    #[test]
    fn the_mark_is_the_bind_point_mounted_on_itself() {
        let pin = Pin::new(b"/run/kubens").unwrap();
        let mark = "50 49 0:40 /mnt /run/kubens/mnt ro shared:8 - tmpfs kubens ro";
        assert!(is_marked(&pin, &table(&[COVER, mark])));
        assert!(!is_marked(&pin, &table(&[COVER, PINNED])));
        assert!(!is_marked(&pin, &table(&[&mark.replace("/run/kubens/mnt", "/host/run/kubens/mnt")])));
    }
}
