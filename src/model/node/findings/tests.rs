use super::*;
use crate::model::mounts::table::parse;
use crate::model::node::facts::Node;
use crate::model::node::members::Process;

const HOST: NamespaceId = NamespaceId { dev: 4, ino: 1 };
const PINNED: NamespaceId = NamespaceId { dev: 4, ino: 2 };
const OTHER: NamespaceId = NamespaceId { dev: 4, ino: 3 };

const OUTSIDE: &str = "\
1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw
3 1 0:21 / /run rw shared:3 - tmpfs tmpfs rw
4 3 0:22 / /run/kubens ro - tmpfs kubens ro
5 4 0:4 mnt:[2] /run/kubens/mnt rw - nsfs nsfs rw
6 3 0:21 /netns /run/netns rw shared:6 - tmpfs tmpfs rw
";
const INSIDE: &str = "\
11 0 8:1 / / rw shared:11 master:1 - ext4 /dev/sda1 rw
13 11 0:21 / /run rw shared:13 master:3 - tmpfs tmpfs rw
14 13 0:22 / /run/kubens ro shared:14 - tmpfs kubens ro
16 13 0:21 /netns /run/netns rw shared:16 master:6 - tmpfs tmpfs rw
";

/// A healthy node with these units, each a process, in these namespaces.
fn node(units: &[(&str, NamespaceId)]) -> Node {
    let process = |(place, (unit, namespace)): (usize, &(&str, NamespaceId))| Process {
        pid: i32::try_from(place).unwrap() + 2,
        namespace: Some(*namespace),
        unit: Some((*unit).to_owned()),
    };
    Node {
        point: b"/run/kubens/mnt".to_vec(),
        pinning: Pinning::Pinned(PINNED),
        host: Some(HOST),
        caller: Some(HOST),
        inside: Some(parse(INSIDE.as_bytes())),
        counted: Some(4),
        outside: Some(parse(OUTSIDE.as_bytes())),
        processes: units.iter().enumerate().map(process).collect(),
        since: None,
        by_unit: true,
        blind: Vec::new(),
    }
}

fn healthy() -> Node {
    node(&[("containerd.service", PINNED), ("kubelet.service", PINNED), ("sshd.service", HOST)])
}

fn names(node: &Node) -> Vec<&'static str> {
    let view = node.view();
    degrading(&view).into_iter().chain(mounts::all(&view)).map(|finding| finding.name).collect()
}

fn with(outside: &str, inside: &str) -> Node {
    Node {
        outside: Some(parse([OUTSIDE, outside].concat().as_bytes())),
        inside: Some(parse([INSIDE, inside].concat().as_bytes())),
        ..healthy()
    }
}

#[test]
fn a_healthy_node_has_no_finding() {
    assert_eq!(names(&healthy()), [""; 0]);
    assert_eq!(names(&node(&[])), [""; 0]);
    assert_eq!(names(&node(&[("docker-ab.scope", OTHER), ("systemd-logind.service", OTHER)])), [""; 0]);
}

#[test]
fn services_on_two_sides_are_a_split_brain() {
    let found = |units: &[(&str, NamespaceId)]| names(&node(units));
    assert_eq!(found(&[("containerd.service", PINNED), ("kubelet.service", HOST)]), ["split-brain"]);
    assert_eq!(found(&[("crio.service", OTHER), ("kubelet.service", PINNED)]), ["split-brain"]);
    assert_eq!(found(&[("k3s.service", HOST)]), ["unused"]);
    assert_eq!(found(&[("containerd.service", HOST), ("kubelet.service", HOST)]), ["unused"]);
    assert_eq!(found(&[("k3s.service", PINNED), ("k3s.service", HOST)]), ["split-brain"]);
    let shims = [("crio.service", PINNED), ("crio-conmon-a.scope", PINNED), ("crio-conmon-b.scope", HOST)];
    assert_eq!(found(&shims), ["split-brain"]);
    assert_eq!(found(&[("containerd.service", PINNED), ("containerd.service", OTHER)]), [""; 0]);
}

