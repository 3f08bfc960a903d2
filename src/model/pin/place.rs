//! What lies where the pin belongs, as the host's mount table shows it.

use super::Pin;
use crate::model::mounts::table::{Device, Mount};

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

/// The device of each tmpfs on the directory, and the inode of each mount namespace that is pinned there, whatever is
/// mounted on top of it. Looks at the mounts of the host.
pub fn layers(pin: &Pin, mounts: &[Mount]) -> (Vec<Device>, Vec<u64>) {
    let point = pin.point();
    let covers = mounts.iter().filter(|mount| mount.target == pin.dir().to_bytes() && mount.kind == b"tmpfs");
    let inode = |mount: &Mount| {
        let number = mount.root.strip_prefix(b"mnt:[")?.strip_suffix(b"]")?;
        std::str::from_utf8(number).ok()?.parse().ok()
    };
    let pins = mounts.iter().filter(|mount| mount.target == point.to_bytes() && mount.kind == b"nsfs");
    (covers.map(|mount| mount.device).collect(), pins.filter_map(inode).collect())
}

/// The devices of the marks in a namespace that was pinned: inside, and in no copy of the host's, the bind point's
/// plain file is mounted on itself. This is how a namespace is known that lost its pin.
pub fn marks(pin: &Pin, mounts: &[Mount]) -> Vec<Device> {
    let point = pin.point();
    let is_mark =
        |mount: &&Mount| mount.target == point.to_bytes() && mount.kind == b"tmpfs" && mount.root == b"/mnt";
    mounts.iter().filter(is_mark).map(|mount| mount.device).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mounts::table;

    fn table(lines: &[&str]) -> Vec<Mount> {
        table::parse(lines.join("\n").as_bytes())
    }

    const RUN: &str = "30 1 0:30 / /run rw shared:5 - tmpfs run rw";
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
        assert_eq!(place(&[RUN], false), Place::Bare);
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

    #[test]
    fn what_has_to_go_first_is_what_is_topmost() {
        let top = |lines: &[&str]| topmost(&Pin::new(b"/run/kubens").unwrap(), &table(lines));
        let disk = &COVER.replace("- tmpfs", "- ext4");
        assert_eq!(top(&[RUN]), Top::Nothing);
        assert_eq!(top(&[RUN, PINNED]), Top::Pin);
        assert_eq!(top(&[RUN, COVER, PINNED]), Top::Cover);
        assert_eq!(top(&[COVER, disk]), Top::Alien);
        assert_eq!(top(&[disk, PINNED, COVER]), Top::Cover);
    }

    #[test]
    fn every_layer_is_seen_and_not_only_the_topmost() {
        let pin = Pin::new(b"/run/kubens").unwrap();
        let stranger = "42 40 0:50 / /run/kubens rw - tmpfs x rw";
        let device = |minor| Device { major: 0, minor };
        let disk = "43 42 8:1 / /run/kubens rw - ext4 d rw";
        let elsewhere = PINNED.replace("/run/kubens/mnt", "/run/other/mnt").replace("[2]", "[3]");
        let mark = "50 49 0:40 /mnt /run/kubens/mnt ro - tmpfs kubens ro";
        let found = layers(&pin, &table(&[RUN, COVER, PINNED, stranger, disk, &elsewhere, mark]));
        assert_eq!(found, (vec![device(40), device(50)], vec![2]));
        let network = PINNED.replace("mnt:[2]", "net:[2]");
        assert_eq!(layers(&pin, &table(&[&network])), (vec![], vec![]));
    }

    #[test]
    fn the_mark_is_the_bind_point_mounted_on_itself() {
        let pin = Pin::new(b"/run/kubens").unwrap();
        let mark = "50 49 0:40 /mnt /run/kubens/mnt ro shared:8 - tmpfs kubens ro";
        assert_eq!(marks(&pin, &table(&[COVER, mark])), [Device { major: 0, minor: 40 }]);
        assert_eq!(marks(&pin, &table(&[COVER, PINNED])), []);
        assert_eq!(marks(&pin, &table(&[&mark.replace("/run/kubens/mnt", "/host/run/kubens/mnt")])), []);
    }
}
