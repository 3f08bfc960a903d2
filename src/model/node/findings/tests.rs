use super::*;
use crate::model::mounts::table::parse;
use crate::model::namespace::NamespaceId;
use crate::model::node::facts::{Elsewhere, Node, Pinning, Stray};
use crate::model::node::fixture_tests::{HOST, OTHER, OUTSIDE, PINNED, healthy, node, processes, with};
use crate::model::node::judgement::{Run, judge};

fn found(node: &Node) -> Vec<Finding> {
    let view = node.view();
    verdict::of(&view, &judge(&view.evidence))
        .into_iter()
        .chain(mounts::all(&view))
        .chain(covered::all(&view))
        .collect()
}

fn names(node: &Node) -> Vec<&'static str> {
    found(node).iter().map(|finding| finding.name).collect()
}

#[test]
fn a_healthy_node_has_no_finding() {
    assert_eq!(names(&healthy()), [""; 0]);
    assert_eq!(names(&node(&[])), [""; 0]);
    let others = [("docker-ab.scope", "app", OTHER), ("systemd-logind.service", "systemd-logind", OTHER)];
    assert_eq!(names(&node(&others)), [""; 0]);
}

#[test]
fn a_cure_is_the_next_thing_to_do() {
    let lines = [("containerd.service", "containerd", PINNED), ("kubelet.service", "kubelet", HOST)];
    let cure = |node: &Node| found(node)[0].cure.clone();
    // Set up, and only not started again.
    assert_eq!(cure(&node(&lines)), "drain the node and reboot it");
    let mut bare = node(&lines);
    let units = bare.units.as_mut().unwrap();
    units.iter_mut().filter(|unit| unit.name == "kubelet.service").for_each(|unit| unit.enters = false);
    assert_eq!(cure(&bare), "kubensctl wrap kubelet.service, then drain the node and reboot it");
    // Whoever is inside, and would start outside, changes sides at the reboot.
    bare.units.as_mut().unwrap().iter_mut().for_each(|unit| unit.enters = false);
    let both = "kubensctl wrap containerd.service kubelet.service, then drain the node and reboot it";
    assert_eq!(cure(&bare), both);
    let loose = node(&[("containerd.service", "containerd", PINNED), ("", "kubelet", HOST)]);
    assert!(cure(&loose).starts_with("have kubelet started through kubensenter"), "{}", cure(&loose));
    // Of who is inside and no unit it is not known how it starts again.
    let loose = node(&[("", "containerd", PINNED), ("", "kubelet", HOST)]);
    assert!(cure(&loose).starts_with("have kubelet started through kubensenter"), "{}", cure(&loose));
}

#[test]
fn a_lost_pin_is_told_by_what_is_left() {
    let lines = [("containerd.service", "containerd", OTHER), ("kubelet.service", "kubelet", OTHER)];
    let nothing = || Pinning::Nothing("nothing".to_owned());
    let lost = found(&Node { pinning: nothing(), ..node(&lines) });
    assert_eq!(lost[0].found, "the pin is missing, and containerd.service, kubelet.service live in mnt:[3]");
    let second = found(&node(&lines));
    assert!(second[0].found.ends_with("which is not the namespace that is pinned"), "{second:?}");
    let mut gone = Node { pinning: nothing(), ..node(&[]) };
    assert_eq!(found(&gone)[0].found, "kubens.service is active, and its pin is gone");
    gone.units.as_mut().unwrap()[0].run = Run::Failed;
    gone.last_words = Some("the host's root is private".to_owned());
    assert_eq!(found(&gone)[0].found, "kubens.service has failed: the host's root is private");
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
    let podman = Node { processes: Some(processes(&[("crio.service", "crio", PINNED)])), ..with(merged, "") };
    assert_eq!(names(&podman), ["mounts-outside", "storage-outside"]);
}