#[test]
fn a_namespace_that_lost_its_pin_is_known_by_who_shares_it() {
    let units = [("containerd.service", OTHER), ("kubelet.service", OTHER)];
    let lost = Node { pinning: Pinning::Nothing("nothing".to_owned()), inside: None, ..node(&units) };
    assert_eq!(names(&lost), ["pin-missing"]);
    assert_eq!(names(&node(&units)), ["pin-missing"]);
    let sandboxed = Node { processes: node(&units[..1]).processes, ..lost };
    assert_eq!(names(&sandboxed), [""; 0]);
    let never = Node { processes: node(&[("kubelet.service", HOST)]).processes, ..sandboxed };
    assert_eq!(names(&never), [""; 0]);
}

#[test]
fn mounts_that_go_the_wrong_way_degrade() {
    for (root, name) in [
        ("11 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n", "propagation"),
        ("11 0 8:1 / / rw shared:11 - ext4 /dev/sda1 rw\n", "propagation"),
        ("11 0 8:1 / / rw master:1 - ext4 /dev/sda1 rw\n", "propagation"),
    ] {
        assert_eq!(names(&Node { inside: Some(parse(root.as_bytes())), ..healthy() }), [name], "{root}");
    }
}

#[test]
fn the_mount_tables_tell_each_of_their_troubles() {
    for (outside, inside, expected) in [
        ("30 1 0:4 mnt:[9] /run/container-mount-namespace/mnt rw - nsfs nsfs rw\n", "", "older-service"),
        ("", "20 11 0:50 / /sys/fs/bpf rw shared:20 - bpf bpf rw\n", "bpffs-twice"),
        ("", "20 16 0:51 / /run/netns rw shared:20 - tmpfs t rw\n", "shadowed"),
        ("", "20 11 8:16 / /mnt/disk rw shared:20 - ext4 /dev/sdb rw\n", "device-busy"),
    ] {
        assert_eq!(names(&with(outside, inside)), [expected]);
    }
    let older = "1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n3 1 0:21 / /run rw shared:3 - tmpfs tmpfs rw\n\
                 5 3 0:4 mnt:[2] /run/kubens/mnt rw - nsfs nsfs rw\n";
    let older = Node { outside: Some(parse(older.as_bytes())), ..healthy() };
    assert_eq!(names(&older), ["older-pin", "netns-not-shared"]);
    let merged = "30 1 0:70 / /var/lib/containers/storage/overlay/ab/merged rw - overlay overlay rw\n";
    let podman = Node { processes: node(&[("crio.service", PINNED)]).processes, ..with(merged, "") };
    assert_eq!(names(&podman), ["storage-outside"]);
}

#[test]
fn peers_of_the_host_that_are_none_inside_are_named() {
    let host = "30 1 8:1 /data /srv/data rw shared:1 - ext4 /dev/sda1 rw\n";
    let inside =
        |group: u32| format!("20 11 8:1 /data /srv/data rw shared:{group} master:1 - ext4 /dev/sda1 rw\n");
    assert_eq!(names(&with(host, &inside(11))), [""; 0]);
    assert_eq!(names(&with(host, &inside(20))), ["peers-torn"]);
}

#[test]
fn what_the_host_has_hidden_as_well_is_no_finding() {
    let host = "30 6 0:51 / /run/netns rw shared:30 - tmpfs t rw\n";
    let inside = "20 16 0:51 / /run/netns rw shared:20 master:30 - tmpfs t rw\n";
    assert_eq!(names(&with(host, inside)), [""; 0]);
}

#[test]
fn a_pin_that_cannot_be_looked_at_is_said() {
    let node = Node { pinning: Pinning::Unknown("Permission denied".to_owned()), inside: None, ..node(&[]) };
    assert_eq!(names(&node), ["pin-unreadable"]);
}
