use super::*;
use crate::model::node::facts::{Apart, Node, Pinning};
use crate::model::node::fixture_tests::{HOST, Line, OTHER, PINNED, healthy, node, processes, told, with};
use crate::model::node::judgement::{Missing, Trouble, Verdict, judge};

fn verdict(node: &Node) -> Verdict {
    judge(&node.view().evidence)
}

fn degraded(trouble: Trouble) -> Verdict {
    Verdict::Degraded(vec![trouble])
}

const NOTHING: fn() -> Pinning = || Pinning::Nothing("nothing".to_owned());

#[test]
fn a_healthy_node_is_in_effect_and_an_empty_one_idle() {
    assert_eq!(verdict(&healthy()), Verdict::InEffect);
    assert_eq!(verdict(&node(&[])), Verdict::Idle);
}

#[test]
fn a_kubelet_is_one_whatever_its_unit_is_called() {
    for unit in ["snap.kubelet-eks.daemon.service", "my-kubelet@1.service", "session-3.scope", ""] {
        let lines = [("containerd.service", "containerd", PINNED), (unit, "kubelet", HOST)];
        assert_eq!(verdict(&node(&lines)), degraded(Trouble::Split), "{unit}");
        assert_eq!(node(&lines).view().evidence.parts.len(), 2);
    }
}

