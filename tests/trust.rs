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

/// What was tried, by kind, and where it is held: each is a test of the file before the colons.
const TABLE: &str = "
    Whose namespace is it?
        forged, in the place of the pin, beside it, with twenty processes   trust::nobodys_namespace_is_never_pinned_kept_or_found
        forged, by path, process, variable, default, through /proc/1/root   trust::nobodys_namespace_is_never_entered_unless_somebody_insists
        forged, with thousands of mounts                                    trust::the_mounts_of_nobodys_namespace_are_not_read
        forged, offered by completion                                       trust::completion_offers_no_process_of_nobodys_namespace
        forged, in the verdict                                              status::a_namespace_of_somebody_elses_is_said
        forged, while each system call fails                                pin_crash::another_user_namespaces_pin_is_replaced_or_stays_unentered
    Who can make us wait?
        flock on /run/netns                                                 trust::who_holds_a_lock_that_everybody_can_hold_is_waited_for_a_few_seconds
        flock on the units' directories                                     trust::who_locks_the_directory_of_the_units_is_in_nobodys_way
        flock on our lock, opened before                                    trust::our_own_lock_is_a_file_that_nobody_else_can_open
        a full pipe as standard error                                       trust::no_message_is_waited_for
        a FIFO or /dev/zero beside a mount                                  mounts::what_lies_beside_a_mount_is_read_only_where_it_is_roots_and_ends
    Whose program is it?
        a pager, PATH, with another's rights                                pager::with_anothers_rights_it_is_the_systems_less_in_secure_mode_or_none
        SHELL that leads back, by five names                                command::a_shell_that_leads_back_is_bin_sh
        the same, with a string to run                                      command::it_runs_a_string_as_a_login_shell_does
    Names are strangers' bytes
        escapes, newlines, bidi marks in every name                         names::no_verb_passes_on_what_a_name_holds
        in an image's files                                                 names::no_file_of_an_image_is_passed_on
        in a command line, a variable                                       names::no_word_of_a_command_line_or_variable_is_passed_on
        in what completion offers                                           names::no_value_that_completion_offers_is_passed_on
    Not allowed is not not there
        EPERM, EACCES, ENOSYS for each call of kubensenter                  trust::a_call_that_is_forbidden_is_no_sign_of_anything
        the same for each of the newer mount calls                          trust::no_call_that_is_forbidden_is_needed_where_there_is_an_older_one
        the same for each call of pin and unpin, in use                     pin_crash::a_pin_in_use_stays_whatever_fails
        the same for each call of pin, the pin lost                         pin_crash::a_lost_pin_is_found_again_by_the_next_one
        SIGKILL, EPERM, EACCES, ENOSPC for enable, wrap, and back           pin_crash::what_switches_a_node_leaves_one_whole_file_or_the_other
        /proc/1/root out of reach                                           callers::a_sandbox_that_may_not_look_through_proc_1_root_says_so
    Who lives inside?
        no first thread; forks and ends all the time                        trust::whoever_lives_inside_is_counted
        no first thread, as the target of -t                                enter::the_target_may_have_lost_its_first_thread
        under a stranger's tmpfs, another pin, a copied one                 trust::a_pin_in_use_is_not_given_up_whatever_lies_over_it
        under a tmpfs on the root                                           trust::those_who_live_inside_are_not_cut_off_by_what_is_mounted_over_their_root
        in two that look the same                                           trust::of_two_that_look_the_same_none_is_pinned_by_a_guess
        in one that lost its pin to another                                 trust::who_lost_the_pin_is_found_whatever_was_pinned_and_removed_since
    What do we write over?
        devices, FIFOs, links, a killed run                                 metrics::what_is_no_plain_file_is_written_to_and_stays
        a report that nothing takes                                         trust::what_was_done_is_done_though_nobody_takes_the_report
    Paths that lead elsewhere
        links, dots, doubled slashes                                        trust::a_path_through_links_is_the_place_that_it_leads_to
        sticky, writable, far above, behind a link                          trust::no_pin_lies_where_others_decide_what_the_path_leads_to
";

#[test]
fn every_input_that_was_tried_has_its_test() {
    let rows = TABLE.lines().filter_map(|line| line.split_whitespace().last()?.split_once("::"));
    let mut held = 0;
    for (file, test) in rows {
        let path = format!("{}/tests/{file}.rs", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(&format!("#[test]\nfn {test}()")), "{file}::{test}");
        held += 1;
    }
    assert!(held > 25, "{held}");
}