#[test]
fn what_lies_under_itself_is_not_hidden() {
    // /run/netns of a runtime inside, which is /run's peer.
    let twice = |upper: &str| {
        format!(
            "20 13 0:4 net:[7] /run/netns/cni-1 rw shared:20 - nsfs nsfs rw\n\
             21 16 0:4 {upper} /run/netns/cni-1 rw shared:20 - nsfs nsfs rw\n"
        )
    };
    assert_eq!(names(&with("", &twice("net:[7]"))), [""; 0]);
    assert_eq!(names(&with("", &twice("net:[8]"))), ["shadowed"]);
}

#[test]
fn peers_of_the_host_that_are_none_inside_are_named() {
    let host = "30 1 8:1 /data /srv/data rw shared:1 - ext4 /dev/sda1 rw\n";
    let inside =
        |group: u32| format!("20 11 8:1 /data /srv/data rw shared:{group} master:1 - ext4 /dev/sda1 rw\n");
    assert_eq!(names(&with(host, &inside(11))), [""; 0]);
    let alone = one(host, &inside(20)).found;
    assert!(alone.ends_with("inside they do not"), "{alone}");
    let line = |id: u32, parent: u32, place: &str, groups: &str| {
        format!("{id} {parent} 0:40 / {place} rw {groups} - tmpfs t rw\n")
    };
    let more = [line(40, 1, "/m", "shared:40"), line(41, 1, "/n", "shared:40")].concat();
    let more_inside =
        [line(50, 11, "/m", "shared:50 master:40"), line(51, 11, "/n", "shared:51 master:40")].concat();
    let two = one(&[host, &more].concat(), &[inside(20), more_inside].concat()).found;
    assert!(two.ends_with("inside they do not, and so it is in 1 more group"), "{two}");
}

#[test]
fn what_the_host_has_of_pods_from_before_is_named() {
    let volume = "2 1 0:60 / /var/lib/kubelet/pods/6f1c-1/volumes/k~e/cache rw shared:30 - tmpfs c rw\n";
    let inside = volume.replace("2 1", "20 11").replace("shared:30", "shared:20 master:30");
    let before = |inside: &str| Node {
        outside: Some(parse(OUTSIDE.replacen('\n', &format!("\n{volume}"), 1).as_bytes())),
        ..with("", inside)
    };
    assert_eq!(names(&before("")), ["left-behind"]);
    assert_eq!(names(&before(&inside)), ["from-before"]);
    let mut named = before("");
    assert!(one_of(&named).found.contains("pod 6f1c-1 volume cache"));
    named.pods.log_directory(b"shop_web-0_6f1c-1");
    assert!(one_of(&named).found.contains("pod shop/web-0 volume cache"));
    let kubelet = processes(&[("kubelet.service", "kubelet", HOST)]);
    let outside = Node { processes: Some(kubelet), ..before("") };
    assert!(!names(&outside).contains(&"left-behind"));
}

#[test]
fn what_the_host_has_hidden_as_well_is_no_finding() {
    let host = "30 6 0:51 / /run/netns rw shared:30 - tmpfs t rw\n";
    let inside = "20 16 0:51 / /run/netns rw shared:20 master:30 - tmpfs t rw\n";
    assert_eq!(names(&with(host, inside)), [""; 0]);
    // Another one in the same place.
    let two = |host: bool| {
        let (parent, first, device) = if host { (1, 30, 60) } else { (11, 20, 70) };
        format!(
            "{first} {parent} 0:{device} / /mnt rw - tmpfs t rw\n{} {first} 0:{} / /mnt rw - tmpfs t rw\n",
            first + 1,
            device + 1
        )
    };
    assert_eq!(names(&with(&two(true), &two(false))), ["shadowed"]);
}

fn one(outside: &str, inside: &str) -> Finding {
    one_of(&with(outside, inside))
}

