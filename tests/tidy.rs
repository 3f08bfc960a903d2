//! `kubensctl tidy`, and what the host has of pods from before the namespace.

#![allow(clippy::unwrap_used)]

mod harness;

use harness::pins::{host, ok};
use harness::{Run, Sandbox};

const POD: &str = "/run/lib/kubelet/pods/6f1c3a2e-1/volumes/kubernetes.io~empty-dir";

/// A host that was switched with two pods' volumes on it, one of which has another one on it.
fn switched() -> Sandbox {
    let sandbox = host();
    ok(
        &sandbox,
        &format!(
            "mkdir -p {POD}/cache {POD}/other; mount -t tmpfs cache {POD}/cache; echo old >{POD}/cache/file
             mkdir {POD}/cache/deep; mount -t tmpfs deep {POD}/cache/deep; kubensctl pin"
        ),
    );
    sandbox
}

fn finds(sandbox: &Sandbox) -> String {
    ok(
        sandbox,
        "kubensctl check --json | grep -oE '\"name\":\"(left-behind|from-before)\"' | cut -d'\"' -f4 || :",
    )
}

/// What status says of it, in words and in numbers.
fn told(sandbox: &Sandbox) -> String {
    let words = ok(sandbox, "kubensctl status | sed -n 's/^From before:  //p'");
    let numbers = ok(sandbox, "kubensctl status --json | grep -oE '\"(before|gone)\":[0-9]+' | xargs || :");
    format!("{words}{numbers}")
}

#[test]
fn unmounts_what_is_left_of_a_pod_that_is_gone_inside() {
    let sandbox = switched();
    let inside = "nsenter --mount=/run/kubens/mnt";
    let kept = |path: &str| {
        format!(
            "kept {POD}/{path}, of pod 6f1c3a2e-1 volume cache (in use inside, where an unmount on the host would be felt)\n"
        )
    };
    let both = kept("cache/deep") + &kept("cache");
    assert_eq!(sandbox.run("kubensctl tidy"), Run::new(0, &both, ""));
    assert_eq!(finds(&sandbox), "from-before\n");
    let all = "the host has 2 mounts of pods, 0 of pods that are gone\nbefore:2 gone:0\n";
    assert_eq!(told(&sandbox), all);
    let found = || ok(&sandbox, "kubensctl check | grep -oE 'the first of pod [^,]*'");
    assert_eq!(found(), "the first of pod 6f1c3a2e-1 volume cache\n");
    ok(&sandbox, "mount -t tmpfs log /var/log; mkdir -p /var/log/pods/shop_web-0_6f1c3a2e-1");
    assert_eq!(found(), "the first of pod shop/web-0 volume cache\n");
    ok(&sandbox, "umount /var/log");
    // As long as something of the pod is mounted inside, all of it stays.
    ok(&sandbox, &format!("{inside} umount {POD}/cache/deep"));
    assert_eq!(sandbox.run("kubensctl tidy"), Run::new(0, &both, ""));
    ok(&sandbox, &format!("{inside} umount {POD}/cache"));
    assert_eq!(finds(&sandbox), "left-behind\n");
    let all = "the host has 2 mounts of pods, 2 of pods that are gone (kubensctl tidy)\nbefore:2 gone:2\n";
    assert_eq!(told(&sandbox), all);
    let did = |did: &str| {
        format!(
            "{did} {POD}/cache/deep, of pod 6f1c3a2e-1 volume cache\n{did} {POD}/cache, of pod 6f1c3a2e-1 volume cache\n"
        )
    };
    assert_eq!(sandbox.run("kubensctl tidy --dry-run"), Run::new(0, &did("would unmount"), ""));
    assert_eq!(sandbox.run("kubensctl tidy"), Run::new(0, &did("unmounted"), ""));
    let nothing = "the host has no mount of a pod from before the namespace\n";
    assert_eq!(sandbox.run("kubensctl tidy"), Run::new(0, nothing, ""));
    assert_eq!(finds(&sandbox), "");
    assert_eq!(told(&sandbox), "before:0 gone:0\n");
}

#[test]
fn until_the_last_pod_is_gone_it_looks_again() {
    let sandbox = switched();
    let inside = "nsenter --mount=/run/kubens/mnt";
    let script = format!(
        "kubensctl tidy --wait=1 >/run/said 2>&1 &
         sleep 2; kill -0 $!; test -e {POD}/cache/file
         {inside} umount {POD}/cache/deep {POD}/cache; wait $!; test ! -e {POD}/cache/file"
    );
    ok(&sandbox, &script);
    let both = |did: &str, why: &str| {
        let line =
            |path: &str| format!("kubensctl: {did} {POD}/{path}, of pod 6f1c3a2e-1 volume cache{why}\n");
        line("cache/deep") + &line("cache")
    };
    let kept = both("kept", " (in use inside, where an unmount on the host would be felt)");
    assert_eq!(ok(&sandbox, "cat /run/said"), kept + &both("unmounted", ""));
    assert_eq!(sandbox.run("kubensctl tidy --wait"), Run::new(0, "", ""));
}