/// A namespace of another user namespace that looks like the pinned one, with its propagation and the mark of a lost pin.
/// `forge N` starts N processes in it, and prints the PID of the first.
const FORGE: &str = r"
forge() {
    mkfifo /run/forged
    n=$1 unshare --user --map-root-user --mount --propagation unchanged sh -c '
        mount --make-rslave /; mount --make-rshared /
        mkdir -p /run/kubens; mount -t tmpfs x /run/kubens; : >/run/kubens/mnt
        mount --bind /run/kubens/mnt /run/kubens/mnt
        for _ in $(seq 2 $n); do sleep 1000 & done
        echo $$ >/run/forged; exec sleep 1000' >/dev/null 2>&1 &
    read -r forged </run/forged
    rm /run/forged
    echo $forged
}
";

#[test]
fn nobodys_namespace_is_never_pinned_kept_or_found() {
    // Alone, and beside the one that lost its pin, in which fewer live.
    for (beginning, expected) in [
        ("forge 20", "a new mount namespace"),
        ("kubensctl pin; member; umount /run/kubens/mnt; forge 20", " again: "),
        ("kubensctl pin; member; umount --lazy /run/kubens; forge 20", " again: "),
        // Pinned by mistake: it is nothing to keep, whoever lives in it.
        (
            "kubensctl pin; umount /run/kubens/mnt; mount --bind /proc/$(forge 3)/ns/mnt /run/kubens/mnt",
            "a new mount namespace, at /run/kubens/mnt; replaced a mount namespace that another user namespace owns",
        ),
    ] {
        let sandbox = host();
        ok(&sandbox, &format!("{FORGE}\n{beginning}"));
        let theirs = ok(
            &sandbox,
            "for pid in $(pgrep -x sleep); do readlink /proc/$pid/ns/user /proc/$pid/ns/mnt; done",
        );
        let said = ok(&sandbox, "kubensctl pin");
        assert!(said.contains(expected), "{beginning}: {said}");
        let pinned = format!("mnt:[{}]", ok(&sandbox, "id").trim());
        let ours = ok(&sandbox, "readlink /proc/1/ns/user");
        let pairs: Vec<_> = theirs.lines().collect();
        assert!(pairs.chunks(2).any(|pair| pair[0] != ours.trim()), "{theirs}");
        assert!(
            pairs.chunks(2).all(|pair| pair[0] == ours.trim() || pair[1] != pinned),
            "{pinned} of {theirs}"
        );
    }
    let sandbox = host();
    let pinned =
        "kubensctl pin; umount /run/kubens/mnt; mount --bind /proc/$(forge 3)/ns/mnt /run/kubens/mnt";
    ok(&sandbox, &format!("{FORGE}\n{pinned}"));
    assert!(ok(&sandbox, "kubensctl unpin").starts_with("removed "));
}

#[test]
fn who_lost_the_pin_is_found_whatever_was_pinned_and_removed_since() {
    for since in [
        "mount --bind /proc/$(forge 1)/ns/mnt /run/kubens/mnt",
        "unshare --mount=/run/kubens/mnt --propagation slave mount --make-rshared /",
    ] {
        let sandbox = host();
        ok(&sandbox, "kubensctl pin; member");
        let id = ok(&sandbox, "id");
        ok(
            &sandbox,
            &format!(
                "{FORGE}\numount /run/kubens/mnt; {since}; kubensctl unpin; kubensctl unpin; kubensctl pin"
            ),
        );
        assert_eq!(ok(&sandbox, "id"), id, "{since}");
    }
}

#[test]
fn the_mounts_of_nobodys_namespace_are_not_read() {
    if !harness::installed("strace") {
        return harness::not_run("the_mounts_of_nobodys_namespace_are_not_read", "strace is not installed");
    }
    let sandbox = host();
    let forged = ok(&sandbox, &format!("{FORGE}\nforge 1; forge 1; forge 1"));
    let looked = ok(&sandbox, "strace -qq -o /run/trace kubensctl pin >/dev/null; cat /run/trace");
    for pid in forged.lines() {
        assert!(looked.contains(&format!("/proc/{pid}/task/{pid}/ns/mnt")), "{pid} is asked");
        assert!(!looked.contains(&format!("/proc/{pid}/task/{pid}/mountinfo")), "{pid}");
    }
    assert_eq!(looked.lines().filter(|line| line.starts_with("setns(")).count(), 1, "back from the new one");
}

