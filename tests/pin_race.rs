//! Many of `pin` and `unpin` at the same time, on all CPUs: one namespace, one mount, no failure, and nobody who
//! enters meanwhile finds anything incomplete.

#![allow(clippy::unwrap_used)]

mod harness;

use harness::Sandbox;

/// Shell functions. `ready N COMMAND…` starts a command so many times, all waiting; `go` lets them go at the same
/// time, and waits for their end. Each prints its status and what it says.
const LIBRARY: &str = r#"
set -eu
taskset --all-tasks --cpu-list --pid 0-1023 $$ >/dev/null
mkdir /run/race
exec 9>/run/race/gate
flock 9
waiting=0
ready() {
    n=$1; shift
    waiting=$((waiting + n))
    for _ in $(seq "$n"); do
        sh -c 'echo >>/run/race/waiting; flock --shared /run/race/gate true
               said=$("$@" 2>&1) && status=0 || status=$?
               echo "$status $said"' sh "$@" 9>&- &
    done
}
go() {
    while [ "$(wc -l </run/race/waiting)" != "$waiting" ]; do sleep 0.01; done
    flock --unlock 9
    wait
    rm -r /run/race
}
"#;

/// What is there of a complete pin: its mounts and its files.
const PINNED: &str =
    "/run/kubens tmpfs\n/run/kubens/mnt nsfs\n/run/kubens\n/run/kubens/env\n/run/kubens/mnt\n";

/// Runs this race; what was said in it, line by line.
fn race(sandbox: &Sandbox, script: &str) -> Vec<String> {
    let said = sandbox.ok(&format!("{LIBRARY}\n{script}\ngo"));
    said.lines().map(str::to_owned).collect()
}

fn succeeded(said: &[String]) -> usize {
    said.iter().filter(|line| line.starts_with("0 ")).count()
}

fn state(sandbox: &Sandbox) -> String {
    sandbox.ok("awk '$5 ~ \"^/run/kubens\" { print $5, $(NF - 2) }' /proc/self/mountinfo
                find /run -path '/run/kubens*' | sort")
}

fn pinned(sandbox: &Sandbox) -> String {
    sandbox.ok("stat --format=%i /run/kubens/mnt").trim().to_owned()
}

#[test]
fn of_64_pins_one_makes_it() {
    let sandbox = Sandbox::new();
    let mut said = race(&sandbox, "ready 64 kubensctl pin");
    let id = pinned(&sandbox);
    let kept = format!("0 mnt:[{id}] is pinned at /run/kubens/mnt");
    said.retain(|line| *line != kept);
    assert_eq!(said, [format!("0 pinned mnt:[{id}], a new mount namespace, at /run/kubens/mnt")]);
    assert_eq!(state(&sandbox), PINNED);
}

#[test]
fn pins_and_unpins_leave_a_pin_or_nothing() {
    let sandbox = Sandbox::new();
    for _ in 0..8 {
        let said = race(&sandbox, "ready 16 kubensctl pin; ready 16 kubensctl unpin");
        assert_eq!(succeeded(&said), 32, "{said:#?}");
        let state = state(&sandbox);
        assert!(state == PINNED || state.is_empty(), "{state}");
    }
    sandbox.ok("kubensctl unpin");
    assert_eq!(state(&sandbox), "");
}

#[test]
fn the_namespace_of_who_lives_inside_outlasts_them_all() {
    let sandbox = Sandbox::new();
    let member = "kubensctl pin; mkfifo /run/there
                  kubensenter -q --require sh -c 'echo >/run/there; exec sleep 1000' >/dev/null 2>&1 &
                  read -r _ </run/there; rm /run/there";
    sandbox.ok(member);
    let id = pinned(&sandbox);
    for _ in 0..4 {
        let said = race(
            &sandbox,
            "ready 16 kubensctl pin; ready 8 kubensctl unpin; ready 8 kubensctl unpin --force",
        );
        assert_eq!(succeeded(&said), 32, "{said:#?}");
        sandbox.ok("kubensctl pin");
        assert_eq!(pinned(&sandbox), id, "{said:#?}");
        assert_eq!(state(&sandbox), PINNED);
    }
}

#[test]
fn who_enters_meanwhile_finds_it_complete_or_not_there() {
    let sandbox = Sandbox::new();
    let look = "kubensenter -q --require awk '$5 == \"/\" { print $7, $8 }' /proc/self/mountinfo";
    let script = format!(
        "ready 8 sh -c 'for _ in $(seq 8); do kubensctl pin; kubensctl unpin; done >/run/race/out$$'
         ready 8 sh -c 'for _ in $(seq 64); do {} || :; done'",
        look.replace('\'', "'\\''")
    );
    let said = race(&sandbox, &script);
    let (mut complete, mut missing) = (0, 0);
    // The first line of each has its status.
    for line in said.iter().map(|line| line.strip_prefix("0 ").unwrap_or(line)) {
        match line.split_once(' ') {
            Some((shared, master)) if shared.starts_with("shared:") && master.starts_with("master:") => {
                complete += 1;
            }
            _ if line.starts_with("kubensenter: ") && line.contains("/run/kubens/mnt") => missing += 1,
            _ => assert_eq!(line, "", "{said:#?}"),
        }
    }
    assert_eq!((complete + missing, complete > 0, missing > 0), (512, true, true), "{said:#?}");
}
