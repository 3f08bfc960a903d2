//! Who asks: callers with a mount namespace of their own, callers that are inside already, and callers whose
//! processes are of an unusual kind.

mod harness;

use harness::ends::{PROBE, joined, lines, outside};
use harness::{Run, Sandbox};

#[test]
fn a_sandbox_of_its_own_finds_the_pin_through_proc_1_root() {
    let sandbox = Sandbox::pinned();
    let path = "/proc/1/root/run/kubens/mnt";
    let found = format!(
        "Autodetect: kubens.service namespace found at {path}; \
         the private mounts of this sandbox (PrivateTmp=, ProtectSystem= and the like) do not come along"
    );
    let joining = format!("Joining mount namespace in {path}");
    for propagation in ["private", "slave", "unchanged"] {
        for require in ["", "--require"] {
            let unshare = format!("unshare --mount --propagation {propagation}");
            let run = sandbox.run(&format!("{unshare} kubensenter {require} {PROBE}"));
            assert_eq!(run, joined(&[&found]), "{propagation}");
            let run = sandbox.run(&format!("{unshare} kubensenter -v {require} {PROBE}"));
            assert_eq!(run, joined(&[&found, &joining]), "{propagation}");
        }
    }
}

#[test]
fn a_sandbox_that_hides_run_finds_the_pin_all_the_same() {
    let sandbox = Sandbox::pinned();
    let run = sandbox.run("unshare --mount sh -c 'k=$(readlink -f /run/bin/kubensenter); umount -l /run; exec $k ls /run/volumes'");
    assert_eq!((run.status, run.stdout.as_str()), (0, "inside\n"), "{}", run.stderr);
}

#[test]
fn links_on_the_way_to_the_pin_are_the_host_s() {
    let sandbox = Sandbox::pinned();
    sandbox.ok("ln -s /run/kubens /run/link");
    let run = sandbox.run(&format!(
        "export DEFAULT_KUBENSMNT=/run/link/mnt; unshare --mount --propagation private kubensenter -q {PROBE}"
    ));
    assert_eq!(run, joined(&[]));
}

#[test]
fn a_sandbox_that_may_not_look_through_proc_1_root_says_so() {
    let sandbox = Sandbox::pinned();
    let run = sandbox.run(&format!("unshare --mount setpriv --bounding-set=-sys_ptrace kubensenter {PROBE}"));
    let refused = "cannot see whether a mount namespace is pinned at /run/kubens/mnt: /proc/1/root: Permission denied \
                   (a sandbox sees an empty file where one is; needs /proc and CAP_SYS_PTRACE)";
    assert_eq!(run, Run::new(125, "", &lines(&[refused])));
    // Who could not join in any case runs where it is.
    let call = "unshare --mount setpriv --bounding-set=-sys_ptrace,-sys_admin kubensenter";
    let run = sandbox.run(&format!("{call} {PROBE}"));
    let stale = "Autodetect: Stale or mismatched namespace at /run/kubens/mnt";
    let hidden =
        "Autodetect: Cannot look through /proc/1/root: Permission denied (needs /proc and CAP_SYS_PTRACE)";
    assert_eq!(run, outside(&[stale, hidden]));
    assert_eq!(sandbox.run(&format!("{call} --require {PROBE}")).status, 125);
}

#[test]
fn a_nested_call_is_inside_already() {
    let sandbox = Sandbox::pinned();
    let inside = "Already inside the mount namespace at /proc/1/root/run/kubens/mnt; running here";
    for require in ["", "--require"] {
        let run = sandbox.run(&format!("kubensenter -q kubensenter {require} {PROBE}"));
        assert_eq!(run, joined(&[]));
        let run = sandbox.run(&format!("kubensenter -q kubensenter -v {require} {PROBE}"));
        assert_eq!(run, joined(&[inside]));
    }
}