/// Who lives inside, in ways that are easily overlooked: each prints a line once it is there.
const DWELLERS: [(&str, &str); 3] = [
    ("a plain process", "echo; exec sleep 1000"),
    (
        "a process whose first thread has ended",
        "exec python3 -c \"
import ctypes, os, threading, time
threading.Thread(target=time.sleep, args=(1000,)).start()
print(flush=True)
ctypes.CDLL(None).syscall({'x86_64': 60, 'aarch64': 93}[os.uname().machine], 0)\"",
    ),
    (
        "a process that forks and ends all the time",
        "exec python3 -c \"
import os
print(flush=True)
while True:
    if os.fork(): os._exit(0)\"",
    ),
];

#[test]
fn whoever_lives_inside_is_counted() {
    if !harness::installed("python3") {
        return harness::not_run("whoever_lives_inside_is_counted", "python3 is not installed");
    }
    for (who, how) in DWELLERS {
        let sandbox = host();
        // Outside, somebody waits for the children of those who end; PID 1 of this host does not.
        let start = format!(
            "cat >/run/reaper <<'END'
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(36, 1)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.fork() or os.execvp(sys.argv[1], sys.argv[1:])
signal.pause()
END
             kubensctl pin; mkfifo /run/there
             cat >/run/dweller <<'END'\n{how}\nEND
             exec 8<>/run/there
             python3 /run/reaper nsenter --mount=/run/kubens/mnt sh /run/dweller >&8 2>/dev/null &
             read -r _ <&8"
        );
        ok(&sandbox, &start);
        let id = ok(&sandbox, "id");
        for _ in 0..20 {
            let kept = ok(&sandbox, "kubensctl unpin");
            assert!(kept.starts_with("kept "), "{who}: {kept}");
        }
        for lost in ["umount /run/kubens/mnt", "umount --lazy /run/kubens", "kubensctl unpin --force"] {
            let found = ok(&sandbox, &format!("{lost} >/dev/null; kubensctl pin"));
            assert_eq!(ok(&sandbox, "id"), id, "{who}: {lost}: {found}");
        }
    }
}

#[test]
fn a_pin_in_use_is_not_given_up_whatever_lies_over_it() {
    for over in [
        "mount -t tmpfs x /run/kubens",
        "mount -t tmpfs x /run/kubens; mount -t tmpfs y /run/kubens",
        "mount --bind /proc/self/ns/net /run/kubens/mnt",
        "mount -t tmpfs x /run/kubens; touch /run/kubens/mnt; unshare --mount=/run/kubens/mnt true",
    ] {
        let sandbox = host();
        ok(&sandbox, "kubensctl pin; member");
        let id = ok(&sandbox, "id");
        ok(&sandbox, &format!("mount --make-private /run/kubens; {over}"));
        let kept = ok(&sandbox, "kubensctl unpin");
        assert!(kept.starts_with(&format!("kept mnt:[{}]", id.trim())), "{over}: {kept}");
        let found = ok(&sandbox, "kubensctl pin");
        assert_eq!(ok(&sandbox, "id"), id, "{over}: {found}");
        assert_eq!(ok(&sandbox, "grep -c ' /run/kubens/mnt ' /proc/self/mountinfo"), "1\n", "{over}");
    }
}

#[test]
fn those_who_live_inside_are_not_cut_off_by_what_is_mounted_over_their_root() {
    for lost in [":", "umount /run/kubens/mnt", "umount --lazy /run/kubens"] {
        let sandbox = host();
        ok(&sandbox, "kubensctl pin; member");
        let id = ok(&sandbox, "id").trim().to_owned();
        ok(&sandbox, &format!("nsenter --mount=/run/kubens/mnt mount -t tmpfs x /; {lost}"));
        let run = sandbox.run("kubensctl pin");
        assert_eq!((run.status, &*run.stdout), (1, ""), "{lost}");
        let why = format!("processes live in mnt:[{id}], and it cannot be pinned as it is: ");
        assert!(run.stderr.contains(&why), "{lost}: {}", run.stderr);
    }
}

#[test]
fn of_two_that_look_the_same_none_is_pinned_by_a_guess() {
    let sandbox = host();
    ok(&sandbox, "kubensctl pin; member");
    // A copy of it, in which more live.
    let copy = "mkfifo /run/copied
        nsenter --mount=/run/kubens/mnt unshare --mount --propagation unchanged sh -c \
            'sleep 1000 & sleep 1000 & echo >/run/copied; exec sleep 1000' >/dev/null 2>&1 &
        read -r _ </run/copied";
    ok(&sandbox, copy);
    let id = ok(&sandbox, "id").trim().to_owned();
    // A shell in a copy is in nobody's way as long as the pin is there.
    assert_eq!(ok(&sandbox, "kubensctl pin"), format!("mnt:[{id}] is pinned at /run/kubens/mnt\n"));
    let run = sandbox.run("umount /run/kubens/mnt; kubensctl pin");
    assert_eq!((run.status, &*run.stdout), (1, ""));
    assert!(run.stderr.contains("nothing tells which of them belongs here"), "{}", run.stderr);
}

