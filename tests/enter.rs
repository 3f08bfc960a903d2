//! Which namespace a command runs in: the table of kubensenter(1), row by row, asked in all three ways.

mod harness;

use harness::ends::{PROBE, joined, lines, outside};
use harness::{Run, Sandbox};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

fn failed(message: &str) -> Run {
    Run::new(125, "", &lines(&[message]))
}

/// A host with a pin, one more directory, and in it all that may lie where a pin is looked for.
fn host() -> Sandbox {
    let sandbox = Sandbox::pinned();
    sandbox.ok("mkdir -p /run/x/directory && cd /run/x && echo text >plain && : >empty && mkfifo fifo &&
        ln -s /run/kubens/mnt link && ln -s nowhere dangling && mkdir closed && touch closed/mnt &&
        chmod 0 closed && touch net && unshare --net=/run/x/net true");
    sandbox
}

/// Asks for `path` by `$DEFAULT_KUBENSMNT`, `$KUBENSMNT` and `--mount`, with and without `--require`, and compares
/// with what is promised for the default path and for a named one. `shown` is the path in messages.
fn ask(sandbox: &Sandbox, path: &str, shown: &str, default: Default<'_>, named: Named<'_>) {
    let run = |call: &str| sandbox.run(&format!("path={path}; mkdir -p /run/volumes; {call} {PROBE}"));
    let found = format!("Autodetect: kubens.service namespace found at {shown}");
    let joining = format!("Joining mount namespace in {shown}");
    let refused = |why: &str, cure: &str| {
        failed(&format!("cannot join the mount namespace at {shown}: {why} ({cure})"))
    };
    let unpinned = failed(&format!(
        "no mount namespace is pinned at {shown} (start kubens.service, or leave out --require to run without)"
    ));
    let without = |first: &str| {
        (outside(&[&format!("{first} at {shown}"), "KUBENSMNT not set; running normally"]), unpinned)
    };
    let (free, required) = match default {
        Default::Join => (joined(&[&found, &joining]), joined(&[&found, &joining])),
        Default::Absent => without("Autodetect: No mount namespace found"),
        Default::Stale => without("Autodetect: Stale or mismatched namespace"),
        Default::Refuse(why) => (refused(why, "try sudo"), refused(why, "try sudo")),
    };
    assert_eq!(run("DEFAULT_KUBENSMNT=\"$path\" kubensenter -v"), free, "default {shown}");
    assert_eq!(run("DEFAULT_KUBENSMNT=\"$path\" kubensenter -v --require"), required, "default {shown}");

    for require in ["", "--require"] {
        let by_mount = run(&format!("kubensenter -v --mount \"$path\" {require}"));
        let by_variable = run(&format!("KUBENSMNT=\"$path\" kubensenter -v {require}"));
        let set = "Autodetect: $KUBENSMNT already set";
        match named {
            Named::Join => {
                assert_eq!(by_mount, joined(&[&joining]), "--mount {shown}");
                assert_eq!(by_variable, joined(&[set, &joining]), "KUBENSMNT={shown}");
            }
            Named::Refuse(why) => {
                let denied = why == "Permission denied";
                let cure = if denied { "try sudo" } else { "--mount takes a pin, or /proc/PID/ns/mnt" };
                assert_eq!(by_mount, refused(why, cure), "--mount {shown}");
                let cure = if denied {
                    "try sudo"
                } else {
                    "$KUBENSMNT names it: correct it, or unset it to autodetect"
                };
                let refusal = refused(why, cure);
                let refusal = Run { stderr: lines(&[set]) + &refusal.stderr, ..refusal };
                assert_eq!(by_variable, refusal, "KUBENSMNT={shown}");
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Default<'a> {
    Join,
    Absent,
    Stale,
    Refuse(&'a str),
}

#[derive(Clone, Copy)]
enum Named<'a> {
    Join,
    Refuse(&'a str),
}

#[test]
fn joins_the_pinned_namespace() {
    let sandbox = Sandbox::pinned();
    let found = "Autodetect: kubens.service namespace found at /run/kubens/mnt";
    assert_eq!(sandbox.run("kubensenter ls /run/volumes"), joined(&[found]));
    assert_eq!(sandbox.run("kubensenter -q ls /run/volumes"), joined(&[]));
    ask(&sandbox, "/run/kubens/mnt", "/run/kubens/mnt", Default::Join, Named::Join);
}

#[test]
fn runs_on_the_host_when_nothing_is_pinned() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run("kubensenter echo here"), Run::new(0, "here\n", ""));
    let missing = Named::Refuse("No such file or directory");
    ask(&sandbox, "/run/kubens/mnt", "/run/kubens/mnt", Default::Absent, missing);
}

#[test]
fn a_missing_file_is_no_pin() {
    let sandbox = host();
    ask(&sandbox, "/run/x/none", "/run/x/none", Default::Absent, Named::Refuse("No such file or directory"));
    ask(&sandbox, "/run/x/plain/mnt", "/run/x/plain/mnt", Default::Absent, Named::Refuse("Not a directory"));
}

#[test]
fn a_plain_file_is_no_pin() {
    let sandbox = host();
    ask(&sandbox, "/run/x/plain", "/run/x/plain", Default::Stale, Named::Refuse("it is a plain file"));
    ask(&sandbox, "/run/x/empty", "/run/x/empty", Default::Stale, Named::Refuse("it is an empty plain file"));
}

#[test]
fn a_directory_is_no_pin() {
    ask(&host(), "/run/x/directory", "/run/x/directory", Default::Stale, Named::Refuse("it is a directory"));
}

#[test]
fn a_fifo_is_no_pin_and_does_not_hang() {
    ask(&host(), "/run/x/fifo", "/run/x/fifo", Default::Stale, Named::Refuse("it is a FIFO"));
}

#[test]
fn a_device_is_no_pin() {
    ask(&host(), "/dev/null", "/dev/null", Default::Stale, Named::Refuse("it is a device"));
}

#[test]
fn a_socket_is_no_pin() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("socket-{}", std::process::id()));
    let _socket = UnixListener::bind(&path).unwrap();
    let path = path.to_str().unwrap();
    ask(&host(), path, path, Default::Stale, Named::Refuse("it is a socket or a device"));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_symbolic_link_is_followed_where_it_was_named() {
    let sandbox = host();
    ask(&sandbox, "/run/x/link", "/run/x/link", Default::Stale, Named::Join);
    let dangling = Named::Refuse("No such file or directory");
    ask(&sandbox, "/run/x/dangling", "/run/x/dangling", Default::Stale, dangling);
}

#[test]
fn a_namespace_of_another_kind_is_no_pin() {
    ask(&host(), "/run/x/net", "/run/x/net", Default::Stale, Named::Refuse("it is a network namespace"));
    let uts = Named::Refuse("it is a namespace of another kind");
    ask(&host(), "/proc/self/ns/uts", "/proc/self/ns/uts", Default::Stale, uts);
}

#[test]
fn a_path_may_hold_any_byte() {
    let sandbox = Sandbox::new();
    sandbox.pin("/run/a b/c\"d");
    ask(&sandbox, "'/run/a b/c\"d'", "/run/a b/c\"d", Default::Join, Named::Join);
    sandbox.ok("mv() { :; }; p=\"$(printf '/run/a b/\\377\\nx')\"; touch \"$p\"; mount --bind '/run/a b/c\"d' \"$p\"");
    let path = "\"$(printf '/run/a b/\\377\\nx')\"";
    ask(&sandbox, path, "/run/a b/\\xff\\nx", Default::Join, Named::Join);
}

#[test]
fn a_path_that_no_file_can_have_is_no_pin() {
    let path = format!("/{}", "x/".repeat(2047)) + "y";
    assert_eq!(path.len(), 4096);
    let too_long = Named::Refuse("File name too long");
    ask(&host(), &path, &path, Default::Absent, too_long);
}

#[test]
fn what_cannot_be_looked_at_may_be_a_pin_so_nothing_runs() {
    let sandbox = host();
    sandbox.ok("mv /run/bin/kubensenter /run/bin/real && printf '%s\\n' '#!/bin/sh' \
        'exec setpriv --bounding-set=-dac_override,-dac_read_search /run/bin/real \"$@\"' >/run/bin/kubensenter &&
        chmod +x /run/bin/kubensenter");
    let denied = "Permission denied";
    ask(&sandbox, "/run/x/closed/mnt", "/run/x/closed/mnt", Default::Refuse(denied), Named::Refuse(denied));
}

#[test]
fn the_target_of_a_pid_is_joined() {
    let sandbox = Sandbox::pinned();
    let setup = "kubensenter -q sleep 600 >/dev/null 2>&1 & while [ \"$(readlink /proc/$!/exe)\" != \"$(readlink -f /bin/sleep)\" ]; do :; done;";
    let run = sandbox.run(&format!("{setup} kubensenter -v -t $! {PROBE} 2>&1 | sed s/$!/PID/"));
    assert_eq!(run, Run::new(0, "kubensenter: Joining mount namespace in /proc/PID/ns/mnt\ninside\n", ""));
    let run = sandbox.run(&format!("kubensenter --target 99999 {PROBE}"));
    let gone = "cannot join the mount namespace at /proc/99999/ns/mnt: No such file or directory \
                (is the process of --target still there?)";
    assert_eq!(run, failed(gone));
}

#[test]
fn the_target_may_have_lost_its_first_thread() {
    if !harness::installed("python3") {
        return harness::not_run("the_target_may_have_lost_its_first_thread", "python3 is not installed");
    }
    let sandbox = Sandbox::pinned();
    let target = "import ctypes, os, threading, time
threading.Thread(target=time.sleep, args=(1000,)).start()
ctypes.CDLL(None).syscall({'x86_64': 60, 'aarch64': 93}[os.uname().machine], 0)";
    let run = sandbox.run(&format!(
        "kubensenter -q python3 -c \"{target}\" >/dev/null 2>&1 &
         while readlink /proc/$!/ns/mnt >/dev/null; do :; done
         kubensenter -q -t $! {PROBE}"
    ));
    assert_eq!(run, Run::new(0, "inside\n", ""));
}

#[test]
fn host_is_the_way_out() {
    let sandbox = Sandbox::pinned();
    let joining = "Joining mount namespace in /proc/1/ns/mnt";
    assert_eq!(sandbox.run(&format!("kubensenter -q kubensenter --host {PROBE}")), outside(&[]));
    assert_eq!(sandbox.run(&format!("kubensenter -q kubensenter -v --host {PROBE}")), outside(&[joining]));
    assert_eq!(sandbox.run(&format!("KUBENSMNT=/none kubensenter --host {PROBE}")), outside(&[]));
    let already = "Already inside the mount namespace at /proc/1/ns/mnt; running here";
    assert_eq!(sandbox.run(&format!("kubensenter -v --host {PROBE}")), outside(&[already]));
}

#[test]
fn a_flag_is_stronger_than_the_environment_and_an_empty_value_is_none() {
    let sandbox = Sandbox::pinned();
    let run = sandbox.run(&format!("KUBENSMNT=/none kubensenter -m /run/kubens/mnt {PROBE}"));
    assert_eq!(run, joined(&[]));
    let run = sandbox.run(&format!("KUBENSMNT= DEFAULT_KUBENSMNT= KUBENSENTER_LOG= kubensenter {PROBE}"));
    assert_eq!(run, joined(&["Autodetect: kubens.service namespace found at /run/kubens/mnt"]));
}

#[test]
fn a_refused_join_is_a_failure_whatever_asked_for_it() {
    let sandbox = Sandbox::pinned();
    let refused = "cannot join the mount namespace at /run/kubens/mnt: Operation not permitted \
                   (needs CAP_SYS_ADMIN and CAP_SYS_CHROOT; try sudo)";
    for lost in ["-sys_admin", "-sys_chroot", "-all"] {
        for call in [
            "kubensenter -q",
            "kubensenter -q -m /run/kubens/mnt",
            "KUBENSMNT=/run/kubens/mnt kubensenter -q",
        ] {
            let run = sandbox.run(&format!("exec setpriv --bounding-set={lost} env {call} {PROBE}"));
            assert_eq!(run, failed(refused), "{lost} {call}");
        }
    }
    let run = sandbox.run(&format!("unshare --user --map-root-user kubensenter -q {PROBE}"));
    let foreign = "cannot join the mount namespace at /run/kubens/mnt: Operation not permitted (both capabilities \
                   are there: another user namespace owns it, or a seccomp filter or SELinux forbids it)";
    assert_eq!(run, failed(foreign));
}

#[test]
fn works_without_proc() {
    let sandbox = Sandbox::pinned();
    let without = "unshare --mount --propagation private sh -c 'mount -t tmpfs none /proc";
    let run = sandbox.run(&format!("{without}; exec kubensenter -q echo here'"));
    assert_eq!(run, Run::new(0, "here\n", ""), "a copied namespace without a way to look further");
    let run = sandbox.run(&format!("mount -t tmpfs none /proc; kubensenter -q {PROBE}"));
    assert_eq!(run, joined(&[]));
    let run = sandbox.run("kubensenter --host true");
    let needs = "cannot join the mount namespace at /proc/1/ns/mnt: No such file or directory \
                 (--host needs a /proc with PID 1)";
    assert_eq!(run, failed(needs));
}
