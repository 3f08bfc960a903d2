//! The working directory is kept, by its path.

mod harness;

use harness::{Run, Sandbox};

fn lost(text: &str) -> String {
    format!("kubensenter: {text}; starting in /\n")
}

#[test]
fn keeps_the_working_directory() {
    let sandbox = Sandbox::pinned();
    let run = sandbox.run("mkdir -p /run/d/e; cd /run/d/e; kubensenter -q /bin/pwd");
    assert_eq!(run, Run::new(0, "/run/d/e\n", ""));
}

#[test]
fn keeps_it_by_path_so_that_no_way_leads_back_to_the_host() {
    let sandbox = Sandbox::pinned();
    let run = sandbox.run("touch /run/volumes/outside; cd /run/volumes; kubensenter -q ls");
    assert_eq!(run, Run::new(0, "inside\n", ""));
}

#[test]
fn starts_in_the_root_where_the_directory_is_not_there_inside() {
    let sandbox = Sandbox::pinned();
    sandbox.ok(
        "mkdir /run/only; mount -t tmpfs only /run/only; kubensenter -q umount /run/only; mkdir /run/only/d",
    );
    let why = lost("Working directory /run/only/d is not there inside: No such file or directory");
    let found = "kubensenter: Autodetect: kubens.service namespace found at /run/kubens/mnt\n";
    assert_eq!(
        sandbox.run("cd /run/only/d; kubensenter /bin/pwd"),
        Run::new(0, "/\n", &format!("{found}{why}"))
    );
}

#[test]
fn starts_in_the_root_where_the_directory_was_deleted() {
    let sandbox = Sandbox::pinned();
    let run = sandbox.run("mkdir /run/d; cd /run/d; rmdir /run/d; kubensenter -m /run/kubens/mnt /bin/pwd");
    let why = lost("The caller's working directory has no path: No such file or directory");
    assert_eq!(run, Run::new(0, "/\n", &why));
}

#[test]
fn starts_in_the_root_where_the_directory_is_unreachable() {
    let sandbox = Sandbox::pinned();
    let run = sandbox.run(
        "mkdir /run/m; mount -t tmpfs m /run/m; mkdir /run/m/d; cd /run/m/d; umount -l /run/m;
         kubensenter -m /run/kubens/mnt /bin/pwd",
    );
    let why = lost("The caller's working directory has no path: it is outside of the caller's root");
    assert_eq!(run, Run::new(0, "/\n", &why));
}

/// A directory whose path is longer than the kernel takes in one call; `leaf` lies in it.
const DEEP: &str = "name=$(printf %0200d 0); path=/run/volumes; into=
    for i in $(seq 30); do path=$path/$name; into=\"$into env -C $name\"; done
    mkdir -p $path && cd /run/volumes";

#[test]
fn keeps_a_directory_whose_path_is_longer_than_path_max() {
    let sandbox = Sandbox::new();
    sandbox.pin("/run/kubens/mnt");
    // The same path on both sides, and another leaf in each.
    sandbox.ok(&format!("{DEEP}; $into touch outside"));
    sandbox.ok(&format!("kubensenter -q sh -c '{DEEP}; $into touch leaf'"));
    let run = sandbox.run(&format!("{DEEP}; exec $into kubensenter -m /run/kubens/mnt ls"));
    assert_eq!(run, Run::new(0, "leaf\n", ""));
}

#[test]
fn starts_in_the_root_where_half_of_a_long_path_is_there() {
    let sandbox = Sandbox::pinned();
    sandbox.ok(&format!("{DEEP}; $into touch outside"));
    sandbox.ok("kubensenter -q sh -c 'name=$(printf %0200d 0); p=/run/volumes; for i in $(seq 25); do p=$p/$name; done; mkdir -p $p'");
    let run = sandbox.run(&format!("{DEEP}; exec $into kubensenter -m /run/kubens/mnt /bin/pwd"));
    assert_eq!((run.status, run.stdout.as_str()), (0, "/\n"));
    assert!(run.stderr.ends_with(": No such file or directory; starting in /\n"), "{}", run.stderr);
}

#[test]
fn wd_names_a_directory_inside() {
    let sandbox = Sandbox::pinned();
    sandbox.ok("mkdir /run/d; kubensenter -q mkdir /run/volumes/e");
    assert_eq!(
        sandbox.run("kubensenter -q --wd /run/volumes/e /bin/pwd"),
        Run::new(0, "/run/volumes/e\n", "")
    );
    // A relative one starts where the caller is.
    assert_eq!(sandbox.run("cd /run; kubensenter -q --wd volumes/e /bin/pwd").stdout, "/run/volumes/e\n");
    // An absolute one does not need the caller's.
    let run = sandbox
        .run("mkdir /run/g; cd /run/g; rmdir /run/g; kubensenter -m /run/kubens/mnt --wd /run /bin/pwd");
    assert_eq!(run, Run::new(0, "/run\n", ""));
    assert_eq!(Sandbox::new().run("kubensenter --wd /usr /bin/pwd"), Run::new(0, "/usr\n", ""));
}

#[test]
fn a_missing_wd_is_a_failure() {
    for sandbox in [Sandbox::pinned(), Sandbox::new()] {
        let run = sandbox.run("kubensenter -q --wd /none echo not here");
        let why = "kubensenter: cannot change to /none: No such file or directory \
                   (--wd names a directory inside the namespace)\n";
        assert_eq!(run, Run::new(125, "", why));
    }
}

#[test]
fn a_relative_wd_whose_start_is_lost_is_a_failure() {
    let sandbox = Sandbox::pinned();
    let run = sandbox.run("mkdir /run/g; cd /run/g; rmdir /run/g; kubensenter -q --wd etc /bin/pwd");
    assert_eq!((run.status, run.stdout.as_str()), (125, ""), "{}", run.stderr);
    sandbox
        .ok("mkdir /run/o; mount -t tmpfs o /run/o; kubensenter -q umount /run/o; mkdir -p /run/o/app/etc");
    let run = sandbox.run("cd /run/o/app; kubensenter -q --wd etc /bin/pwd");
    assert_eq!((run.status, run.stdout.as_str()), (125, ""), "{}", run.stderr);
}