#[test]
fn a_caller_that_is_inside_stays_as_it_is() {
    let sandbox = Sandbox::pinned();
    // A process inside, with another root and a working directory that has no path: a setns would lose both.
    let run = sandbox.run(
        "kubensenter -q sh -c 'mkdir -p /run/root/gone; mount --rbind / /run/root; mkdir /tmp/d-$$; cd /tmp/d-$$;
            rmdir /tmp/d-$$; exec strace -f -qq -e trace=setns,chdir,fchdir kubensenter -m /proc/self/ns/mnt true'",
    );
    if harness::installed("strace") {
        assert_eq!(run, Run::new(0, "", ""));
    } else {
        harness::not_run("a_caller_that_is_inside_stays_as_it_is", "strace is not installed");
    }
}

#[test]
fn a_pin_that_may_be_hidden_is_said_even_where_there_is_no_file_at_its_path() {
    let sandbox = Sandbox::pinned();
    let run = |require: &str| {
        sandbox.run(&format!(
            "exec unshare --mount --propagation private sh -c 'umount -l /run/kubens; rm -r /run/kubens
             exec setpriv --bounding-set=-sys_ptrace kubensenter {require} {PROBE}'"
        ))
    };
    let hidden =
        "Autodetect: Cannot look through /proc/1/root: Permission denied (needs /proc and CAP_SYS_PTRACE)";
    assert_eq!(run(""), outside(&[hidden]));
    assert_eq!(run("--require").status, 125);
}

/// Runs a Python script on this host, with `call` as the words that become kubensenter.
fn python(name: &str, sandbox: &Sandbox, script: &str) -> Option<Run> {
    if !harness::installed("python3") {
        harness::not_run(name, "python3 is not installed");
        return None;
    }
    Some(sandbox.run(&format!("exec python3 - <<'END'\nimport ctypes, os, socket\n{script}\nEND\n")))
}

#[test]
fn a_process_that_shares_its_root_with_another_is_told_so() {
    let script = "
number = {'x86_64': 56, 'aarch64': 220}[os.uname().machine]
CLONE_FS, SIGCHLD = 0x200, 17
child = ctypes.CDLL(None).syscall(number, CLONE_FS | SIGCHLD, 0, 0, 0, 0)
if child == 0:
    os.execvp('kubensenter', ['kubensenter', '-q', 'echo', 'ran'])
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))";
    let name = "a_process_that_shares_its_root_with_another_is_told_so";
    if let Some(run) = python(name, &Sandbox::pinned(), script) {
        let why = "cannot join the mount namespace at /run/kubens/mnt: Invalid argument \
                   (this process shares its root and working directory with another one)";
        assert_eq!(run, Run::new(125, "", &lines(&[why])));
    }
}

#[test]
fn a_terminal_at_the_path_does_not_become_the_caller_s() {
    // The leader of a session without a terminal gets the first one that it opens, unless it says otherwise.
    let script = "
ours, theirs = os.openpty()
os.environ['DEFAULT_KUBENSMNT'] = os.ttyname(theirs)
os.set_inheritable(ours, True)
if os.fork() == 0:
    os.setsid()
    os.execvp('kubensenter', ['kubensenter', '-q', 'cut', '-d ', '-f6-7', '/proc/self/stat'])
os.wait()";
    let name = "a_terminal_at_the_path_does_not_become_the_caller_s";
    if let Some(run) = python(name, &Sandbox::new(), script) {
        let (session, terminal) = run.stdout.trim().split_once(' ').expect("two numbers");
        assert_ne!(session, "0", "a session of this PID namespace");
        assert_eq!((run.status, terminal, run.stderr.as_str()), (0, "0", ""));
    }
}

#[test]
fn a_log_that_hung_up_does_not_stop_the_command() {
    // A write to a socket whose other end is closed would kill by SIGPIPE.
    let script = "
import signal
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
ours, theirs = socket.socketpair()
os.dup2(theirs.fileno(), 2)
theirs.close()
ours.close()
os.execvp('kubensenter', ['kubensenter', '-v', 'echo', 'ran'])";
    let name = "a_log_that_hung_up_does_not_stop_the_command";
    if let Some(run) = python(name, &Sandbox::pinned(), script) {
        assert_eq!(run, Run::new(0, "ran\n", ""));
    }
}
