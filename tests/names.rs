//! A name is its maker's: whatever bytes it holds, nothing that is printed steers a terminal, or has a line more.
#![allow(clippy::unwrap_used)]

mod harness;

use harness::{Run, Sandbox};

/// Escape sequences, line ends with a line of ours behind them, C1 as UTF-8 and as a byte, marks that turn the direction
/// of what follows; for printf(1). What a name of 255 bytes has room for.
const NAME: &str = r"a\033[2J\033]0;t\007\r\nkubensctl: forged\nkubensenter: forged\tb\b\177\302\2331m\302\205\342\200\256\342\201\246\330\234\342\200\217\342\200\250\342\200\251\233\377";

/// What is on screen is text, a line at a time.
fn tame(what: &str, run: &Run) {
    for text in [&run.stdout, &run.stderr] {
        let steers = |c: char| {
            let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            (c.is_control() && c != '\n') || turns
        };
        assert!(!text.contains(steers), "{what}: {text:?}");
        let forged = |line: &&str| {
            let line = line.trim_start_matches(['+', '-', ' ']);
            line.starts_with("kubensctl: forged") || line.starts_with("kubensenter: forged")
        };
        assert_eq!(text.lines().find(forged), None, "{what}: {text:?}");
    }
}

/// A host with a namespace in which everything that has a name has this one.
fn named() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok(&format!(
        r#"n=$(printf '{NAME}'); pod=6f1c3a2e-0a4e-4a3b-9d51-1f6e1f0f2a11
        mount -t tmpfs log /var/log; mount -t tmpfs lib /var/lib; kubensctl pin
        mkdir -p "/run/$n" "/var/log/pods/shop_${{n}}_$pod" /var/log/containers
        : >"/var/log/containers/${{n}}_shop_$n-abc.log"
        v=/var/lib/kubelet/pods/$pod/volumes/kubernetes.io~projected
        c=/run/containerd/io.containerd.runtime.v2.task/k8s.io
        mkdir -p "$v/$n" $c/abc/rootfs $c/def/rootfs
        printf '{{"annotations":{{"io.kubernetes.cri.sandbox-name":"%s","io.kubernetes.cri.sandbox-namespace":"s"}}}}' \
            'x\u001b[2J\nkubensctl: forged\u202e' >$c/def/config.json
        for m in "/run/$n" "$v/$n" $c/abc/rootfs $c/def/rootfs; do kubensenter -q mount -t tmpfs "$n" "$m"; done
        mkdir "/run/$n-host"; mount -t tmpfs "$n" "/run/$n-host"; kubensenter -q umount "/run/$n-host"
        cp /bin/sleep "/run/bin/$n"
        kubensenter -q "/run/bin/$n" 1000 </dev/null >/dev/null 2>&1 &
        printf '1:name=systemd:/system.slice/%s.service\n0::/%s.scope\n' "$n" "$n" >/run/cgroup
        sleep 0.3; mount --bind /run/cgroup /proc/$!/cgroup
        mkdir -p "/run/dir$n" && kubensctl --dir "/run/dir$n" pin >/dev/null"#
    ));
    sandbox
}

#[test]
fn no_verb_passes_on_what_a_name_holds() {
    let sandbox = named();
    for verb in [
        "status",
        "status --json",
        "check",
        "check --json",
        "metrics",
        "mounts --all",
        "mounts --all --tree",
        "mounts --all --json=pretty",
        "mounts --host",
        "-v unpin",
        "unpin --json",
        "pin --json",
    ] {
        for dir in ["", r#"--dir "/run/dir$n""#, r#"--dir "/run/none$n""#] {
            let run = sandbox.run(&format!("n=$(printf '{NAME}'); kubensctl -v {dir} {verb}"));
            tame(&format!("{dir} {verb}"), &run);
        }
    }
}

