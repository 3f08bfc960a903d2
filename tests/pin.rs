//! `kubensctl pin` and `kubensctl unpin`: what they make, keep, refuse and take back.

#![allow(clippy::unwrap_used)]

mod harness;

use harness::Run;
use harness::pins::{OLD_FILTER, both_ways, host, ok, with_library};

#[test]
fn makes_all_that_a_pin_is() {
    for way in both_ways().into_iter().chain([OLD_FILTER]) {
        let sandbox = host();
        let made = ok(&sandbox, &format!("umask 077; {way} kubensctl pin"));
        let id = ok(&sandbox, "id").trim().to_owned();
        assert_eq!(made, format!("pinned mnt:[{id}], a new mount namespace, at /run/kubens/mnt\n"), "{way}");
        assert_eq!(ok(&sandbox, "cat /run/kubens/env"), "KUBENSMNT=/run/kubens/mnt\n");
        let modes =
            "stat --format='%a %U %F' /run/kubens /run/kubens/env; stat -f --format=%T /run/kubens/mnt";
        assert_eq!(ok(&sandbox, modes), "755 root directory\n644 root regular file\nnsfs\n");
        // The mount's options, no tag of propagation, and the file system's options.
        let cover = "findmnt -rno OPTIONS,PROPAGATION,FS-OPTIONS --target /run/kubens/env";
        let cover = ok(&sandbox, cover);
        let (options, rest) = cover.split_once(' ').unwrap();
        assert!(["nosuid", "nodev", "noexec"].iter().all(|option| options.contains(option)), "{cover}");
        assert!(rest.starts_with("private ro,"), "{cover}");
        // Shared inside, and a slave of the host's root.
        let group = ok(&sandbox, "awk '$5 == \"/\" { print $7 }' /proc/self/mountinfo");
        let (shared, master) = (ok(&sandbox, "root"), group.trim().replace("shared", "master"));
        let expected = format!(" {master}\n");
        assert!(shared.starts_with("shared:") && shared.ends_with(&expected), "{shared} of {group}");
        assert_eq!(ok(&sandbox, "ls /run"), "bin\nkubens\nnetns\n");
    }
}

