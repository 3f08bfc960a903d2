//! `pin`, `unpin` and the verbs that switch a node, stopped before each of their system calls: by SIGKILL, and by an
//! error in the call's place. What is looked at then is in tests/harness/crasher.

mod harness;

use harness::Sandbox;

/// Tries all faults of a scene on both ways of mounting, each on a host of its own.
fn survives(scene: &str) {
    let faults = ["KILL", "EPERM", "EACCES", "ENOSYS", "ENOMEM", "ENOSPC", "EBUSY", "EINVAL"];
    std::thread::scope(|scope| {
        for way in ["new", "old"] {
            scope.spawn(move || {
                let sandbox = Sandbox::new();
                for fault in faults {
                    let run = sandbox.run(&format!("crasher {scene} {fault} {way}"));
                    assert_eq!(
                        (run.status, run.stderr.as_str()),
                        (0, ""),
                        "{scene} {fault} {way}: {}",
                        run.stdout
                    );
                    let calls = run.stdout.strip_suffix(" calls\n").and_then(|calls| calls.parse().ok());
                    // A run that does nothing has 20.
                    assert!(
                        calls.is_some_and(|calls: u32| calls > 60),
                        "{scene} {fault} {way}: {}",
                        run.stdout
                    );
                }
            });
        }
    });
}

#[test]
fn a_first_pin_is_complete_or_nothing() {
    survives("fresh");
}

#[test]
fn a_lost_pin_is_found_again_by_the_next_one() {
    survives("lost");
}

#[test]
fn what_lies_in_the_way_is_replaced_by_the_next_one() {
    survives("covered");
}

#[test]
fn an_unpin_leaves_a_complete_pin_or_none() {
    survives("unpin");
}

#[test]
fn a_forced_unpin_loses_no_namespace() {
    survives("force");
}

#[test]
fn a_pin_in_use_stays_whatever_fails() {
    survives("used");
    survives("keep");
}

#[test]
fn another_user_namespaces_pin_is_replaced_or_stays_unentered() {
    survives("forged");
}

#[test]
fn what_switches_a_node_leaves_one_whole_file_or_the_other() {
    std::thread::scope(|scope| {
        for verb in ["enable", "disable", "wrap", "unwrap"] {
            scope.spawn(move || {
                let sandbox = Sandbox::new();
                for fault in ["KILL", "EPERM", "EACCES", "ENOSPC"] {
                    let run = sandbox.run(&format!("crasher {verb} {fault} new"));
                    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{verb} {fault}: {}", run.stdout);
                }
            });
        }
    });
}
