use super::*;

/// Where a part is: nowhere, on one side, on two, or not to be seen.
const PLACES: [(usize, usize, usize, usize); 7] =
    [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (1, 1, 0, 0), (0, 0, 0, 1), (1, 0, 0, 1)];

fn place((inside, host, elsewhere, unseen): (usize, usize, usize, usize)) -> Count {
    Count { inside, host, elsewhere, unseen }
}

fn part(name: &str, role: Role, places: Count, run: Run, enters: Option<bool>) -> Part {
    Part { name: name.to_owned(), role, places, run, enters }
}

const PINS: [Pin; 6] = [Pin::Here, Pin::Older, Pin::Lost, Pin::Foreign, Pin::Nothing, Pin::Unseen];
const SERVICES: [Option<Service>; 7] = [
    None,
    Some(Service::Off),
    Some(Service::Enabled),
    Some(Service::Starting),
    Some(Service::Active),
    Some(Service::Failed),
    Some(Service::Masked),
];

/// The parts of a node: a runtime, a kubelet, shims.
fn parts(places: [Count; 3], run: Run, enters: Option<bool>) -> Vec<Part> {
    let shims = part("shims", Role::Shim, places[2], Run::Settled, enters.map(|_| false));
    vec![
        part("containerd.service", Role::Runtime, places[0], Run::Settled, enters),
        part("kubelet.service", Role::Kubelet, places[1], run, enters),
        shims,
    ]
}

/// Calls `each` with every combination of facts that can be.
fn walk(mut each: impl FnMut(&Evidence)) {
    for (runtime, kubelet, shims) in triples() {
        let places = [runtime, kubelet, shims];
        for pin in PINS {
            // Inside is inside of something.
            let home = matches!(pin, Pin::Here | Pin::Older | Pin::Lost | Pin::Foreign);
            if !home && places.iter().any(|place| place.inside > 0) {
                continue;
            }
            for service in SERVICES {
                let known = service.is_some();
                for (run, enters) in [
                    (Run::Settled, Some(true)),
                    (Run::Settled, Some(false)),
                    (Run::Changing, Some(true)),
                    (Run::Failed, Some(false)),
                    (Run::Settled, None),
                ] {
                    if known != enters.is_some() {
                        continue;
                    }
                    let mut seen = Evidence {
                        pin,
                        service,
                        parts: parts(places, run, enters),
                        blind: false,
                        propagation: None,
                        outside: None,
                    };
                    for propagation in [None, Some(Propagation::Right), Some(Propagation::Deaf)] {
                        for outside in [None, Some(0), Some(3)] {
                            for blind in [false, true] {
                                (seen.propagation, seen.outside, seen.blind) = (propagation, outside, blind);
                                each(&seen);
                            }
                        }
                    }
                }
            }
        }
    }
}

fn triples() -> impl Iterator<Item = (Count, Count, Count)> {
    let all = || PLACES.into_iter().map(place);
    all().flat_map(move |one| all().flat_map(move |two| all().map(move |three| (one, two, three))))
}

/// How many sides the parts are seen on.
fn sides(seen: &Evidence) -> usize {
    let on = |side: fn(&Count) -> usize| seen.parts.iter().any(|part| side(&part.places) > 0);
    [on(|count| count.inside), on(|count| count.host), on(|count| count.elsewhere)]
        .into_iter()
        .filter(|seen| *seen)
        .count()
}

#[test]
fn two_sides_are_never_in_effect_and_what_was_not_seen_is_never_good() {
    let mut walked = 0;
    walk(|seen| {
        walked += 1;
        let verdict = judge(seen);
        let all_seen = !seen.blind
            && seen.pin != Pin::Unseen
            && seen.parts.iter().all(|part| part.places.unseen == 0)
            && seen.propagation.is_some()
            && seen.outside.is_some();
        match &verdict {
            Verdict::InEffect => {
                assert!(sides(seen) == 1 && all_seen, "{seen:?}");
                assert!(seen.parts.iter().any(|part| part.places.inside > 0), "{seen:?}");
                assert!(matches!(seen.pin, Pin::Here | Pin::Older), "{seen:?}");
                assert_eq!((seen.propagation, seen.outside), (Some(Propagation::Right), Some(0)), "{seen:?}");
            }
            Verdict::NotEnabled | Verdict::Pending | Verdict::Starting | Verdict::Idle => {
                let inside = seen.parts.iter().any(|part| part.places.inside > 0);
                assert!(!seen.blind && seen.service.is_some(), "{seen:?}");
                assert!(!inside || sides(seen) == 1, "{verdict:?} {seen:?}");
            }
            Verdict::Degraded(troubles) => assert!(!troubles.is_empty(), "{seen:?}"),
            Verdict::Unknown(missing) => assert!(!missing.is_empty(), "{seen:?}"),
        }
    });
    assert!(walked > 100_000, "{walked}");
}