#[test]
fn the_tmpfs_has_the_label_of_the_directory_that_it_covers() {
    // Where SELinux is off, it is an attribute like another.
    let set =
        "python3 -c 'import os; os.setxattr(\"/run/kubens\", \"security.selinux\", b\"a:b:c_t:s0\\0\")'";
    let get = "python3 -c 'import os
for name in [\"/run/kubens\", \"/run/kubens/env\"]: print(os.getxattr(name, \"security.selinux\"))'";
    for way in both_ways() {
        let sandbox = host();
        let run =
            sandbox.run(&with_library(&format!("mkdir /run/kubens; {set}; {way} kubensctl -q pin >&2")));
        assert!(run.status == 0 && !run.stderr.contains("label"), "{way}: {run:?}");
        assert_eq!(ok(&sandbox, get), "b'a:b:c_t:s0\\x00'\n".repeat(2), "{way}");
    }
}

#[test]
fn mounts_arrive_inside_and_none_leaves() {
    let sandbox = host();
    ok(&sandbox, "kubensctl pin; mkdir /run/a /run/b; mount -t tmpfs a /run/a");
    let inside = "nsenter --mount=/run/kubens/mnt";
    ok(&sandbox, &format!("{inside} mountpoint -q /run/a; {inside} mount -t tmpfs b /run/b"));
    assert_eq!(sandbox.run("mountpoint -q /run/b").status, 32);
    // What is copied from it, as a container's namespace is, shares with it.
    ok(&sandbox, &format!("{inside} unshare --mount --propagation unchanged umount /run/b"));
    assert_eq!(sandbox.run(&format!("{inside} mountpoint -q /run/b")).status, 32);
}

#[test]
fn a_second_pin_changes_nothing() {
    for way in both_ways() {
        let sandbox = host();
        ok(&sandbox, &format!("{way} kubensctl pin"));
        let look = "cat /proc/self/mountinfo; find /run -printf '%p %i %C@\\n'";
        let (before, id) = (ok(&sandbox, look), ok(&sandbox, "id"));
        let said = format!("mnt:[{}] is pinned at /run/kubens/mnt\n", id.trim());
        assert_eq!(sandbox.run(&format!("{way} kubensctl pin")), Run::new(0, &said, ""));
        // But for the directory in which the lock came and went.
        let stays = |text: String| text.lines().filter(|l| !l.starts_with("/run ")).count();
        let after = ok(&sandbox, look);
        assert_eq!(stays(before.clone()), stays(after.clone()));
        let differs: Vec<_> = after.lines().filter(|line| !before.contains(line)).collect();
        assert!(differs.iter().all(|line| line.starts_with("/run ")), "{differs:?}");
    }
}

#[test]
fn unpin_takes_everything_back_and_again() {
    for way in both_ways() {
        let sandbox = host();
        ok(&sandbox, "kubensctl pin; kubensctl unpin");
        let before = ok(&sandbox, "state");
        for _ in 0..2 {
            ok(&sandbox, &format!("{way} kubensctl pin"));
            let id = ok(&sandbox, "id");
            let removed = format!("removed mnt:[{}] from /run/kubens/mnt\n", id.trim());
            assert_eq!(sandbox.run("kubensctl unpin"), Run::new(0, &removed, ""));
            assert_eq!(ok(&sandbox, "state"), before);
            let nothing = Run::new(0, "no mount namespace is pinned at /run/kubens/mnt\n", "");
            assert_eq!(sandbox.run("kubensctl unpin"), nothing);
        }
    }
}

#[test]
fn unpin_keeps_the_pin_while_processes_live_inside_and_says_who() {
    let sandbox = host();
    ok(&sandbox, "kubensctl pin");
    let (id, pid) = (ok(&sandbox, "id").trim().to_owned(), ok(&sandbox, "member").trim().to_owned());
    let unit = ok(&sandbox, "kubensctl unpin --json | sed 's/.*\"unit\":\\([^}]*\\).*/\\1/'");
    let unit = unit.trim();
    let json = format!(
        "{{\"did\":\"kept\",\"pin\":\"/run/kubens/mnt\",\"namespace\":{id},\"members\":[{{\"pid\":{pid},\"command\":\"sleep\",\"unit\":{unit}}}],\"pods\":[],\"unmounted\":0,\"failed\":[]}}\n"
    );
    assert_eq!(sandbox.run("kubensctl unpin --json"), Run::new(0, &json, ""));
    let shown = if unit == "null" { "-" } else { unit.trim_matches('"') };
    let width = pid.len().max(3);
    let kept = format!(
        "kept mnt:[{id}] at /run/kubens/mnt: 1 process lives in it (--force removes it)\n{:>width$}  COMMAND  UNIT\n{pid:>width$}  sleep    {shown}\n",
        "PID"
    );
    assert_eq!(sandbox.run("kubensctl unpin"), Run::new(0, &kept, ""));
    assert_eq!(ok(&sandbox, "id").trim(), id);
    let forced = ok(&sandbox, "kubensctl unpin --force | head -1");
    assert_eq!(forced, format!("removed mnt:[{id}] from /run/kubens/mnt, though 1 process lives in it\n"));
    assert_eq!(sandbox.run("test -e /run/kubens/mnt").status, 1);
}

#[test]
fn unpin_keeps_the_pin_while_pods_have_something_mounted_inside() {
    let sandbox = host();
    let volume = "/run/lib/kubelet/pods/6f1c3a2e-1/volumes/kubernetes.io~empty-dir/cache";
    let inside = "nsenter --mount=/run/kubens/mnt";
    ok(&sandbox, &format!("mkdir -p {volume}; kubensctl pin; {inside} mount -t tmpfs cache {volume}"));
    let id = ok(&sandbox, "id").trim().to_owned();
    let kept = format!(
        "kept mnt:[{id}] at /run/kubens/mnt: pods have mounts in it (--force removes it)\npod 6f1c3a2e-1 volume cache\n"
    );
    assert_eq!(sandbox.run("kubensctl unpin"), Run::new(0, &kept, ""));
    assert_eq!(ok(&sandbox, "kubensctl pin; id").trim().rsplit('\n').next().unwrap(), id);
    ok(&sandbox, &format!("{inside} umount {volume}"));
    let removed = format!("removed mnt:[{id}] from /run/kubens/mnt\n");
    assert_eq!(sandbox.run("kubensctl unpin"), Run::new(0, &removed, ""));
}

#[test]
fn refuses_where_it_cannot_be_right_and_changes_nothing() {
    for (prepare, verb, why) in [
        (
            "",
            "unshare --mount kubensctl pin",
            "this process is not in PID 1's mount namespace (run it with kubensenter --host, or from a service without a sandbox)",
        ),
        (
            "",
            "unshare --mount kubensctl unpin",
            "this process is not in PID 1's mount namespace (run it with kubensenter --host, or from a service without a sandbox)",
        ),
        (
            "mount --make-private /",
            "kubensctl pin",
            "the host's root is not shared, so no mount of the host would arrive inside (mount --make-rshared /, then try again)",
        ),
        (
            "mkdir /run/x; ln -s x /run/kubens",
            "kubensctl pin",
            "/run/kubens is unfit: it is a symbolic link (a directory of root's alone is needed; see to it by hand)",
        ),
        (
            "touch /run/kubens",
            "kubensctl pin",
            "/run/kubens is unfit: it is no directory (a directory of root's alone is needed; see to it by hand)",
        ),
        (
            "mkdir -m 777 /run/kubens",
            "kubensctl pin",
            "/run/kubens is unfit: others may write to it (a directory of root's alone is needed; see to it by hand)",
        ),
        (
            "chmod 777 /run",
            "kubensctl pin",
            "/run/kubens is unfit: /run, above it, is not root's alone (a directory of root's alone is needed; see to it by hand)",
        ),
        (
            "mkdir /run/kubens; mount -t ramfs ramfs /run/kubens",
            "kubensctl pin",
            "/run/kubens is unfit: it is the mount point of something else (a directory of root's alone is needed; see to it by hand)",
        ),
        (
            "mkdir /run/kubens; mount -t ramfs ramfs /run/kubens",
            "kubensctl unpin",
            "/run/kubens is unfit: it is the mount point of something else (a directory of root's alone is needed; see to it by hand)",
        ),
        (
            "mkdir /run/kubens; mount -t tmpfs x /run/kubens; touch /run/kubens/mine",
            "kubensctl pin",
            "/run/kubens is unfit: in the tmpfs on it is mine as well (a directory of root's alone is needed; see to it by hand)",
        ),
        (
            "mkdir /run/kubens; mount -t tmpfs x /run/kubens; touch /run/kubens/mine",
            "kubensctl unpin",
            "/run/kubens is unfit: in the tmpfs on it is mine as well (a directory of root's alone is needed; see to it by hand)",
        ),
    ] {
        let sandbox = host();
        ok(&sandbox, prepare);
        let before = ok(&sandbox, "state; ls /run/netns 2>&1 || :");
        let (name, verb_word) = (verb.split(' ').next_back().unwrap(), verb);
        let expected = format!("kubensctl: cannot {name} at /run/kubens/mnt: {why}\n");
        assert_eq!(sandbox.run(verb_word), Run::new(1, "", &expected), "{prepare}");
        assert_eq!(ok(&sandbox, "state; ls /run/netns 2>&1 || :"), before, "{prepare}");
    }
}

#[test]
fn a_directory_of_another_name_holds_another_pin() {
    let sandbox = host();
    ok(&sandbox, "kubensctl pin; cd /run; kubensctl --dir 'a b' pin");
    assert_eq!(ok(&sandbox, "cat '/run/a b/env'"), "KUBENSMNT=/run/a b/mnt\n");
    assert_eq!(sandbox.run("test $(stat -c %i /run/kubens/mnt) = $(stat -c %i '/run/a b/mnt')").status, 1);
    // It is found by its own mark, and not by the other one's.
    let member = "nsenter --mount='/run/a b/mnt' sh -c 'echo >/run/f; exec sleep 99' >/dev/null 2>&1 & read -r _ </run/f";
    ok(&sandbox, &format!("mkfifo /run/f; {member}"));
    ok(&sandbox, "umount --lazy '/run/a b'; umount --lazy /run/kubens");
    assert!(ok(&sandbox, "kubensctl pin").contains("a new mount namespace"));
    assert!(ok(&sandbox, "kubensctl --dir '/run/a b/' pin").contains(" again: "));
    let usage = Run::new(2, "", "kubensctl: --dir / names no directory of its own\n");
    assert_eq!(sandbox.run("kubensctl --dir / pin"), usage);
}

#[test]
fn an_open_descriptor_on_the_pin_is_in_nobodys_way() {
    let sandbox = host();
    ok(&sandbox, "kubensctl pin; exec 9</run/kubens/mnt; kubensctl unpin; kubensctl pin; kubensctl unpin");
}

#[test]
fn pins_on_whatever_cpu() {
    let sandbox = host();
    ok(
        &sandbox,
        "first=$(taskset -p -c $$ | sed 's/.*: //')
         for cpu in $(seq 0 $(($(nproc --all) - 1))); do
             # It begins on this one, and may go to the one that the host's namespace comes from.
             taskset -p -c $cpu $$ >/dev/null 2>&1 || continue
             taskset -p -c $cpu,$first $$ >/dev/null
             kubensctl pin
             kubensctl unpin
         done",
    );
}

#[test]
fn removing_everything_from_elsewhere_does_not_touch_the_pin() {
    let sandbox = host();
    // One namespace that was there before, as a sandboxed unit's may be.
    ok(
        &sandbox,
        "mkfifo /run/go /run/done
         unshare --mount --propagation slave sh -c \
             'read -r _ </run/go; rm -rf /run/kubens; echo >/run/done' >/dev/null 2>&1 &",
    );
    ok(&sandbox, "kubensctl pin; echo >/run/go; read -r _ </run/done");
    let id = ok(&sandbox, "id");
    for elsewhere in [
        "nsenter --mount=/run/kubens/mnt",
        "unshare --mount --propagation slave",
        "unshare --mount --propagation private",
        "unshare --mount --propagation unchanged",
        "unshare --mount sh -c 'mkdir /run/host; mount --rbind /run /run/host; rm -rf /run/host/kubens'; :",
    ] {
        let run = sandbox.run(&format!("{elsewhere} rm -rf /run/kubens"));
        assert!(run.status != 0 || elsewhere.ends_with(':'), "{elsewhere}");
        assert_eq!(
            ok(&sandbox, "id; cat /run/kubens/env"),
            format!("{id}KUBENSMNT=/run/kubens/mnt\n"),
            "{elsewhere}"
        );
        let kept = ok(&sandbox, "kubensctl pin");
        assert!(kept.starts_with(&format!("mnt:[{}] is pinned", id.trim())), "{elsewhere}: {kept}");
    }
}

#[test]
fn network_namespaces_that_are_pinned_inside_stay_in_sight() {
    let sandbox = host();
    ok(
        &sandbox,
        "kubensctl pin; touch /run/netns/inside
         nsenter --mount=/run/kubens/mnt mount --bind /proc/self/ns/net /run/netns/inside",
    );
    // As `ip netns add` does it on the host, where that was not done yet.
    ok(
        &sandbox,
        "mount --make-shared /run/netns || { mount --bind /run/netns /run/netns; mount --make-shared /run/netns; }",
    );
    ok(&sandbox, "touch /run/netns/host; mount --bind /proc/self/ns/net /run/netns/host");
    let seen = "nsenter --mount=/run/kubens/mnt stat -f --format=%T /run/netns/inside /run/netns/host";
    assert_eq!(ok(&sandbox, seen), "nsfs\nnsfs\n");
}
