//! `kubensctl status`: the verdict, and what it is made of.
#![allow(clippy::unwrap_used, clippy::panic)]

mod harness;

use harness::{Run, Sandbox};

/// A host on which `kubensctl pin` pinned a namespace, and a runtime and a kubelet run inside.
fn pinned() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok("kubensctl pin");
    sandbox.serves();
    sandbox
}

/// The number that `status --json` has under a name.
fn number(json: &str, name: &str) -> u64 {
    let (_, rest) = json.split_once(&format!("\"{name}\":")).unwrap_or_else(|| panic!("no {name} in {json}"));
    rest.split([',', '}']).next().unwrap().parse().unwrap_or_else(|_| panic!("{name} in {json}"))
}

fn lines(sandbox: &Sandbox, script: &str) -> u64 {
    sandbox.ok(script).trim().parse().unwrap()
}

#[test]
fn nothing_pinned_is_status_3() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("kubensctl status");
    assert_eq!((run.status, run.stderr.as_str()), (3, ""));
    assert!(run.stdout.starts_with("not enabled\n"), "{}", run.stdout);
    assert_eq!(sandbox.run("kubensctl status -q"), Run::new(3, "", ""));
}

#[test]
fn a_pin_that_is_right_is_status_0() {
    let sandbox = pinned();
    let run = sandbox.run("kubensctl status");
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.starts_with("in effect\n"), "{}", run.stdout);
    assert_eq!(sandbox.run("kubensctl status --quiet"), Run::new(0, "", ""));
}

/// The exit status, and the first line of text.
fn verdict(sandbox: &Sandbox, before: &str) -> (i32, String) {
    let run = sandbox.run(&format!("{before} kubensctl status"));
    (run.status, run.stdout.lines().next().unwrap_or_default().to_owned())
}

fn begins(sandbox: &Sandbox, before: &str, status: i32, start: &str) {
    let (code, line) = verdict(sandbox, before);
    assert!(code == status && line.starts_with(start), "{before}: {code} {line}");
}

#[test]
fn a_pin_that_nobody_uses_is_idle() {
    let sandbox = Sandbox::new();
    sandbox.ok("kubensctl pin");
    begins(&sandbox, "", 3, "idle: ");
    sandbox.serves();
    begins(&sandbox, "", 0, "in effect");
}

