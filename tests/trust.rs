//! What somebody without privilege can make, hold, name or forbid decides nothing. Each table names its kind, and the
//! inputs that were tried.

#![allow(clippy::unwrap_used)]

mod harness;

use harness::Run;
use harness::pins::{host, ok};

#[test]
fn nobodys_namespace_is_never_entered_unless_somebody_insists() {
    let sandbox = host();
    // The forged one, where each way of naming a namespace leads to it.
    ok(
        &sandbox,
        "mkdir /run/kubens; touch /run/kubens/mnt; mount --bind --make-private /run/kubens /run/kubens
         mkfifo /run/up
         unshare --user --map-root-user --mount sh -c 'echo $$ >/run/up; exec sleep 1000' >/dev/null 2>&1 &
         read -r pid </run/up; echo $pid >/run/pid
         mount --bind /proc/$pid/ns/mnt /run/kubens/mnt",
    );
    let refused = |path: &str, cure: &str| {
        let why = format!(
            "kubensenter: cannot join the mount namespace at {path}: another user namespace than this one owns it ({cure})\n"
        );
        Run::new(125, "", &why)
    };
    let pid = ok(&sandbox, "cat /run/pid").trim().to_owned();
    let (pin, process) = ("/run/kubens/mnt", format!("/proc/{pid}/ns/mnt"));
    let named = "its maker decides what runs there; --any-owner joins it all the same";
    for (call, path, cure) in [
        ("kubensenter", pin, "its maker decides what would run there; kubensctl pin replaces it"),
        ("kubensenter --require", pin, "its maker decides what would run there; kubensctl pin replaces it"),
        ("KUBENSMNT=/run/kubens/mnt kubensenter", pin, "its maker decides what would run there"),
        ("kubensenter -m /run/kubens/mnt", pin, named),
        (&format!("kubensenter -m {process}"), &process, named),
        (&format!("kubensenter -t {pid}"), &process, named),
    ] {
        assert_eq!(sandbox.run(&format!("{call} echo ran")), refused(path, cure), "{call}");
    }
    let beyond = refused(
        "/proc/1/root/run/kubens/mnt",
        "its maker decides what would run there; kubensctl pin replaces it",
    );
    assert_eq!(sandbox.run("unshare --mount kubensenter echo ran"), beyond);
    let insists = format!("kubensenter -q -t {pid} --any-owner readlink /proc/self/ns/mnt");
    assert_eq!(ok(&sandbox, &insists), ok(&sandbox, &format!("readlink {process}")));
    for wrong in ["--any-owner", "--host --any-owner"] {
        assert_eq!(sandbox.run(&format!("kubensenter {wrong} echo ran")).status, 125, "{wrong}");
    }
}

/// What a filter may say of a call that it does not know or does not allow.
const FORBIDDEN: [&str; 3] = ["EPERM", "EACCES", "ENOSYS"];

#[test]
fn a_call_that_is_forbidden_is_no_sign_of_anything() {
    if !harness::installed("strace") {
        return harness::not_run(
            "a_call_that_is_forbidden_is_no_sign_of_anything",
            "strace is not installed",
        );
    }
    let sandbox = host();
    ok(
        &sandbox,
        "kubensctl pin; mkdir /run/volumes; nsenter --mount=/run/kubens/mnt mount -t tmpfs v /run/volumes",
    );
    let inside = format!("mnt:[{}]\n", ok(&sandbox, "id").trim());
    let calls =
        "open,openat,newfstatat,fstat,ioctl,fstatfs,openat2,setns,chdir,getcwd,stat,statx,capget,poll";
    let mut held = 0;
    for caller in ["", "unshare --mount"] {
        for call in calls.split(',') {
            for error in FORBIDDEN {
                // From the first on that is not the start's.
                for first in 1..6 {
                    let trace =
                        format!("strace -qq -o /dev/null -e inject=?{call}:error={error}:when={first}");
                    let run =
                        sandbox.run(&format!("{caller} {trace} kubensenter -q readlink /proc/self/ns/mnt"));
                    let right = run.status == 0 && run.stdout == inside;
                    let refused = run.stdout.is_empty() && run.status != 0 && !run.stderr.is_empty();
                    assert!(right || refused, "{caller} {call} {error} {first}: {run:?}");
                    held += 1;
                }
            }
        }
    }
    assert!(held > 300);
}