#[test]
fn no_call_that_is_forbidden_is_needed_where_there_is_an_older_one() {
    if !harness::installed("strace") {
        let name = "no_call_that_is_forbidden_is_needed_where_there_is_an_older_one";
        return harness::not_run(name, "strace is not installed");
    }
    let sandbox = host();
    for call in ["fsopen", "fsconfig", "fsmount", "open_tree", "move_mount", "mount_setattr"] {
        for error in FORBIDDEN {
            let inject = format!("strace -qq -o /dev/null -e inject={call}:error={error}");
            let said = ok(&sandbox, &format!("{inject} kubensctl pin; kubensctl unpin"));
            assert!(said.contains("a new mount namespace"), "{call} {error}: {said}");
        }
    }
}

#[test]
fn completion_offers_no_process_of_nobodys_namespace() {
    let sandbox = host();
    let forged = ok(&sandbox, &format!("{FORGE}\nkubensctl pin >/dev/null; member >/dev/null; forge 1"));
    let offered = ok(&sandbox, "kubensctl offer kubensenter -- kubensenter -t ''");
    assert!(offered.contains("sleep"), "{offered}");
    // The word that is offered, not the namespace's number behind it, which may have the same digits.
    let words: Vec<_> = offered.lines().map(|line| line.split('\t').next().unwrap_or_default()).collect();
    assert!(!words.contains(&forged.trim()), "{forged} in {offered}");
}

#[test]
fn who_holds_a_lock_that_everybody_can_hold_is_waited_for_a_few_seconds() {
    let sandbox = host();
    ok(&sandbox, "mkdir /run/netns; flock /run/netns sleep 1000 >/dev/null 2>&1 & sleep 0.2");
    let run = sandbox.run("kubensctl pin");
    assert_eq!((run.status, run.stdout.contains("a new mount namespace")), (0, true), "{}", run.stderr);
    let said: Vec<_> = run.stderr.lines().collect();
    let [waits, passes] = said.as_slice() else { panic!("{said:#?}") };
    assert!(
        waits.starts_with("kubensctl: Waiting for ") && waits.ends_with("which holds /run/netns"),
        "{waits}"
    );
    assert!(passes.ends_with("has held /run/netns for 3 seconds; going on without it"), "{passes}");
}

#[test]
fn who_locks_the_directory_of_the_units_is_in_nobodys_way() {
    let sandbox = host();
    ok(
        &sandbox,
        "mkdir -p /run/i/etc/systemd/system
         printf '[Service]\\nExecStart=/bin/true\\n' >/run/i/etc/systemd/system/a.service
         for directory in /run/i/etc/systemd/system /run/i/etc/systemd; do flock $directory sleep 1000 >/dev/null 2>&1 & done
         sleep 0.2; kubensctl wrap --root /run/i a.service; kubensctl unwrap --root /run/i a.service",
    );
    assert_eq!(ok(&sandbox, "ls -A /run/i/etc/systemd/system"), "a.service\n");
}

#[test]
fn our_own_lock_is_a_file_that_nobody_else_can_open() {
    let sandbox = host();
    // One that others could have opened, and one whose holder is waited for, by name.
    ok(
        &sandbox,
        "touch /run/kubens.lock; flock /run/kubens.lock sleep 1000 >/dev/null 2>&1 & sleep 0.2; kubensctl pin",
    );
    let script = "umask 077; touch /run/kubens.lock; flock /run/kubens.lock sleep 2 >/dev/null 2>&1 & sleep 0.2; kubensctl pin";
    let run = sandbox.run(script);
    assert_eq!(run.status, 0);
    assert!(
        run.stderr.starts_with("kubensctl: Waiting for ")
            && run.stderr.ends_with("which holds /run/kubens.lock\n"),
        "{}",
        run.stderr
    );
    assert_eq!(ok(&sandbox, "ls /run"), "bin\nkubens\nnetns\n");
}

/// Directories in which others decide what a path leads to, and what is said of each.
const OTHERS_DIRECTORIES: [(&str, &str, &str); 4] = [
    ("mkdir -m 1777 /run/x", "/run/x/kubens", "/run/x"),
    ("mkdir -m 775 /run/x", "/run/x/kubens", "/run/x"),
    ("mkdir -m 777 /run/x; mkdir -p /run/x/y/z", "/run/x/y/z/kubens", "/run/x"),
    ("mkdir -m 777 /run/x; mkdir /run/x/y; ln -s x/y /run/z", "/run/z/kubens", "/run/x"),
];

