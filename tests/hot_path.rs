//! What a call costs, in numbers that do not depend on the machine: system calls. Times are in `benches/`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod harness;

use harness::Sandbox;

/// The names and first arguments of the system calls of one call, as strace tells them, up to the command's exec.
fn trace(sandbox: &Sandbox, call: &str) -> Vec<String> {
    sandbox.ok(&format!("strace -o /run/trace -s 200 $(command -v kubensenter) {call} /bin/true"));
    let trace = sandbox.ok("cat /run/trace");
    let mut calls: Vec<_> = trace.lines().map(str::to_owned).collect();
    let end =
        calls.iter().rposition(|call| call.starts_with("execve(\"/bin/true\"")).expect("the command's exec");
    calls.truncate(end + 1);
    calls
}

fn name(call: &str) -> &str {
    call.split('(').next().unwrap_or_default()
}

#[test]
fn the_way_from_the_pin_to_the_command_is_short() {
    if !harness::installed("strace") {
        return harness::not_run("the_way_from_the_pin_to_the_command_is_short", "strace is not installed");
    }
    let sandbox = Sandbox::pinned();
    // Two options in one word are not plain: the full program's. The plain call is counted in tests/early.rs.
    for call in ["-qq", "-q --mount /run/kubens/mnt", "-q --wd /run"] {
        let calls = trace(&sandbox, call);
        assert!(calls.len() <= 29, "{} system calls in all: {calls:#?}", calls.len());
        let open =
            calls.iter().position(|call| call.contains("\"/run/kubens/mnt\"") && name(call) == "openat");
        let way: Vec<_> = calls[open.expect("the pin's open")..].iter().map(|call| name(call)).collect();
        // The second question is whose it is, answered by a descriptor. What that is compared with is known without a
        // question where the machine's first user namespace is the owner, which it is not in this sandbox.
        let asked = ["ioctl", "newfstatat", "close", "newfstatat"].join(" ");
        // Rust's own check before a close, in a debug build.
        let way = way.join(" ").replace("fcntl close", "close").replacen(&asked, "asked", 1);
        assert_eq!(way, "openat newfstatat ioctl asked setns chdir execve");
    }
}

#[test]
fn nothing_on_the_way_grows_with_the_node() {
    if !harness::installed("strace") {
        return harness::not_run("nothing_on_the_way_grows_with_the_node", "strace is not installed");
    }
    let sandbox = Sandbox::pinned();
    let names =
        |call: &str| trace(&sandbox, call).iter().map(|call| name(call).to_owned()).collect::<Vec<_>>();
    let few = ["-q", "-qq"].map(names);
    let many = "for i in $(seq 300); do
            mkdir -p /run/many/$i; mount -t tmpfs many /run/many/$i; sleep 600 >/dev/null 2>&1 &
        done";
    sandbox.ok(&format!("{many}; kubensenter -q sh -c '{many}'"));
    assert_eq!(["-q", "-qq"].map(names), few);
}