#[test]
fn no_word_of_a_command_line_or_variable_is_passed_on() {
    let sandbox = Sandbox::pinned();
    for line in [
        r#"kubensctl "$n""#,
        r#"kubensctl "--$n""#,
        r#"kubensctl status "$n""#,
        r#"kubensctl status "--json=$n""#,
        r#"kubensctl --dir "/run/$n" pin; kubensctl --dir "$n" status; kubensctl --dir "/$n/x" pin"#,
        r#"kubensctl metrics --output "/run/none/$n""#,
        r#"kubensctl wrap "$n""#,
        r#"kubensctl wrap --root "/run/$n" "$n.service""#,
        r#"kubensctl wrap --also "$n" x"#,
        r#"kubensctl unwrap --root "/run/$n" "$n.service""#,
        r#"kubensctl enable --root "/run/$n""#,
        r#"kubensctl completion "$n""#,
        r#"kubensenter -v "--$n""#,
        r#"kubensenter -v "$n""#,
        r#"kubensenter -v "/run/$n""#,
        r#"kubensenter -v -m "/run/$n" id"#,
        r#"kubensenter -v -t "$n" id"#,
        r#"kubensenter -v --wd "/run/$n" id"#,
        r#"KUBENSMNT="/run/$n" kubensenter -v id"#,
        r#"DEFAULT_KUBENSMNT="/run/$n" kubensenter -v true"#,
        r#"KUBENSENTER_LOG="$n" kubensenter true"#,
        r#"SHELL="/run/$n" kubensenter -v"#,
        r#"mkdir "/run/$n"; cd "/run/$n"; kubensenter -v true; rmdir "/run/$n"; kubensenter -v true"#,
        r#"mkdir "/run/x$n"; : >"/run/x$n/mnt"; DEFAULT_KUBENSMNT="/run/x$n/mnt" kubensenter -v true"#,
    ] {
        let run = sandbox.run(&format!("n=$(printf '{NAME}'); {line}"));
        assert!(!run.stderr.is_empty(), "{line}");
        tame(line, &run);
    }
}

#[test]
fn no_file_of_an_image_is_passed_on() {
    let sandbox = Sandbox::new();
    sandbox.ok(&format!(
        r#"n=$(printf '{NAME}'); i=/run/image; u=$i/usr/lib/systemd/system; e=$i/etc/systemd/system
        mkdir -p $u $e/containerd.service.d $i/usr/bin "/run/image$n" && : >$i/usr/bin/kubensenter && chmod 755 $i/usr/bin/kubensenter
        printf '[Service]\nExecStart=/usr/bin/x%s\n' "$(printf '{NAME}' | tr -d '\n\r')" >$u/x.service
        printf '[Service]\nExecStart=/usr/bin/containerd\n' >$u/containerd.service
        printf '[Unit]\nDescription=%s\n[Service]\nExecStart=/usr/bin/kubelet $ARGS\n' "$n" >$u/kubelet.service
        for f in "50-$n" "$n" "99-$n"; do printf '[Service]\n%s\nExecStart=\nPrivateMounts=yes\nExecStart=!!!' "$n" >"$e/containerd.service.d/$f.conf"; done
        ln -s "/dev/null" $e/y.service; : >"$u/$n.service"
        cp -r $i/. "/run/image$n""#
    ));
    for root in ["/run/image", r#""/run/image$n""#] {
        for verb in [
            "wrap --dry-run x containerd kubelet",
            "wrap --dry-run x",
            "wrap --dry-run containerd",
            "wrap --dry-run kubelet",
            "wrap --json kubelet",
            "wrap y",
            "enable --dry-run",
            "enable --json",
            "enable",
            "disable --json",
            "disable",
        ] {
            let run = sandbox.run(&format!("n=$(printf '{NAME}'); kubensctl -v {verb} --root {root}"));
            assert!(!(run.stderr.is_empty() && run.stdout.is_empty()), "{verb}");
            tame(verb, &run);
        }
    }
}

#[test]
fn no_value_that_completion_offers_is_passed_on() {
    let sandbox = named();
    for line in [
        "kubensenter -t ''",
        "kubensenter -m ''",
        "kubensctl wrap ''",
        "kubensctl unwrap ''",
        r#"kubensctl "$n""#,
        r#"kubensenter "--$n""#,
        r#"kubensctl wrap "$n""#,
    ] {
        let command = line.split(' ').next().unwrap();
        let mut run = sandbox.run(&format!("n=$(printf '{NAME}'); kubensctl offer {command} -- {line}"));
        // Between a value and what is said of it.
        assert!(run.stdout.lines().all(|line| line.matches('\t').count() <= 1), "{line}: {run:?}");
        run.stdout = run.stdout.replace('\t', " ");
        tame(line, &run);
    }
    assert!(sandbox.ok("kubensctl offer kubensenter -- kubensenter -t ''").contains("\\x1b[2J"));
}
