//! `kubensctl mounts`: what only one side has, and whose it is.
#![allow(clippy::unwrap_used)]

mod harness;

use harness::Sandbox;

const POD: &str = "6f1c3a2e-0a4e-4a3b-9d51-1f6e1f0f2a11";

fn pinned() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok("mount -t tmpfs log /var/log && mount -t tmpfs lib /var/lib && kubensctl pin");
    sandbox
}

/// The list without its head, each line as words.
fn list(sandbox: &Sandbox, options: &str) -> Vec<Vec<String>> {
    let text = sandbox.ok(&format!("kubensctl mounts {options} -no target,source,type,options,owner,note"));
    text.lines()
        .map(|line| {
            line.split("  ").map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        })
        .collect()
}

fn targets(sandbox: &Sandbox, options: &str) -> Vec<String> {
    list(sandbox, options).into_iter().map(|row| row[0].clone()).collect()
}

#[test]
fn lists_what_only_the_namespace_has_with_its_owner() {
    let sandbox = pinned();
    sandbox.ok(&format!(
        "mkdir -p /var/log/pods/shop_web-0_{POD}
         v=/var/lib/kubelet/pods/{POD}/volumes/kubernetes.io~projected/token
         c=/run/containerd/io.containerd.runtime.v2.task/k8s.io/abc/rootfs
         mkdir -p $v $c /run/plain
         echo '{{\"annotations\":{{\"io.kubernetes.cri.sandbox-name\":\"web-0\",\
                \"io.kubernetes.cri.sandbox-namespace\":\"shop\"}}}}' >${{c%/rootfs}}/config.json
         for m in $v $c /run/plain; do kubensenter -q mount -t tmpfs -o ro,nosuid vol $m; done"
    ));
    let text = sandbox.ok("kubensctl mounts -o TARGET,SOURCE,TYPE,OPTIONS,OWNER");
    let rows: Vec<Vec<_>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["TARGET", "SOURCE", "TYPE", "OPTIONS", "OWNER"]);
    let volume = format!("/var/lib/kubelet/pods/{POD}/volumes/kubernetes.io~projected/token");
    let options = "ro,nosuid,relatime";
    assert_eq!(rows[1], [&volume, "vol", "tmpfs", options, "pod", "shop/web-0", "volume", "token"]);
    let rootfs = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/abc/rootfs";
    assert_eq!(rows[2], [rootfs, "vol", "tmpfs", options, "pod", "shop/web-0", "rootfs"]);
    assert_eq!(rows[3], ["/run/plain", "vol", "tmpfs", options]);
    assert_eq!(rows.len(), 4);
}

#[test]
fn a_mount_of_the_hosts_is_not_listed_whenever_it_came() {
    let sandbox = pinned();
    sandbox.ok("mkdir /run/later && mount -t tmpfs later /run/later");
    assert_eq!(targets(&sandbox, ""), [""; 0]);
    assert!(
        list(&sandbox, "--all").iter().any(|row| row[0] == "/run/later" && row.last().unwrap() == "both")
    );
}