#[test]
fn services_on_two_sides_are_seen_whoever_else_runs() {
    for (where_, start) in [
        ("", "degraded: kubelet is outside while containerd is inside"),
        ("unshare --mount", "degraded: kubelet is in a namespace of its own while containerd is inside"),
        ("unshare --mount --propagation unchanged", "degraded: kubelet is in a namespace of its own while"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.ok("kubensctl pin");
        // It has the lowest PID in that namespace, and decides nothing.
        sandbox.runs("conmon-helper", where_);
        sandbox.runs("containerd", "kubensenter -q");
        begins(&sandbox, "", 0, "in effect");
        sandbox.runs("kubelet", where_);
        begins(&sandbox, "", 1, start);
    }
}

#[test]
fn a_service_whose_first_thread_has_ended_is_known_by_its_program_and_its_arguments() {
    let name = "a_service_whose_first_thread_has_ended_is_known_by_its_program_and_its_arguments";
    if !harness::installed("python3") {
        return harness::not_run(name, "python3 is not installed");
    }
    for program in ["kubelet", "k3s"] {
        let sandbox = Sandbox::new();
        sandbox.ok("kubensctl pin");
        sandbox.runs("containerd", "kubensenter -q");
        begins(&sandbox, "", 0, "in effect");
        sandbox.ok(&format!(
            "cd /run/programs; : >{program}; mount --bind \"$(realpath /usr/bin/python3)\" {program}
             echo \"import ctypes, os, threading, time
threading.Thread(target=time.sleep, args=(1000,)).start()
ctypes.CDLL(None).syscall({{'x86_64': 60, 'aarch64': 93}}[os.uname().machine], 0)\" >server
             /run/programs/{program} server </dev/null >/dev/null 2>&1 &
             while readlink /proc/$!/ns/mnt >/dev/null; do :; done"
        ));
        begins(&sandbox, "", 1, &format!("degraded: {program} is outside while containerd is inside"));
    }
}

#[test]
fn a_namespace_that_lost_its_pin_is_known_whoever_was_in_it_first() {
    let sandbox = Sandbox::new();
    sandbox.ok("kubensctl pin");
    sandbox.runs("anything", "kubensenter -q");
    sandbox.serves();
    sandbox.ok("umount -l /run/kubens");
    begins(&sandbox, "", 1, "degraded: the pin is missing, and containerd, kubelet live in mnt:[");
}

#[test]
fn a_kubelet_in_a_container_is_where_its_volumes_are() {
    for (side, code) in [("", 1), ("kubensenter -q", 0)] {
        let sandbox = Sandbox::new();
        sandbox
            .ok("mount -t tmpfs lib /var/lib && kubensctl pin && mkdir -p /run/lib/kubelet /var/lib/kubelet");
        sandbox.runs("containerd", "kubensenter -q");
        sandbox.ok(&format!(
            "{side} mount -t tmpfs k /run/lib && {side} mkdir /run/lib/kubelet && \
                             {side} mount -t tmpfs kubelet /run/lib/kubelet"
        ));
        // Its root is its own, and the kubelet's directory is shared, as docker run -v …:rshared has it.
        let container = "unshare --mount --propagation unchanged sh -c \
                         'mount --make-private / && mount --make-private /run && exec \"$@\"' sh";
        sandbox.runs("kubelet", &format!("{side} {container}"));
        assert_eq!(verdict(&sandbox, "").0, code, "{side}: {:?}", verdict(&sandbox, ""));
    }
}

#[test]
fn who_cannot_mount_or_is_of_another_node_decides_nothing() {
    for before in [
        "setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin",
        "unshare --user --map-user=7 --mount",
        "unshare --pid --fork --mount",
    ] {
        let sandbox = pinned();
        sandbox.ok("chmod 755 /run /run/programs");
        sandbox.ok(&format!(
            "mkdir /run/other && cp /run/programs/kubelet /run/other
             {before} /run/other/kubelet infinity </dev/null >/dev/null 2>&1 &
             for i in $(seq 1000); do
                 ls -l /proc/[0-9]*/exe 2>/dev/null | grep -q other/kubelet && exit; sleep 0.01
             done; exit 9"
        ));
        begins(&sandbox, "", 0, "in effect");
    }
}

#[test]
fn what_cannot_be_seen_makes_the_verdict_unknown() {
    // setns(2), and then the calls by which a namespace is opened as well.
    for before in [
        "setpriv --bounding-set=-all --inh-caps=-all",
        "setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace",
        "unshare --mount sh -c 'umount -l /proc; exec \"$@\"' sh",
    ] {
        for outside in [false, true] {
            let sandbox = Sandbox::new();
            sandbox.ok("kubensctl pin");
            sandbox.runs("containerd", "kubensenter -q");
            sandbox.runs("kubelet", if outside { "" } else { "kubensenter -q" });
            begins(&sandbox, before, 4, "unknown: this could not be seen: ");
            let run = sandbox.run(&format!("{before} kubensctl check"));
            assert_eq!(run.status, 4, "{before}: {}", run.stdout);
            assert!(run.stdout.starts_with("no findings in what could be seen\n"), "{}", run.stdout);
        }
    }
}

#[test]
fn what_one_process_does_not_show_is_not_seen_by_check() {
    if !harness::installed("strace") {
        let name = "what_one_process_does_not_show_is_not_seen_by_check";
        return harness::not_run(name, "strace is not installed");
    }
    let sandbox = pinned();
    let living =
        "sh -c 'echo $$ >/run/ready; exec sleep 1000' >/dev/null 2>&1 & read -r pid </run/ready; echo $pid";
    sandbox.ok("mkfifo /run/ready");
    for (before, file, expected) in [
        ("", "fd", "not seen: what the host's processes watch: of 1 process (Permission denied)"),
        (
            "unshare --mount",
            "mountinfo",
            "not seen: the mounts that containers have: of 1 process (Permission denied)",
        ),
    ] {
        let pid = sandbox.ok(&format!("{before} {living}"));
        let pid = pid.trim();
        let run = sandbox.run(&format!(
            "strace -qq -o /dev/null -P /proc/{pid}/task/{pid}/{file} -e inject=openat:error=EACCES kubensctl check"
        ));
        assert_eq!((run.status, run.stderr.as_str()), (4, ""), "{file}: {}", run.stdout);
        let said: Vec<_> = run.stdout.lines().collect();
        assert_eq!(said, ["no findings in what could be seen", expected], "{file}");
    }
}

#[test]
fn a_filter_that_forbids_setns_leaves_what_members_see() {
    let sandbox = Sandbox::new();
    sandbox.ok("kubensctl pin");
    let filter = "without 308";
    begins(&sandbox, filter, 4, "unknown: ");
    sandbox.serves();
    begins(&sandbox, filter, 0, "in effect");
    sandbox.ok("kubensenter -q mount --make-rslave /");
    begins(&sandbox, filter, 1, "degraded: the namespace's root is not shared");
}

#[test]
fn a_container_without_the_hosts_processes_knows_nothing() {
    let sandbox = pinned();
    // As in an agent's pod: a mount namespace and PIDs of its own, and files that a runtime has put there.
    sandbox.ok("mkdir /run/pod && mount -t tmpfs t /run/pod && cd /run/pod && mkdir -p var/lib/docker/containers/x &&
                : >var/lib/docker/containers/x/hosts");
    let pod = "unshare --mount --pid --fork --mount-proc sh -c \
               'mount --bind /run/pod/var/lib/docker/containers/x/hosts /etc/hosts && exec \"$@\"' sh";
    begins(&sandbox, pod, 4, "unknown: ");
    // With the host's PIDs the same sees all.
    begins(&sandbox, &pod.replace(" --pid --fork --mount-proc", ""), 0, "in effect");
}

#[test]
fn volumes_on_the_host_are_not_in_effect() {
    let sandbox = Sandbox::new();
    sandbox.ok("mkdir -p /run/kubelet/pods/0a/volumes/kubernetes.io~csi/one /run/kubelet/pods/0a/volumes/kubernetes.io~csi/two
                mount -t tmpfs old /run/kubelet/pods/0a/volumes/kubernetes.io~csi/one; kubensctl pin");
    sandbox.serves();
    begins(&sandbox, "", 0, "in effect");
    sandbox.ok("mount -t tmpfs new /run/kubelet/pods/0a/volumes/kubernetes.io~csi/two");
    begins(
        &sandbox,
        "",
        1,
        "degraded: since the namespace was pinned, the host has got 1 mount of containers or volumes, the first",
    );
    sandbox.ok("umount /run/kubelet/pods/0a/volumes/kubernetes.io~csi/two");
    begins(&sandbox, "", 0, "in effect");
}

#[test]
fn a_namespace_of_somebody_elses_is_said() {
    let sandbox = Sandbox::new();
    sandbox.ok("mkdir -p /run/kubens && mount -t tmpfs k /run/kubens && mount --make-private /run/kubens && touch /run/kubens/mnt
                unshare --user --map-root-user --mount sleep infinity </dev/null >/dev/null 2>&1 & other=$!
                for i in $(seq 500); do [ \"$(readlink /proc/$other/exe)\" = \"$(readlink -f $(command -v sleep))\" ] && break; sleep 0.01; done
                mount --bind /proc/$other/ns/mnt /run/kubens/mnt");
    begins(
        &sandbox,
        "",
        1,
        "degraded: the namespace pinned at /run/kubens/mnt belongs to another user namespace",
    );
    assert!(sandbox.run("kubensctl metrics").stdout.contains("kubens_in_effect 0"));
    assert!(sandbox.run("kubensctl check").stdout.starts_with("pin-foreign: "));
}

#[test]
fn the_older_services_namespace_is_in_effect_in_the_older_way() {
    let sandbox = Sandbox::new();
    sandbox.pin("/run/container-mount-namespace/mnt");
    for name in ["crio", "kubelet"] {
        sandbox.runs(name, "nsenter --mount=/run/container-mount-namespace/mnt");
    }
    begins(&sandbox, "", 0, "in effect: by container-mount-namespace.service, the older way");
    sandbox.runs("kubelet", "");
    begins(&sandbox, "", 1, "degraded: ");
}

#[test]
fn wrong_propagation_is_status_1_and_names_its_cure() {
    for (how, what) in [
        ("--make-rprivate", "does not receive the host's mounts"),
        ("--make-rslave", "is not shared inside"),
        ("--make-rshared", "in a peer group of the host's"),
    ] {
        let sandbox = Sandbox::new();
        sandbox.ok(&format!(
            "mkdir /run/kubens && mount -t tmpfs k /run/kubens && mount --make-private /run/kubens
             touch /run/kubens/mnt && unshare --mount=/run/kubens/mnt --propagation unchanged mount {how} /"
        ));
        let run = sandbox.run("kubensctl status");
        assert_eq!(run.status, 1, "{how}: {}", run.stdout);
        assert!(run.stdout.starts_with("degraded: ") && run.stdout.contains(what), "{how}: {}", run.stdout);
        assert!(run.stdout.contains("Cure:"), "{}", run.stdout);
    }
}

#[test]
fn a_pin_of_the_hosts_own_namespace_pins_nothing() {
    let sandbox = Sandbox::new();
    // The kernel binds no namespace within itself, so one that looks is made another's host.
    let run = sandbox.run("touch /run/x; mount --bind /proc/1/ns/mnt /run/x");
    assert_ne!(run.status, 0);
    sandbox.ok("mkdir /run/kubens && ln -s /proc/1/ns/mnt /run/kubens/mnt");
    assert_eq!(sandbox.run("kubensctl status").status, 3);
}

#[test]
fn counts_what_the_kernel_counts() {
    let sandbox = pinned();
    sandbox.ok("mkdir /run/v && kubensenter -q sh -c 'for i in 1 2 3; do mount -t tmpfs v /run/v; done'");
    let json = sandbox.ok("kubensctl status --json");
    let inside = lines(&sandbox, "nsenter --mount=/run/kubens/mnt cat /proc/self/mountinfo | wc -l");
    let host = lines(&sandbox, "wc -l </proc/1/mountinfo");
    assert!(
        json.contains(&format!(
            "\"mounts\":{{\"inside\":{inside},\"host\":{host},\"hidden\":3,\"outside\":0,\"before\":0,\"gone\":0,\"torn\":0}}"
        )),
        "{json}"
    );
}

#[test]
fn the_kernels_count_and_the_table_agree() {
    let sandbox = pinned();
    sandbox.ok("mkdir /run/v && kubensenter -q mount -t tmpfs v /run/v");
    // Without capabilities nobody enters: the kernel is asked for the number.
    let bare = "setpriv --bounding-set=-all --inh-caps=-all kubensctl status --json";
    let asked = sandbox.run(bare);
    assert!(asked.stdout.contains("the mounts inside: Operation not permitted"), "{}", asked.stdout);
    // Where one has lived from the machine's start, the table lacks the kernel's first root.
    let read = number(&sandbox.ok("kubensctl status --json"), "inside");
    let counted = number(&asked.stdout, "inside");
    assert!(counted == read || counted == read + 1, "{counted} {read}");
}

/// For a kernel without statmount(2), listmount(2) and pidfd_open(2).
const OLD_KERNEL: &str = "without 457,458,434";

#[test]
fn an_older_kernels_tables_tell_the_same() {
    let sandbox = pinned();
    // New file systems, a device of the host's elsewhere and over its own place, a bind of an arrived mount, one that
    // lingers, one that the host has and this namespace not, a slave, a private one, two on one place, odd names.
    sandbox.ok("cd /run && mkdir v w x 'y z\\' host lost && mount -t tmpfs h host && mount -t tmpfs l lost
         mkdir lost/on && mount --make-private -t tmpfs p w
         kubensenter -q sh -c '
             for i in 1 2 3; do mount -t tmpfs v v; done
             mount --bind /usr x; mount --bind /usr /usr; mount --bind host \"y z\\\"
             mount --make-slave host; mount --make-private x; umount w 2>/dev/null; mount -t tmpfs on lost/on'
         umount -l lost; mount -t tmpfs late v");
    for verb in ["status --json=pretty", "metrics"] {
        let told = |before: &str| {
            let told = sandbox.ok(&format!("{before} kubensctl {verb}"));
            told.lines().filter(|line| !line.contains("cpu")).collect::<Vec<_>>().join("\n")
        };
        let new = told("");
        assert!(new.contains("hidden"), "{new}");
        assert_eq!(new, told(OLD_KERNEL), "{verb}");
    }
}

#[test]
fn who_is_inside_is_counted_and_the_caller_is_not() {
    let sandbox = pinned();
    let members = "kubensctl status | sed -n 's/ *Besides: *//p'";
    assert!(sandbox.ok(members).starts_with("0 processes inside"));
    sandbox.ok("kubensenter -q sleep 1000 </dev/null >/dev/null 2>&1 &
         until [ \"$(cat /proc/$!/comm)\" = sleep ]; do :; done");
    assert!(sandbox.ok(members).starts_with("1 process inside"));
    assert!(sandbox.ok(&format!("kubensenter -q {members}")).starts_with("1 process inside"));
}

#[test]
fn the_view_is_the_same_from_every_side() {
    let sandbox = pinned();
    sandbox.ok("mkdir /run/v && kubensenter -q mount -t tmpfs v /run/v");
    let told = |before: &str| {
        let json = sandbox.ok(&format!("{before} kubensctl status --json"));
        let (_, mounts) = json.split_once("\"mounts\":").unwrap();
        let (mounts, _) = mounts.split_once(",\"units\"").unwrap();
        let (_, place) = json.split_once("\"where\":\"").unwrap();
        (mounts.to_owned(), place.split('"').next().unwrap().to_owned())
    };
    let (host, place) = told("");
    assert_eq!(place, "host");
    for (before, expected) in [
        ("kubensenter -q", "inside"),
        ("unshare --mount", "elsewhere"),
        ("unshare --mount --propagation private sh -c 'umount -l /run/kubens; exec \"$@\"' sh", "elsewhere"),
    ] {
        assert_eq!(told(before), (host.clone(), expected.to_owned()), "{before}");
    }
}

#[test]
fn a_look_leaves_the_caller_where_it_was_and_nothing_behind() {
    let sandbox = pinned();
    let trace = "cd /run && kubensctl mounts --json >/dev/null && kubensctl metrics --output here.prom && ls here.prom";
    let before =
        sandbox.ok("cat /proc/1/mountinfo; nsenter --mount=/run/kubens/mnt cat /proc/self/mountinfo");
    assert_eq!(sandbox.ok(trace), "here.prom\n");
    // From a root directory of its own it comes back to that.
    let jail = "mkdir /run/root && unshare --mount sh -c 'mount --rbind / /run/root && cd / && \
                exec chroot /run/root sh -c \"cd /run && /run/bin/kubensctl metrics --output jail.prom\"'";
    sandbox.ok(&format!("{jail} && ls /run/jail.prom"));
    let after = sandbox.ok("cat /proc/1/mountinfo; nsenter --mount=/run/kubens/mnt cat /proc/self/mountinfo");
    assert_eq!(before, after);
    let members =
        "for p in /proc/[0-9]*; do stat -Lc %i $p/ns/mnt; done | grep -c $(stat -c %i /run/kubens/mnt)";
    // The runtime and the kubelet, and nobody else.
    assert_eq!(sandbox.run(members).stdout, "2\n");
}

#[test]
fn a_directory_that_holds_no_pin_is_a_usage_error() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("kubensctl --dir / status");
    assert_eq!(run, Run::new(2, "", "kubensctl: --dir / names no directory of its own\n"));
}

#[test]
fn check_has_no_finding_on_a_host_that_is_well() {
    let sandbox = pinned();
    let run = sandbox.run("kubensctl check");
    assert_eq!((run.status, run.stdout.lines().next()), (0, Some("no findings")), "{}", run.stdout);
    let json = sandbox.ok("kubensctl check --json");
    assert!(json.starts_with("{\"findings\":[],\"not_seen\":["), "{json}");
}

#[test]
fn check_finds_what_the_mount_tables_tell() {
    let names = |sandbox: &Sandbox| {
        let run = sandbox.run("kubensctl check --json");
        let found = run.stdout.split("{\"name\":\"").skip(1).filter_map(|rest| rest.split('"').next());
        (run.status, found.map(str::to_owned).collect::<Vec<_>>())
    };
    for (trouble, expected) in [
        ("kubensenter -q mount -t tmpfs over /run/netns", "shadowed"),
        ("umount /run/netns; kubensenter -q umount /run/netns || true", "netns-not-shared"),
        (
            "mkdir /run/o && mount -t tmpfs o /run/o && mount --make-private /run/o && touch /run/o/mnt &&
          mkdir -p /run/container-mount-namespace && mount --bind /run/o /run/container-mount-namespace &&
          mount --make-private /run/container-mount-namespace && touch /run/container-mount-namespace/mnt &&
          unshare --mount=/run/container-mount-namespace/mnt true",
            "older-service",
        ),
    ] {
        let sandbox = pinned();
        sandbox.ok(trouble);
        assert_eq!(names(&sandbox), (1, vec![expected.to_owned()]), "{trouble}");
    }
    let older = Sandbox::pinned();
    assert_eq!(names(&older), (1, vec!["older-pin".to_owned(), "netns-not-shared".to_owned()]));
}

#[test]
fn whoever_comes_and_goes_the_verdict_is_one() {
    let sandbox = pinned();
    // Both sides mount and unmount: what the one frees the kernel gives to the other.
    let looks = std::env::var("LOOKS").unwrap_or_else(|_| "200".to_owned());
    let told = sandbox.ok(&format!(
        "mkdir /run/h /run/i
         churn() {{ while :; do mount -t tmpfs x $1; umount $1; done; }}
         churn /run/h & churn=$!
         kubensenter -q sh -c 'while :; do mount -t tmpfs x /run/i; umount /run/i; done' & more=$!
         for i in $(seq {looks}); do kubensctl status | head -n 1; done | sort | uniq -c
         kill $churn $more"
    ));
    assert_eq!(told.trim(), format!("{looks} in effect"));
}

#[test]
fn where_one_process_is_can_be_asked() {
    let sandbox = pinned();
    sandbox.runs("anything", "unshare --mount");
    let status = |whom: &str| sandbox.run(&format!("kubensctl status {whom}"));
    for (name, code, place) in [("kubelet", 0, "inside"), ("anything", 3, "elsewhere")] {
        let run = status(&format!("$(pgrep -x {name})"));
        assert_eq!(run.status, code, "{}", run.stdout);
        assert!(run.stdout.contains(&format!("{name}  {place}, mnt:[")), "{}", run.stdout);
    }
    assert_eq!(status("1").status, 3);
    assert_eq!(sandbox.run("setpriv --bounding-set=-all --inh-caps=-all kubensctl status 1").status, 4);
    let none = status("kubelet");
    assert_eq!((none.status, none.stdout.as_str()), (1, ""));
    assert_eq!(none.stderr, "kubensctl: kubelet is no process, and no unit in which one runs\n");
}

#[test]
fn the_members_are_listed_by_name() {
    let sandbox = pinned();
    let text = sandbox.ok("kubensctl status --members");
    assert!(text.contains(" containerd\n") && text.ends_with(" kubelet\n"), "{text}");
    assert!(!sandbox.ok("kubensctl status").contains("└─"));
    let json = sandbox.ok("kubensctl status --members --json");
    assert!(json.contains("\"command\":\"kubelet\",\"unit\":null,"), "{json}");
}