/// Every way in which one fact that was not seen could have been.
fn completions(seen: &Evidence) -> Vec<Evidence> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Evidence)| {
        let mut complete = seen.clone();
        change(&mut complete);
        all.push(complete);
    };
    if seen.blind {
        with(&|seen| seen.blind = false);
    }
    if seen.propagation.is_none() {
        for propagation in [Propagation::Right, Propagation::NotShared] {
            with(&|seen| seen.propagation = Some(propagation));
        }
    }
    if seen.outside.is_none() {
        for count in [0, 2] {
            with(&|seen| seen.outside = Some(count));
        }
    }
    for (place, _) in seen.parts.iter().enumerate().filter(|(_, part)| part.places.unseen > 0) {
        with(&|seen| (seen.parts[place].places.host, seen.parts[place].places.unseen) = (1, 0));
        if !matches!(seen.pin, Pin::Nothing | Pin::Unseen) {
            with(&|seen| (seen.parts[place].places.inside, seen.parts[place].places.unseen) = (1, 0));
        }
    }
    if seen.service.is_none() {
        for service in SERVICES.into_iter().flatten() {
            for (run, enters) in [(Run::Settled, true), (Run::Changing, false), (Run::Failed, false)] {
                with(&|seen| {
                    seen.service = Some(service);
                    for part in &mut seen.parts {
                        (part.run, part.enters) = (run, Some(enters));
                    }
                });
            }
        }
    }
    all
}

#[test]
fn a_verdict_holds_whatever_it_is_that_was_not_seen() {
    walk(|seen| {
        let verdict = judge(seen);
        if matches!(verdict, Verdict::Unknown(_)) {
            return;
        }
        for complete in completions(seen) {
            let (old, new) = (&verdict, judge(&complete));
            let holds = match old {
                Verdict::Degraded(_) => matches!(new, Verdict::Degraded(_)),
                Verdict::InEffect
                | Verdict::NotEnabled
                | Verdict::Pending
                | Verdict::Starting
                | Verdict::Idle
                | Verdict::Unknown(_) => *old == new || matches!(new, Verdict::Unknown(_)),
            };
            assert!(holds, "{verdict:?} of {seen:?}\nbecomes {new:?} of {complete:?}");
        }
    });
}

/// A node on which all is well; the rows below change a fact each.
fn well() -> Evidence {
    Evidence {
        pin: Pin::Here,
        service: Some(Service::Active),
        parts: parts([INSIDE; 3], Run::Settled, Some(true)),
        blind: false,
        propagation: Some(Propagation::Right),
        outside: Some(0),
    }
}

/// Nothing is pinned, and all runs on the host.
fn unpinned(node: &mut Evidence, service: Service, enters: bool) {
    (node.pin, node.service) = (Pin::Nothing, Some(service));
    node.parts = parts([HOST; 3], Run::Settled, Some(enters));
}

const NOWHERE: Count = Count { inside: 0, host: 0, elsewhere: 0, unseen: 0 };
const INSIDE: Count = Count { inside: 1, ..NOWHERE };
const HOST: Count = Count { host: 1, ..NOWHERE };
const ELSEWHERE: Count = Count { elsewhere: 1, ..NOWHERE };
const UNSEEN: Count = Count { unseen: 1, ..NOWHERE };