#[test]
fn host_lists_what_did_not_arrive_and_why() {
    let sandbox = pinned();
    sandbox.ok("mkdir /run/p && mount -t tmpfs p /run/p && mount --make-private /run/p && mkdir /run/p/x &&
                mount -t tmpfs x /run/p/x
                mkdir /run/gone && mount -t tmpfs gone /run/gone && kubensenter -q umount /run/gone");
    let rows = list(&sandbox, "--host");
    let told: Vec<_> = rows.iter().map(|row| (row[0].as_str(), row.last().unwrap().as_str())).collect();
    assert_eq!(told, [("/run/kubens/mnt", "pin"), ("/run/p/x", "private"), ("/run/gone", "missing")]);
}

#[test]
fn what_lingers_is_told_from_what_is_the_namespaces_own() {
    let sandbox = pinned();
    sandbox.ok("mkdir /run/disk && mount -t tmpfs disk /run/disk && mkdir /run/disk/sub
                kubensenter -q mount -t tmpfs sub /run/disk/sub
                umount /run/disk");
    let told = |row: &Vec<String>| (row[0].clone(), row.last().unwrap().clone());
    let rows: Vec<_> = list(&sandbox, "").iter().map(told).collect();
    let own = ("/run/disk/sub".to_owned(), "rw,relatime".to_owned());
    assert_eq!(rows, [("/run/disk".to_owned(), "lingering".to_owned()), own]);
    let tree = sandbox.ok("kubensctl mounts --tree -o target,note");
    let lines: Vec<_> =
        tree.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let end = lines.len() - 3;
    assert_eq!(lines[end..], ["└─/run both", "└─/run/disk lingering", "└─/run/disk/sub"], "{tree}");
    assert_eq!((lines[0].as_str(), lines[1].as_str()), ("TARGET NOTE", "/ both"), "{tree}");
}

#[test]
fn what_lies_hidden_under_another_mount_is_said() {
    let sandbox = pinned();
    sandbox.ok(
        "mkdir -p /run/a/b && kubensenter -q sh -c 'mount -t tmpfs low /run/a/b; mount -t tmpfs up /run/a'",
    );
    let rows = list(&sandbox, "");
    let told: Vec<_> = rows.iter().map(|row| (row[1].as_str(), row.last().unwrap().as_str())).collect();
    assert_eq!(told, [("low", "shadowed"), ("up", "rw,relatime")]);
}

#[test]
fn a_mount_at_a_path_of_the_hosts_is_still_the_namespaces_own() {
    let sandbox = pinned();
    sandbox.ok(
        "mkdir /run/both && mount -t tmpfs host /run/both && kubensenter -q mount -t tmpfs own /run/both",
    );
    let rows = list(&sandbox, "");
    assert_eq!((rows.len(), rows[0][1].as_str()), (1, "own"));
}

#[test]
fn any_name_of_a_mount_is_read_right() {
    let sandbox = pinned();
    sandbox.ok("cd /run && d=$(printf 'a b\\nc\\\\d#\\377') && mkdir \"$d\" && kubensenter -q mount -t tmpfs 's p' \"/run/$d\"");
    assert_eq!(list(&sandbox, "")[0][..2], ["/run/a b\\nc\\d#\\xff", "s p"]);
    let json = sandbox.ok("kubensctl mounts --json");
    assert!(json.contains("\"target\":\"/run/a b\\nc\\\\d#\u{fffd}\",\"source\":\"s p\""), "{json}");
}

#[test]
fn a_mount_that_comes_and_goes_is_no_error() {
    let sandbox = pinned();
    sandbox.serves();
    let run = sandbox.run(
        "mkdir /run/x
         kubensenter -q sh -c 'while :; do mount -t tmpfs x /run/x; umount /run/x; sleep 0.001; done' & churn=$!
         for i in $(seq 60); do kubensctl mounts >/dev/null && kubensctl status -q || { kill $churn; exit 9; }; done
         kill $churn",
    );
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
}

#[test]
fn nothing_pinned_is_one_line_and_a_failure() {
    let run = Sandbox::new().run("kubensctl mounts");
    assert_eq!(run.status, 1);
    assert_eq!(
        run.stderr,
        "kubensctl: no mount namespace is pinned at /run/kubens/mnt (kubensctl pin creates one)\n"
    );
}

#[test]
fn what_lies_beside_a_mount_is_read_only_where_it_is_roots_and_ends() {
    let sandbox = pinned();
    // Each but the last names a pod, or blocks, or has no end. containerd's, then CRI-O's.
    sandbox.ok(r#"task=/run/containerd/io.containerd.runtime.v2.task
        spec() { echo '{"annotations":{"io.kubernetes.cri.sandbox-name":"'$1'","io.kubernetes.cri.sandbox-namespace":"ns"}}'; }
        at() { mkdir -p $1 && kubensenter -q mount -t tmpfs v $1; }
        at $task/k8s.io/f1f0/rootfs; mkfifo $task/k8s.io/f1f0/config.json
        at $task/k8s.io/2e20/rootfs; ln -s /dev/zero $task/k8s.io/2e20/config.json
        at $task/k8s.io/11e8/rootfs; spec link >/run/there; ln -s /run/there $task/k8s.io/11e8/config.json
        at $task/k8s.io/d0d0/rootfs; mkdir $task/k8s.io/d0d0/config.json
        at $task/k8s.io/b160/rootfs; truncate -s 1T $task/k8s.io/b160/config.json
        at $task/k8s.io/a11a/rootfs; spec anyones >$task/k8s.io/a11a/config.json; chmod 666 $task/k8s.io/a11a/config.json
        at $task/moby/0b0b/rootfs; spec moby >$task/moby/0b0b/config.json
        open=/run/anyones/io.containerd.runtime.v2.task/k8s.io; at $open/ca11/rootfs; spec other >$open/ca11/config.json; chmod 777 /run/anyones
        mkdir -p /run/x/overlay/6666/merged /run/x/containers && mkfifo /run/x/overlay/6666/config.json && at /run/x/overlay/6666/merged
        crio=/run/containers/storage/overlay-containers; mkdir -p $crio/c1/userdata $crio/c2/userdata $crio/c3/userdata; mkfifo $crio/c1/userdata/config.json
        ln -s /dev/zero $crio/c2/userdata/config.json; spec crio >$crio/c3/userdata/config.json; at $crio/c3/userdata/shm
        at $task/k8s.io/6006/rootfs; spec good >$task/k8s.io/6006/config.json"#);
    let text = sandbox.ok("ulimit -v 1000000; timeout 20 kubensctl mounts -o owner,target");
    let named: Vec<_> = text.lines().filter(|line| line.contains("pod ")).collect();
    assert!(named.len() == 1 && named[0].contains("pod ns/good rootfs"), "{text}");
    assert_eq!(text.lines().count(), 12, "{text}");
}

#[test]
fn whose_each_is_comes_first_and_what_is_wanted_can_be_said() {
    let sandbox = pinned();
    sandbox.ok(&format!(
        r#"mkdir -p /var/log/pods/shop_web-0_{POD}
        v=/var/lib/kubelet/pods/{POD}/volumes/kubernetes.io~projected; w=/var/lib/kubelet/pods/0000-1/volumes/x
        c=/run/containerd/io.containerd.runtime.v2.task/k8s.io
        at() {{ mkdir -p "$2" && kubensenter -q mount -t $1 ${{3:-v}} "$2"; }}
        spec() {{ echo '{{"annotations":{{"io.kubernetes.cri.sandbox-name":"'$1'","io.kubernetes.cri.sandbox-namespace":"shop"'$2'}}}}'; }}
        at tmpfs $v/token; at tmpfs $w/data; at tmpfs $c/a1/rootfs; at tmpfs $c/b2/rootfs; at tmpfs $c/c3/rootfs; at proc /run/plain
        spec db-1 ',"io.kubernetes.cri.container-name":"db"' >$c/a1/config.json; spec db-1 >$c/b2/config.json
        at tmpfs /run/ipcns/cni-1"#
    ));
    let lines = |options: &str| -> Vec<String> {
        let text = sandbox.ok(&format!("kubensctl mounts {options}"));
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    let all = lines("");
    let head = "NAMESPACE POD CONTAINER/VOLUME TARGET SOURCE TYPE OPTIONS";
    assert_eq!(all[0], head, "{all:#?}");
    let starts = |line: usize, start: &str| assert!(all[line].starts_with(start), "{all:#?}");
    starts(1, "shop web-0 token /var/lib/kubelet/pods/");
    starts(2, "0000-1 data /var/lib/kubelet/pods/");
    starts(3, "shop db-1 db /run/containerd/");
    starts(4, "shop db-1 (sandbox) /run/containerd/");
    starts(5, "c3 /run/containerd/");
    starts(6, "/run/plain v proc ");
    starts(7, "pinned cni-1 /run/ipcns/cni-1 ");
    assert_eq!(lines("-n"), all[1..]);
    let short = "-no pod,part --sort pod".replace("part", "container/volume");
    assert_eq!(
        lines(&short),
        ["0000-1 data", "db-1 db", "db-1 (sandbox)", "web-0 token", "c3", "", "pinned cni-1"]
    );
    assert_eq!(lines("-no volume --pod shop/web-0"), ["token"]);
    assert_eq!(lines("-no container --pod db-1"), ["db", ""]);
    assert_eq!(lines("-no target --pod other/db-1"), [""; 0]);
    assert_eq!(lines("-no pod --container db"), ["db-1"]);
    assert_eq!(lines("-no target -t proc,ext4"), ["/run/plain"]);
    assert_eq!(lines("-no volume /var/lib/kubelet/pods/0000-1"), ["data"]);
    assert_eq!(lines("-no target /run/pl"), [""; 0]);
    let ids: Vec<u32> = lines("-no id --sort id").iter().map(|id| id.parse().unwrap()).collect();
    assert!(ids.is_sorted() && ids.len() == 7, "{ids:?}");
    assert_eq!(sandbox.run("kubensctl mounts -o nonsense").status, 2);
    let json = sandbox.ok("kubensctl mounts --json --container db");
    let parts = r#""namespace":"shop","pod":"db-1","uid":null,"container":"db","volume":null,"owner":"pod shop/db-1 db rootfs""#;
    assert!(json.contains(parts), "{json}");
}

#[test]
fn on_a_terminal_lines_are_as_wide_as_it_is_and_in_a_pipe_nothing_is_cut() {
    let sandbox = pinned();
    sandbox.ok(&format!(
        "mkdir -p /var/log/pods/日本日本日本日本_web-0-日本日本日本日本日本_{POD}
         v=/var/lib/kubelet/pods/{POD}/volumes/kubernetes.io~projected/a-volume-with-a-long-name-日本日本日本
         mkdir -p $v && kubensenter -q mount -t tmpfs -o nosuid,nodev,noexec,relatime long-long-source $v"
    ));
    let wide = sandbox.ok("kubensctl mounts");
    assert!(
        wide.contains(
            "/volumes/kubernetes.io~projected/a-volume-with-a-long-name-日本日本日本  long-long-source"
        ),
        "{wide}"
    );
    assert!(!wide.contains('…'));
    for columns in [80, 100, 120, 200] {
        for set in [format!("COLUMNS={columns}"), format!("stty cols {columns};")] {
            let script = format!("script -qec '{set} kubensctl mounts --no-pager' /dev/null </dev/null");
            let text = sandbox.ok(&script).replace("\r\n", "\n");
            assert!(text.contains('…') && text.contains("tmpfs"), "{columns}: {text}");
            for line in text.lines() {
                let width: usize = line.chars().map(|c| if c >= '\u{2e80}' { 2 } else { 1 }).sum();
                assert!(width <= columns, "{width} of {columns}: {text}");
            }
        }
    }
}

/// Starts `kubensctl mounts --watch` with these options; what it says goes to /run/said. It has told what came before
/// all else, and that is left out.
fn watching(sandbox: &Sandbox, options: &str) {
    sandbox.ok(&format!(
        "mkdir -p /run/first /run/m
         kubensctl mounts --watch {options} >>/run/said 2>&1 &
         for i in $(seq 400); do
             kubensenter -q mount -t ramfs first /run/first; kubensenter -q umount /run/first; sleep 0.05
             grep -q /run/first /run/said && break
         done
         for i in $(seq 400); do tail -n 1 /run/said | grep -q umount && break; sleep 0.05; done
         : >/run/said"
    ));
}

/// What it has said since, once that has this last line.
fn said(sandbox: &Sandbox, last: &str) -> Vec<String> {
    let script = format!(
        "for i in $(seq 400); do tail -n 1 /run/said | grep -q '{last}' && break; sleep 0.05; done; cat /run/said"
    );
    sandbox.ok(&script).lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn watch_tells_each_change_of_what_is_listed() {
    let sandbox = pinned();
    watching(&sandbox, "-o target,type,options");
    sandbox.ok("kubensenter -q mount -t tmpfs own /run/m");
    assert_eq!(said(&sandbox, "mount.*/run/m"), ["mount /run/m tmpfs rw,relatime"]);
    sandbox.ok("kubensenter -q mount -o remount,ro,bind /run/m");
    assert_eq!(said(&sandbox, "remount.*/run/m")[1..], ["remount /run/m tmpfs ro,relatime"]);
    sandbox
        .ok("mkdir -p /run/n; kubensenter -q sh -c 'mount --make-private /run; mount --move /run/m /run/n'");
    assert_eq!(said(&sandbox, "move.*/run/n")[2..], ["move /run/n tmpfs ro,relatime"]);
    sandbox.ok("kubensenter -q umount /run/n");
    assert_eq!(said(&sandbox, "umount.*/run/n")[3..], ["umount /run/n tmpfs ro,relatime"]);
}

#[test]
fn watch_tells_no_change_of_what_is_not_listed() {
    let sandbox = pinned();
    watching(&sandbox, "--type ramfs --json");
    // The host's, another type's, and then one that is listed.
    sandbox.ok("mkdir -p /run/h; mount -t ramfs theirs /run/h; kubensenter -q mount -t tmpfs own /run/m
                kubensenter -q mount -t ramfs own /run/m");
    let said = said(&sandbox, "/run/m");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("{\"action\":\"mount\",\"target\":\"/run/m\""), "{said:?}");
}

#[test]
fn watch_ends_with_the_pin_or_its_reader() {
    let sandbox = pinned();
    watching(&sandbox, "");
    sandbox.ok("kubensctl unpin");
    assert_eq!(
        said(&sandbox, "is pinned at"),
        ["kubensctl: no mount namespace is pinned at /run/kubens/mnt (kubensctl pin creates one)"]
    );
    let sandbox = pinned();
    watching(&sandbox, "");
    sandbox.ok("unshare --mount=/run/kubens/mnt --propagation slave mount --make-rshared /");
    assert_eq!(
        said(&sandbox, "another"),
        ["kubensctl: another mount namespace is pinned at /run/kubens/mnt now (start again to watch that)"]
    );
    // Nobody reads it any more: it ends, even where SIGPIPE does not end it.
    let sandbox = pinned();
    let run = sandbox.run(
        "mkdir /run/m; { env --ignore-signal=PIPE kubensctl mounts --watch -o target; echo $? >/run/end; } | head -n 1 &
         for i in $(seq 400); do
             kubensenter -q mount -t tmpfs a /run/m; kubensenter -q umount /run/m; sleep 0.05
             [ -e /run/end ] && break
         done; cat /run/end",
    );
    assert_eq!((run.status, run.stderr.as_str(), run.stdout.lines().count()), (0, "", 2), "{}", run.stdout);
    assert_eq!(run.stdout.lines().last(), Some("0"));
}