#[test]
fn no_pin_lies_where_others_decide_what_the_path_leads_to() {
    for (beginning, dir, above) in OTHERS_DIRECTORIES {
        let sandbox = host();
        ok(&sandbox, beginning);
        for verb in ["pin", "unpin"] {
            let run = sandbox.run(&format!("kubensctl --dir {dir} {verb}"));
            assert_eq!((run.status, &*run.stdout), (1, ""), "{dir}");
            let why = format!("is unfit: {above}, above it, is not root's alone");
            assert!(run.stderr.contains(&why), "{dir}: {}", run.stderr);
        }
        assert_eq!(ok(&sandbox, "find /run -name '*kubens*' -not -path '/run/bin/*'"), "", "{dir}");
    }
}

#[test]
fn a_path_through_links_is_the_place_that_it_leads_to() {
    for dir in ["/run/link/kubens", "/run/bin/../kubens", "/run/link/./bin/..//kubens", "link/kubens"] {
        let sandbox = host();
        ok(&sandbox, "ln -s /run /run/link; kubensctl pin; kubensctl unpin");
        let before = ok(&sandbox, "state");
        let call = format!("cd /run; kubensctl --dir {dir}");
        ok(&sandbox, &format!("{call} pin"));
        let said = format!("mnt:[{}] is pinned at /run/kubens/mnt\n", ok(&sandbox, "id").trim());
        assert_eq!(ok(&sandbox, &format!("{call} pin; kubensctl pin")), said.repeat(2), "{dir}");
        assert_eq!(ok(&sandbox, "cat /run/kubens/env"), "KUBENSMNT=/run/kubens/mnt\n", "{dir}");
        ok(&sandbox, &format!("{call} unpin"));
        assert_eq!(ok(&sandbox, "state"), before, "{dir}");
    }
}

#[test]
fn no_message_is_waited_for() {
    if !harness::installed("python3") {
        return harness::not_run("no_message_is_waited_for", "python3 is not installed");
    }
    let sandbox = host();
    // Standard error is a pipe that is full, and that somebody holds and does not read.
    let script = "exec python3 - <<'END'
import os, subprocess
reader, writer = os.pipe()
os.set_blocking(writer, False)
try:
    while True: os.write(writer, b'x' * 4096)
except BlockingIOError: pass
os.set_blocking(writer, True)
for line in ['kubensctl -v pin', 'kubensctl -v pin', 'kubensenter -vv --require echo ran',
             'kubensenter -m /none echo ran', 'kubensenter --bogus', 'kubensctl -v unpin']:
    print(subprocess.run(line.split(), stderr=writer, stdout=subprocess.DEVNULL).returncode)
END";
    assert_eq!(sandbox.ok(script), "0\n0\n0\n125\n125\n0\n");
}

#[test]
fn what_was_done_is_done_though_nobody_takes_the_report() {
    let sandbox = host();
    let said =
        "kubensctl: cannot write to standard output: No space left on device (what was asked is done)\n";
    assert_eq!(sandbox.run("kubensctl pin >/dev/full"), Run::new(0, "", said));
    ok(&sandbox, "id");
    assert_eq!(sandbox.run("kubensctl status >/dev/full").status, 1);
    assert_eq!(sandbox.run("kubensctl unpin >/dev/full").status, 0);
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
    let calls = "openat,newfstatat,fstat,ioctl,fstatfs,openat2,setns,chdir,getcwd";
    let mut held = 0;
    for caller in ["", "unshare --mount"] {
        for call in calls.split(',') {
            for error in FORBIDDEN {
                // From the first on that is not the start's.
                for first in 1..5 {
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
    assert!(held > 200);
    // Nor of one that is somebody else's: it is never entered.
    let sandbox = host();
    let beginning =
        "kubensctl pin; umount /run/kubens/mnt; mount --bind /proc/$(forge 1)/ns/mnt /run/kubens/mnt";
    ok(&sandbox, &format!("{FORGE}\n{beginning}"));
    for call in ["ioctl", "fstat", "newfstatat", "fstatfs", "openat"] {
        for error in FORBIDDEN {
            for first in 1..5 {
                let trace = format!("strace -qq -o /dev/null -e inject=?{call}:error={error}:when={first}");
                let run = sandbox.run(&format!("{trace} kubensenter -q readlink /proc/self/ns/mnt"));
                assert!(run.status != 0 && run.stdout.is_empty(), "{call} {error} {first}: {run:?}");
            }
        }
    }
}
