//! What the tests of pins share: a look at all that a pin could change, and both ways of mounting.

use super::Sandbox;

/// A command before `kubensctl`, for a kernel as it was before Linux 5.12.
pub const OLD_KERNEL: &str =
    "strace -o /dev/null -e inject=mount_setattr,fsopen,fsmount,fsconfig,open_tree,move_mount:error=ENOSYS";

/// A command before `kubensctl`, for a service whose seccomp filter is older than the youngest call.
pub const OLD_FILTER: &str = "strace -o /dev/null -e inject=mount_setattr:error=EPERM";

/// Shell functions: `state` prints all that a pin could change on the host, without the numbers that are never
/// the same; `root` prints the propagation of the pinned namespace's root; `member` starts a process inside and
/// prints its PID once it is there; `id` prints the pinned namespace's number.
const LIBRARY: &str = r#"
state() {
    awk '{ for (i = 7; $i != "-"; i++) { sub(/:.*/, "", $i); tags = tags " " $i }
           print $4, $5, $6, tags, $(i + 1), $(i + 3); tags = "" }' /proc/self/mountinfo |
        grep -v /run/netns | sort
    find /run -path /run/netns -prune -o -path /run/mount -prune -o -printf '%p %M %U\n' | sort
}
root() { nsenter --mount=/run/kubens/mnt awk '$5 == "/" { print $7, $8 }' /proc/self/mountinfo; }
id() { stat --format=%i /run/kubens/mnt; }
member() {
    mkfifo /run/ready
    nsenter --mount=/run/kubens/mnt sh -c 'echo >/run/ready; exec sleep 1000' >/dev/null 2>&1 &
    read -r _ </run/ready
    rm /run/ready
    echo $!
}
"#;

pub fn with_library(script: &str) -> String {
    format!("set -eu\n{LIBRARY}\n{script}")
}

pub fn host() -> Sandbox {
    Sandbox::new()
}

pub fn ok(sandbox: &Sandbox, script: &str) -> String {
    sandbox.ok(&with_library(script))
}

pub fn both_ways() -> [&'static str; 2] {
    ["", OLD_KERNEL]
}