#[test]
fn who_else_lives_in_a_namespace_hides_nobody() {
    // CRI-O's conmon without a unit, a container's process, a debug shell: all have lower PIDs than the kubelet.
    let others: [Line<'_>; 3] =
        [("", "conmon", OTHER), ("crio-ab.scope", "pause", OTHER), ("session-2.scope", "bash", OTHER)];
    for other in others {
        let lines = [other, ("crio.service", "crio", PINNED), ("kubelet.service", "kubelet", OTHER)];
        assert_eq!(verdict(&node(&lines)), degraded(Trouble::Split), "{other:?}");
        let lines = [other, ("crio.service", "crio", OTHER), ("kubelet.service", "kubelet", OTHER)];
        let lost = Node { pinning: NOTHING(), ..node(&lines) };
        assert_eq!(verdict(&lost), degraded(Trouble::Lost), "{other:?}");
    }
}

#[test]
fn a_containers_kubelet_is_where_its_volumes_appear() {
    let lines = [("docker.service", "dockerd", PINNED), ("docker-ab.scope", "kubelet", OTHER)];
    let apart = |peer| vec![Apart { id: OTHER, marked: false, peer }];
    for (peer, expected) in [
        (None, degraded(Trouble::Split)),
        (Some(HOST), degraded(Trouble::Split)),
        (Some(PINNED), Verdict::InEffect),
    ] {
        assert_eq!(verdict(&Node { apart: apart(peer), ..node(&lines) }), expected, "{peer:?}");
    }
}

#[test]
fn what_is_no_kubelet_yet_is_none() {
    let mut node = node(&[
        ("containerd.service", "containerd", PINNED),
        ("kubelet.service", "bash", HOST),
        ("kubelet.service", "kubensenter", HOST),
    ]);
    let unit = |name: &str| node.units.as_ref().unwrap().iter().position(|unit| unit.name == name).unwrap();
    let place = unit("kubelet.service");
    let change = |node: &mut Node, run, main| {
        let unit = &mut node.units.as_mut().unwrap()[place];
        (unit.role, unit.run, unit.main) = (Some(Role::Kubelet), run, main);
    };
    change(&mut node, Run::Changing, None);
    assert_eq!(verdict(&node), Verdict::Starting);
    // A script is known by its unit, once that has started; who only enters is not there yet.
    change(&mut node, Run::Settled, Some(3));
    assert_eq!(verdict(&node), degraded(Trouble::Split));
    change(&mut node, Run::Changing, Some(3));
    assert_eq!(verdict(&node), Verdict::Starting);
    change(&mut node, Run::Changing, Some(4));
    assert_eq!(verdict(&node), Verdict::Starting);
    change(&mut node, Run::Failed, None);
    assert_eq!(verdict(&node), degraded(Trouble::NotRunning));
}

#[test]
fn shims_and_what_starts_them_are_looked_at_apart() {
    let lines = [
        ("containerd.service", "containerd", PINNED),
        ("containerd.service", "containerd-shim-runc-v2", HOST),
        ("kubelet.service", "kubelet", PINNED),
    ];
    assert_eq!(verdict(&node(&lines)), degraded(Trouble::Half));
    let parts = node(&lines).view().evidence.parts;
    let told: Vec<_> = parts.iter().map(|part| (part.name.as_str(), part.role, part.enters)).collect();
    // Nothing starts a shim again.
    let shim = ("containerd.service", Role::Shim, Some(false));
    let kubelet = ("kubelet.service", Role::Kubelet, Some(true));
    assert_eq!(told, [("containerd.service", Role::Runtime, Some(true)), shim, kubelet]);
    let mut out = node(&[
        ("crio.service", "crio", HOST),
        ("crio-conmon-ab.scope", "conmon", PINNED),
        ("crio-conmon-cd.scope", "conmon", PINNED),
        ("kubelet.service", "kubelet", HOST),
    ]);
    out.units.as_mut().unwrap().iter_mut().for_each(|unit| unit.enters = false);
    assert_eq!(verdict(&out), degraded(Trouble::Leaving));
    let parts = out.view().evidence.parts;
    assert_eq!(parts.iter().find(|part| part.role == Role::Shim).unwrap().places.inside, 2);
}

#[test]
fn a_namespace_that_lost_its_pin_is_known_by_its_mark_or_by_who_shares_it() {
    let lost = |lines: &[Line<'_>]| Node { pinning: NOTHING(), inside: None, ..node(lines) };
    let both = [("containerd.service", "containerd", OTHER), ("kubelet.service", "kubelet", OTHER)];
    assert_eq!(verdict(&lost(&both)), degraded(Trouble::Lost));
    assert_eq!(verdict(&node(&both)), degraded(Trouble::Lost));
    assert_eq!(verdict(&lost(&[("k3s.service", "k3s", OTHER)])), degraded(Trouble::Lost));
    // One alone may have a sandbox, in which its shims live as well.
    let mut alone = lost(&[
        ("crio.service", "crio", OTHER),
        ("crio-conmon-a.scope", "conmon", OTHER),
        ("kubelet.service", "kubelet", HOST),
    ]);
    alone.units.as_mut().unwrap().iter_mut().for_each(|unit| (unit.enters, unit.active) = (false, false));
    alone.units.as_mut().unwrap().iter_mut().for_each(|unit| unit.enabled = false);
    assert_eq!(verdict(&alone), Verdict::NotEnabled);
    alone.apart = vec![Apart { id: OTHER, marked: true, peer: None }];
    let found = verdict(&alone);
    assert!(matches!(&found, Verdict::Degraded(troubles) if troubles[0] == Trouble::Lost), "{found:?}");
}

#[test]
fn what_is_known_or_only_like_a_lost_one_is_none() {
    const FOURTH: NamespaceId = NamespaceId { dev: 4, ino: 9 };
    let found = |node: &Node| {
        let deciders: Vec<_> = node.processes().iter().filter_map(|process| decider(node, process)).collect();
        home(node, &deciders)
    };
    let both = |id| [("containerd.service", "containerd", id), ("kubelet.service", "kubelet", id)];
    assert_eq!(found(&node(&both(HOST))), (Pin::Here, Some(PINNED)));
    let older = Node { older: Some(OTHER), ..node(&both(OTHER)) };
    assert_eq!(found(&older), (Pin::Here, Some(PINNED)));

    // Where somebody lives in the one that is pinned, that is it.
    let third = [&both(OTHER)[..], &[("crio.service", "crio", PINNED)]].concat();
    assert_eq!(found(&node(&third)), (Pin::Here, Some(PINNED)));

    let lost = |lines: &[Line<'_>], apart| Node { pinning: NOTHING(), apart: vec![apart], ..node(lines) };
    let apart = |id, marked, peer| Apart { id, marked, peer };
    let alone = [("crio.service", "crio", OTHER), ("kubelet.service", "kubelet", HOST)];
    for other in [apart(FOURTH, true, None), apart(OTHER, false, None)] {
        assert_eq!(found(&lost(&alone, other)), (Pin::Nothing, None));
    }
    // A container's namespace is none; another one's container makes no difference.
    assert_eq!(found(&lost(&both(OTHER), apart(OTHER, true, Some(HOST)))), (Pin::Nothing, None));
    assert_eq!(found(&lost(&both(OTHER), apart(FOURTH, false, Some(HOST)))), (Pin::Lost, Some(OTHER)));
    // Of several it is the one in which most live.
    let second = [("docker.service", "dockerd", FOURTH), ("cri-docker.service", "cri-dockerd", FOURTH)];
    let shim = ("containerd.service", "containerd-shim-runc-v2", OTHER);
    let lines = [&both(OTHER)[..], &[shim], &second].concat();
    for lines in [lines.clone(), lines.into_iter().rev().collect()] {
        assert_eq!(found(&lost(&lines, apart(HOST, false, None))), (Pin::Lost, Some(OTHER)));
    }
}

#[test]
fn the_older_services_pin_is_one() {
    let lines = [("crio.service", "crio", OTHER), ("kubelet.service", "kubelet", OTHER)];
    let older = Node { pinning: NOTHING(), older: Some(OTHER), ..node(&lines) };
    let outside = "30 1 0:4 mnt:[3] /run/container-mount-namespace/mnt rw - nsfs nsfs rw\n";
    let older = Node { outside: with(outside, "").outside, ..older };
    assert_eq!(verdict(&older), Verdict::InEffect);
}

#[test]
fn what_could_not_be_seen_is_not_taken_for_good() {
    type Change = fn(&mut Node);
    let blind: [(Change, Missing); 6] = [
        (|node| node.processes.as_mut().unwrap()[2].namespace = None, Missing::Processes),
        (|node| node.processes = None, Missing::Processes),
        (|node| node.host = None, Missing::Processes),
        (|node| node.inside = None, Missing::Mounts),
        (|node| node.outside = None, Missing::Mounts),
        (|node| node.pinning = Pinning::Unknown("Permission denied".to_owned()), Missing::Pin),
    ];
    for (change, expected) in blind {
        let mut node = healthy();
        change(&mut node);
        let found = verdict(&node);
        assert!(matches!(&found, Verdict::Unknown(missing) if missing.contains(&expected)), "{found:?}");
    }
    let mut half = node(&[("kubelet.service", "kubelet", PINNED)]);
    assert_eq!(verdict(&half), Verdict::InEffect);
    half.units = None;
    assert_eq!(verdict(&half), Verdict::Unknown(vec![Missing::Units]));
}

#[test]
fn a_pods_view_of_the_host_is_none() {
    // The namespace receives from a group that PID 1's table does not have.
    let pod = "1 0 0:60 / / rw - overlay overlay rw\n5 1 0:4 mnt:[2] /run/kubens/mnt rw - nsfs nsfs rw\n";
    let node = Node { outside: Some(crate::model::mounts::table::parse(pod.as_bytes())), ..healthy() };
    assert_eq!(verdict(&node), Verdict::Unknown(vec![Missing::Mounts]));
}

#[test]
fn volumes_on_the_host_count_from_the_pin_on() {
    let volume =
        "40 1 0:70 / /var/lib/kubelet/pods/0a/volumes/kubernetes.io~csi/pvc/mount rw shared:40 - nfs x rw\n";
    assert_eq!(verdict(&with(volume, "")), degraded(Trouble::Outside(1)));
    let before = format!("{volume}{}", crate::model::node::fixture_tests::OUTSIDE);
    let before = Node { outside: Some(crate::model::mounts::table::parse(before.as_bytes())), ..healthy() };
    assert_eq!(verdict(&before), Verdict::InEffect);
}

#[test]
fn a_unit_that_does_not_run_is_a_part_all_the_same() {
    let mut node = node(&[("kubelet.service", "kubelet", PINNED)]);
    let mut crio = told("crio.service", Some(Role::Runtime), true);
    (crio.run, crio.active) = (Run::Failed, false);
    node.units.as_mut().unwrap().push(crio);
    assert_eq!(verdict(&node), degraded(Trouble::NotRunning));
    node.processes = Some(processes(&[("kubelet.service", "kubelet", PINNED), ("", "containerd", PINNED)]));
    assert_eq!(verdict(&node), Verdict::InEffect);
}