#[test]
#[allow(clippy::too_many_lines)] // It is one table.
fn each_state_of_a_node_has_its_verdict() {
    type Change = fn(&mut Evidence);
    let degraded = |trouble| Verdict::Degraded(vec![trouble]);
    let rows: [(&str, Change, Verdict); 31] = [
        ("all is well", |_| {}, Verdict::InEffect),
        ("the kubelet on the host", |n| n.parts[1].places = HOST, degraded(Trouble::Split)),
        ("the kubelet in a container", |n| n.parts[1].places = ELSEWHERE, degraded(Trouble::Split)),
        ("shims from before", |n| n.parts[2].places = HOST, degraded(Trouble::Half)),
        (
            "cri-dockerd on the host",
            |n| n.parts.push(part("cri-docker.service", Role::Runtime, HOST, Run::Settled, Some(false))),
            degraded(Trouble::Half),
        ),
        (
            "after disable and restarts",
            |n| n.parts = parts([HOST, HOST, INSIDE], Run::Settled, Some(false)),
            degraded(Trouble::Leaving),
        ),
        ("one whose namespace is not seen", |n| n.blind = true, Verdict::Unknown(vec![Missing::Processes])),
        (
            "a kubelet whose namespace is not seen",
            |n| n.parts[1].places = UNSEEN,
            Verdict::Unknown(vec![Missing::Processes]),
        ),
        (
            "setns is forbidden, and nobody lives inside",
            |n| n.propagation = None,
            Verdict::Unknown(vec![Missing::Mounts]),
        ),
        (
            "without /proc",
            |n| (n.pin, n.parts, n.blind) = (Pin::Unseen, vec![], true),
            Verdict::Unknown(vec![Missing::Pin, Missing::Processes]),
        ),
        (
            "the kubelet is being started",
            |n| n.parts = parts([INSIDE, NOWHERE, INSIDE], Run::Changing, Some(true)),
            Verdict::Starting,
        ),
        ("kubens.service failed", |n| unpinned(n, Service::Failed, true), degraded(Trouble::Failed)),
        ("kubens.service is masked", |n| unpinned(n, Service::Masked, true), degraded(Trouble::Failed)),
        ("the older way", |n| (n.pin, n.service) = (Pin::Older, Some(Service::Off)), Verdict::InEffect),
        ("nothing runs", |n| n.parts = parts([NOWHERE; 3], Run::Settled, Some(true)), Verdict::Idle),
        ("switched on, not yet rebooted", |n| unpinned(n, Service::Enabled, true), Verdict::Pending),
        (
            "pinned, and nothing restarted yet",
            |n| n.parts = parts([HOST; 3], Run::Settled, Some(true)),
            Verdict::Pending,
        ),
        (
            "pinned, and nothing enters",
            |n| n.parts = parts([HOST; 3], Run::Settled, Some(false)),
            degraded(Trouble::Unused),
        ),
        (
            "the runtime failed, and the kubelet is inside",
            |n| (n.parts[0].places, n.parts[0].run) = (NOWHERE, Run::Failed),
            degraded(Trouble::NotRunning),
        ),
        (
            "a second runtime failed",
            |n| n.parts.push(part("docker.service", Role::Runtime, NOWHERE, Run::Failed, Some(false))),
            Verdict::InEffect,
        ),
        ("nothing of it", |n| unpinned(n, Service::Off, false), Verdict::NotEnabled),
        (
            "kubens.service is masked, and nothing enters",
            |n| unpinned(n, Service::Masked, false),
            Verdict::NotEnabled,
        ),
        (
            "wrapped, and kubens.service is wanted by nobody yet",
            |n| unpinned(n, Service::Off, true),
            Verdict::Pending,
        ),
        (
            "one program for both, and systemd says nothing",
            |n| {
                n.service = None;
                n.parts = vec![part("k3s.service", Role::Both, INSIDE, Run::Settled, None)];
            },
            Verdict::InEffect,
        ),
        (
            "one program for both failed, and its shims are inside",
            |n| {
                n.parts = parts([NOWHERE, NOWHERE, INSIDE], Run::Settled, None);
                n.parts.push(part("k3s.service", Role::Both, NOWHERE, Run::Failed, Some(true)));
            },
            degraded(Trouble::NotRunning),
        ),
        ("volumes on the host", |n| n.outside = Some(2), degraded(Trouble::Outside(2))),
        (
            "volumes on the host, and nothing runs",
            |n| (n.outside, n.parts) = (Some(2), parts([NOWHERE; 3], Run::Settled, Some(true))),
            degraded(Trouble::Outside(2)),
        ),
        (
            "volumes on the host, and who runs is not seen",
            |n| {
                (n.outside, n.blind) = (Some(2), true);
                n.parts = parts([NOWHERE; 3], Run::Settled, Some(true));
            },
            Verdict::Unknown(vec![Missing::Processes]),
        ),
        (
            "unmounted, and nobody inside",
            |n| (n.pin, n.parts) = (Pin::Nothing, vec![]),
            degraded(Trouble::Lost),
        ),
        ("somebody else's namespace", |n| n.pin = Pin::Foreign, degraded(Trouble::Foreign)),
        (
            "systemd says nothing, and both are seen inside",
            |n| {
                n.service = None;
                n.parts.iter_mut().for_each(|part| part.enters = None);
            },
            Verdict::InEffect,
        ),
    ];
    for (what, change, expected) in rows {
        let mut node = well();
        change(&mut node);
        assert_eq!(judge(&node), expected, "{what}");
    }
}

#[test]
fn whether_it_is_split_is_known_unless_too_little_was_seen() {
    let split = |change: fn(&mut Evidence)| {
        let mut node = well();
        change(&mut node);
        judge(&node).is_split()
    };
    assert_eq!(split(|_| {}), Some(false));
    assert_eq!(split(|node| node.outside = Some(2)), Some(false));
    assert_eq!(split(|node| node.parts[1].places = HOST), Some(true));
    assert_eq!(split(|node| node.parts[2].places = HOST), Some(true));
    assert_eq!(split(|node| node.parts = parts([HOST, HOST, INSIDE], Run::Settled, Some(false))), Some(true));
    assert_eq!(split(|node| node.blind = true), None);
}
