//! Tables, compared.

use super::*;
use crate::model::mounts::table::parse;

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
    propagation(&inside, &host, &compare(&inside, &host, POINT)).unwrap()
}

#[test]
fn finds_the_hosts_mounts_again_and_knows_which_did_not_come() {
    use Origin::{Arrived, Copied};
    let (inside, host) = (parse(INSIDE.as_bytes()), parse(HOST.as_bytes()));
    let found = compare(&inside, &host, POINT);
    assert_eq!(found.inside, [Arrived, Arrived, Arrived, Copied, Copied, Arrived, Arrived]);
    assert_eq!(found.arrived, [true, true, true, true, false, true, true]);
    assert_eq!(found.hidden(), 0);
    assert_eq!(propagation(&inside, &host, &found), Some(Propagation::Right));
}

#[test]
fn a_copy_may_receive_from_the_copy_of_what_the_hosts_receives_from() {
    let host = "30 1 8:9 / /in rw shared:30 - ext4 d rw\n31 30 8:9 / /in ro master:30 - ext4 d rw\n";
    let inside = "40 11 8:9 / /in rw shared:40 master:30 - ext4 d rw\n41 40 8:9 / /in ro shared:41 master:40 - ext4 d rw\n";
    assert_eq!(origins(host, inside), [Origin::Arrived, Origin::Copied]);
}

#[test]
fn a_mount_at_a_path_of_the_hosts_is_not_the_hosts_by_that() {
    let own = "20 12 0:50 / /proc rw shared:20 - tmpfs other rw\n";
    let (inside, host) = (parse([INSIDE, own].concat().as_bytes()), parse(HOST.as_bytes()));
    let found = compare(&inside, &host, POINT);
    assert_eq!(found.inside.last(), Some(&Origin::Own));
    assert_eq!(found.hidden(), 1);
    assert_eq!(paths::shadowed(&inside).into_iter().collect::<Vec<_>>(), [12]);
}

#[test]
fn a_slave_of_a_group_inside_is_the_namespaces_own() {
    let own = "20 11 8:2 / /var/lib/kubelet/x rw master:16 - ext4 /dev/sda2 rw\n";
    assert_eq!(origins(HOST, &[INSIDE, own].concat()).last(), Some(&Origin::Own));
}

#[test]
fn what_the_host_gave_up_lingers_and_what_a_pod_mounted_does_not() {
    let pod = "/var/lib/kubelet/pods/6f1c3a2e-0a4e-4a3b-9d51-1f6e1f0f2a11/volumes/kubernetes.io~csi/v/mount";
    for (line, expected) in [
        ("20 11 8:16 / /mnt/disk rw shared:20 - ext4 /dev/sdb rw\n", Origin::Lingering),
        (&format!("20 11 8:16 / {pod} rw shared:20 - ext4 /dev/sdb rw\n"), Origin::Own),
        ("20 11 0:60 / /mnt/t rw shared:20 - tmpfs t rw\n", Origin::Own),
        ("20 11 8:2 / /mnt/again rw shared:20 - ext4 /dev/sda2 rw\n", Origin::Own),
    ] {
        assert_eq!(origins(HOST, &[INSIDE, line].concat()).last(), Some(&expected), "{line}");
    }
    let held =
        "20 11 0:60 / /mnt/t rw shared:20 - tmpfs t rw\n21 20 0:61 / /mnt/t/sub rw shared:21 - tmpfs u rw\n";
    let found = origins(HOST, &[INSIDE, held].concat());
    assert_eq!(found[found.len() - 2..], [Origin::Lingering, Origin::Own]);
}

#[test]
fn a_copy_of_a_mount_that_only_receives_is_known_by_whom_it_receives_from() {
    let host =
        "1 0 0:1 / / rw shared:1 - t s rw\n2 1 8:1 /x /in rw master:9 - t s rw\n3 2 8:1 /x /in ro - t s rw\n";
    let inside = "11 0 0:1 / / rw shared:11 master:1 - t s rw\n13 12 8:1 /x /in ro shared:13 - t s rw\n\
                  12 11 8:1 /x /in rw shared:12 master:9 - t s rw\n";
    let (inside, host) = (parse(inside.as_bytes()), parse(host.as_bytes()));
    let found = compare(&inside, &host, POINT);
    assert_eq!(found.inside, [Origin::Arrived, Origin::Copied, Origin::Copied]);
    assert_eq!(found.arrived, [true, true, true]);
    // What was made private inside is still the host's.
    let private = "11 0 0:1 / / rw - t s rw\n";
    assert_eq!(origins("1 0 0:1 / / rw shared:1 - t s rw\n", private), [Origin::Copied]);
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

#[test]
fn the_mark_is_a_tmpfs_at_the_pins_own_place() {
    assert!(is_marked(&parse(INSIDE.as_bytes()), POINT));
    assert!(!is_marked(&parse(INSIDE.as_bytes()), b"/run/other/mnt"));
    assert!(!is_marked(&parse(HOST.as_bytes()), POINT));
}

#[test]
fn two_namespaces_share_what_is_kubernetes_where_a_group_of_one_is_the_others() {
    let table = |group: u32, device: &str| {
        let path = "/var/lib/kubelet/pods/6f1c3a2e-1/volumes/kubernetes.io~csi/data/mount";
        parse(format!("1 0 {device} / {path} rw shared:{group} - ext4 d rw\n").as_bytes())
    };
    assert!(peers(&table(7, "8:1"), &table(7, "8:1")));
    assert!(!peers(&table(7, "8:1"), &table(8, "8:1")));
    // A number that another file system's group has by now.
    assert!(!peers(&table(7, "8:1"), &table(7, "8:2")));
    assert!(!peers(&parse(HOST.as_bytes()), &parse(HOST.as_bytes())));
}