fn one_of(node: &Node) -> Finding {
    let found = found(node);
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

#[test]
fn every_hidden_mount_is_named_and_the_hosts_newest_first_of_all() {
    let two = "20 16 0:51 / /run/netns rw shared:20 - tmpfs t rw\n21 11 0:52 / /mnt rw shared:21 - tmpfs t rw\n\
               22 21 0:53 / /mnt rw shared:22 - tmpfs t rw\n";
    let shadowed = one("", two);
    assert_eq!(shadowed.found, "mounts inside lie hidden under others: /mnt, /run/netns");
    assert_eq!(shadowed.cure, "kubensenter umount /mnt; kubensenter umount /run/netns");
    // systemd-sysext has made a new /usr, which the kernel has put beneath the old one inside.
    let host = "30 1 0:61 / /usr ro shared:30 - overlay sysext ro\n";
    let old = "21 20 0:60 / /usr ro shared:21 - overlay sysext ro\n20 11 0:61 / /usr ro shared:20 master:30 - overlay sysext ro\n\
               22 21 0:62 / /usr/lib/x rw shared:22 - tmpfs t rw\n";
    let found = found(&with(host, old));
    assert_eq!(names(&with(host, old)), ["shadowed", "lingering"]);
    assert!(
        found[0].found.starts_with("what the host has mounted at /usr lies inside beneath an older"),
        "{found:?}"
    );
    assert!(found[1].found.starts_with("overlay sysext is still mounted inside at /usr"), "{found:?}");
    // The pin's own directory is nobody's business.
    let own = "20 14 0:22 /mnt /run/kubens/mnt ro shared:20 - tmpfs kubens ro\n21 20 0:51 / /run/kubens/mnt rw - tmpfs x rw\n";
    assert_eq!(names(&with("", own)), [""; 0]);
}

#[test]
fn what_lingers_is_what_the_host_had() {
    let under = |line: &str| format!("{line}25 20 0:71 / /srv/x rw shared:25 - tmpfs t rw\n");
    for (line, expected) in [
        ("20 11 0:70 / /srv rw shared:20 - nfs4 server:/x rw\n", vec!["lingering"]),
        ("20 11 0:70 / /srv rw shared:20 - btrfs /dev/sdb rw\n", vec!["device-busy"]),
        ("20 11 0:70 / /srv rw shared:20 - tmpfs own rw\n", vec![]),
    ] {
        assert_eq!(names(&with("", &under(line))), expected, "{line}");
    }
    // What the host has there was there before it.
    let host = "30 1 0:69 / /srv rw shared:30 - tmpfs h rw\n";
    let over = "20 11 0:69 / /srv rw shared:20 master:30 - tmpfs h rw\n\
                21 20 0:70 / /srv rw shared:21 - tmpfs own rw\n22 21 0:71 / /srv/x rw shared:22 - tmpfs t rw\n";
    assert_eq!(names(&with(host, over)), ["shadowed"]);
    // What a container has of it, and nobody else.
    let names_with = |line: &str| {
        let mounts = parse(line.as_bytes());
        names(&Node { elsewhere: vec![Elsewhere { pid: 7, unit: None, mounts }], ..healthy() })
    };
    assert_eq!(names_with("90 1 8:16 / /data rw - ext4 /dev/sdb rw\n"), ["device-busy"]);
    assert_eq!(names_with("90 1 8:1 /etc/x /etc/x rw - ext4 /dev/sda1 rw\n"), [""; 0]);
    assert_eq!(names_with("90 1 0:99 / /data rw - tmpfs own rw\n"), [""; 0]);
}

#[test]
fn what_the_host_keeps_from_the_namespace_is_named() {
    let kubelet =
        |shared: &str| format!("30 1 8:1 /var/lib/kubelet /var/lib/kubelet rw {shared}- ext4 d rw\n");
    assert_eq!(names(&with(&kubelet("shared:30 "), "")), [""; 0]);
    assert_eq!(one(&kubelet(""), "").cure, "mount --make-rshared /var/lib/kubelet");
    let host = "30 1 0:80 / /data rw shared:30 - tmpfs d rw\n";
    let inside = |options: &str| format!("20 11 0:80 / /data {options} shared:20 master:30 - tmpfs d rw\n");
    assert_eq!(names(&with(host, &inside("rw"))), [""; 0]);
    let unseen = one(host, &inside("ro"));
    assert_eq!(
        (unseen.name, unseen.cure.as_str()),
        ("remount-unseen", "kubensenter mount -o remount,rw,bind /data")
    );
    // Of two in one place, each of which the host has.
    let two = format!("{host}{}", host.replace("30 1", "31 30").replace("rw shared", "ro shared"));
    let both = format!("{}{}", inside("rw"), inside("ro").replace("20 11", "21 20"));
    assert!(!names(&with(&two, &both)).contains(&"remount-unseen"));
}

#[test]
fn a_pin_that_will_not_be_made_again_is_no_trouble_yet() {
    let named = |change: fn(&mut crate::model::node::manager::Told)| {
        let mut node = healthy();
        change(node.units.as_mut().unwrap().iter_mut().find(|unit| unit.name == "kubens.service").unwrap());
        let view = node.view();
        assert_eq!(judge(&view.evidence), crate::model::node::judgement::Verdict::InEffect);
        verdict::service(&view).map(|finding| (finding.degrades, finding.cure))
    };
    assert_eq!(named(|_| {}), None);
    assert_eq!(named(|unit| unit.masked = true), Some((false, "systemctl unmask kubens.service".to_owned())));
    assert_eq!(
        named(|unit| unit.run = Run::Failed),
        Some((false, "systemctl restart kubens.service".to_owned()))
    );
}

#[test]
fn a_second_bpf_file_system_is_one_at_that_place_and_of_the_inside_alone() {
    let at = |place: &str, kind: &str| {
        names(&with("", &format!("20 11 0:50 / {place} rw shared:20 - {kind} {kind} rw\n")))
    };
    assert_eq!(at("/sys/fs/bpf", "bpf"), ["bpffs-twice"]);
    assert_eq!(at("/run/cilium/bpf", "bpf"), [""; 0]);
    assert_eq!(at("/sys/fs/bpf", "tmpfs"), [""; 0]);
    let both = "20 11 0:50 / /sys/fs/bpf rw shared:20 master:30 - bpf bpf rw\n";
    assert_eq!(names(&with("30 1 0:50 / /sys/fs/bpf rw shared:30 - bpf bpf rw\n", both)), [""; 0]);
}

#[test]
fn storage_is_used_outside_by_what_is_merged_there_or_by_podman_s_own_scope() {
    let storage = |mount: &str, lines: &[(&str, &str, NamespaceId)]| {
        let node = Node { processes: Some(processes(lines)), ..with(mount, "") };
        names(&node).contains(&"storage-outside")
    };
    let at = |place: &str| format!("30 1 0:70 / {place} rw - overlay overlay rw\n");
    let merged = at("/var/lib/containers/storage/overlay/ab/merged");
    let crio = ("crio.service", "crio", PINNED);
    assert!(storage(&merged, &[crio]));
    assert!(!storage(&at("/var/lib/containers/storage/overlay"), &[crio]));
    assert!(!storage(&at("/srv/storage/overlay/ab/merged"), &[crio]));
    assert!(!storage(&merged, &[("containerd.service", "containerd", PINNED)]));
    assert!(storage("", &[crio, ("libpod-ab.scope", "app", HOST)]));
    assert!(!storage("", &[crio, ("libpod-ab.scope", "app", PINNED)]));
    assert!(!storage("", &[crio, ("session-1.scope", "bash", HOST)]));
}

#[test]
fn a_pod_from_before_that_receives_the_hosts_mounts_is_named() {
    let container = |group: u32| {
        let mounts = format!(
            "90 1 0:70 / / rw - overlay overlay rw\n\
             91 90 8:1 /srv /srv rw master:{group} - ext4 /dev/sda1 rw\n\
             92 90 8:1 /var/lib/kubelet/pods/6f1c-1/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"
        );
        let by = Elsewhere { pid: 7, unit: None, mounts: parse(mounts.as_bytes()) };
        Node { elsewhere: vec![by], ..healthy() }
    };
    let watching = one_of(&container(1));
    assert_eq!(
        (watching.name, watching.found.as_str()),
        (
            "watches-host",
            "what the host mounts goes to 1 container from before the namespace, the first of pod 6f1c-1 at /srv"
        )
    );
    assert_eq!(names(&container(11)), [""; 0]);
    let mut named = container(1);
    named.pods.log_directory(b"shop_web-0_6f1c-1");
    assert!(one_of(&named).found.ends_with("the first of pod shop/web-0 at /srv"));
}

#[test]
fn a_device_under_layers_that_are_gone_is_named_with_who_keeps_it() {
    let overlays = vec![b"/run/b".to_vec(), b"/run/a".to_vec()];
    let busy = one_of(&Node { strays: vec![Stray { device: "loop3".to_owned(), overlays }], ..healthy() });
    assert_eq!(busy.name, "device-busy");
    assert!(
        busy.found.starts_with("loop3 is mounted nowhere and in use")
            && busy.found.ends_with("/run/a, /run/b")
    );
    assert_eq!(busy.cure, "stop that container, or kubensenter umount /run/a; kubensenter umount /run/b");
}

#[test]
fn who_is_outside_is_counted_and_told_from_who_is_elsewhere() {
    let containerd = ("containerd.service", "containerd", PINNED);
    let kubelet = |side| ("kubelet.service", "kubelet", side);
    let shim = |side| ("containerd.service", "containerd-shim-runc-v2", side);
    for (lines, expected) in [
        (vec![kubelet(PINNED), shim(HOST)], "half switched: 1 shim of containerd.service is outside, "),
        (
            vec![kubelet(PINNED), shim(HOST), shim(HOST)],
            "half switched: 2 shims of containerd.service are outside, ",
        ),
        (vec![kubelet(HOST)], "kubelet.service is outside while "),
        (
            vec![kubelet(OTHER), shim(OTHER)],
            "1 shim of containerd.service is in a namespace of its own, kubelet.service is in a namespace of its own while ",
        ),
    ] {
        let told = &found(&node(&[vec![containerd], lines].concat()))[0].found;
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn what_failed_and_what_came_on_the_host_is_named() {
    let lines = [("containerd.service", "containerd", PINNED), ("kubelet.service", "kubelet", PINNED)];
    let mut half = node(&lines);
    half.processes = Some(processes(&lines[..1]));
    half.units.as_mut().unwrap()[1].run = Run::Failed;
    assert_eq!(found(&half)[0].found, "kubelet.service has failed, and half of the node does not run");
    // That the runtime's unit failed before says nothing of a runtime that runs.
    half.units.as_mut().unwrap()[0].run = Run::Failed;
    assert_eq!(found(&half)[0].found, "kubelet.service has failed, and half of the node does not run");
    let mut masked = Node { pinning: Pinning::Nothing("nothing".to_owned()), ..node(&[]) };
    let unit = &mut masked.units.as_mut().unwrap()[0];
    (unit.masked, unit.run) = (true, Run::Failed);
    assert_eq!(found(&masked)[0].found, "kubens.service is masked");
    let volume = "/var/lib/kubelet/pods/6f1c-1/volumes/k~e/cache";
    let since = one(&format!("30 3 0:60 / {volume} rw shared:30 - tmpfs c rw\n"), "");
    assert!(
        since.found.ends_with(&format!("1 mount of containers or volumes, the first at {volume}")),
        "{}",
        since.found
    );
}