#[test]
fn what_a_kubelet_on_the_host_may_need_is_kept() {
    let sandbox = switched();
    ok(
        &sandbox,
        &format!(
            "nsenter --mount=/run/kubens/mnt umount {POD}/cache/deep {POD}/cache
             mkdir /run/bin2; cp $(command -v sleep) /run/bin2/kubelet; /run/bin2/kubelet 1000 >/dev/null 2>&1 &"
        ),
    );
    let kept = |path: &str| {
        format!(
            "kept {POD}/{path}, of pod 6f1c3a2e-1 volume cache (kubelet runs on the host, and it may be its own)\n"
        )
    };
    let both = kept("cache/deep") + &kept("cache");
    assert_eq!(sandbox.run("kubensctl tidy"), Run::new(0, &both, ""));
    // Who cannot be seen may be one.
    let blind = sandbox.run("setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace kubensctl tidy");
    assert_eq!((blind.status, blind.stdout.as_str()), (1, ""), "{blind:?}");
    assert_eq!(ok(&sandbox, &format!("cat {POD}/cache/file")), "old\n");
}

#[test]
fn takes_nothing_away_that_has_come_to_the_same_place_inside() {
    let sandbox = switched();
    ok(
        &sandbox,
        &format!(
            "nsenter --mount=/run/kubens/mnt sh -ec '
                 umount {POD}/cache/deep {POD}/cache; mount -t tmpfs new {POD}/cache; echo new >{POD}/cache/file'
             kubensctl tidy; test $(cat {POD}/cache/file) = old"
        ),
    );
    assert_eq!(ok(&sandbox, &format!("nsenter --mount=/run/kubens/mnt cat {POD}/cache/file")), "new\n");
}

#[test]
fn a_copy_that_is_in_use_on_the_host_stays_and_is_said() {
    let sandbox = switched();
    ok(&sandbox, &format!("nsenter --mount=/run/kubens/mnt umount {POD}/cache/deep {POD}/cache"));
    let run = sandbox.run(&format!("cd {POD}/cache; kubensctl tidy"));
    let expected = format!(
        "unmounted {POD}/cache/deep, of pod 6f1c3a2e-1 volume cache\nkept {POD}/cache, of pod 6f1c3a2e-1 volume cache (Device or resource busy)\n"
    );
    assert_eq!(run, Run::new(0, &expected, ""));
}

#[test]
fn without_a_namespace_it_touches_nothing() {
    let sandbox = host();
    ok(&sandbox, &format!("mkdir -p {POD}/cache; mount -t tmpfs cache {POD}/cache"));
    let run = sandbox.run("kubensctl tidy");
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("no namespace is pinned there"), "{}", run.stderr);
    ok(&sandbox, &format!("mountpoint -q {POD}/cache"));
}

#[test]
fn a_container_from_before_that_receives_the_hosts_mounts_is_named() {
    let sandbox = host();
    let start = "mkfifo /run/ready
         unshare --mount --propagation slave sh -ec '
             mount -t tmpfs files /mnt; mkdir -p /mnt/run/kubelet/pods/6f1c3a2e-1; touch /mnt/run/kubelet/pods/6f1c3a2e-1/etc-hosts
             mount --bind /mnt/run/kubelet/pods/6f1c3a2e-1/etc-hosts /etc/hosts
             echo >/run/ready; exec sleep 1000' >/dev/null 2>&1 &
         read -r _ </run/ready; rm /run/ready";
    let names = "kubensctl check --json | grep -o '\"watches-host\"' || :";
    ok(&sandbox, &format!("{start}; kubensctl pin"));
    assert_eq!(ok(&sandbox, names), "\"watches-host\"\n");
    let found = ok(&sandbox, "kubensctl check | grep ^watches-host");
    assert!(found.contains(" of pod 6f1c3a2e-1 at /"), "{found}");
    let sandbox = host();
    ok(
        &sandbox,
        &format!(
            "kubensctl pin; {}",
            start.replacen("unshare", "nsenter --mount=/run/kubens/mnt unshare", 1)
        ),
    );
    assert_eq!(ok(&sandbox, names), "");
}
