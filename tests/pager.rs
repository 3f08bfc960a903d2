//! The pager, and what somebody who has root by sudo can make of it.
#![allow(clippy::unwrap_used)]

mod harness;

use harness::Sandbox;

/// A pinned host on which less, wherever it is searched, prints how it was called and then the text; and a directory
/// of somebody's own with a pager, a less and a more in it.
fn with_pagers() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok(r#"kubensctl pin && mkdir /run/own && cat >/run/less <<'EOF'
#!/bin/sh
echo "called $0 $*"
/usr/bin/env | /usr/bin/sed 's/^/has /'
exec /usr/bin/cat
EOF
        chmod 755 /run/less && mount --bind /run/less /usr/bin/less
        for name in less more pager odd; do cp /run/less /run/own/$name; done"#);
    sandbox
}

/// What `kubensctl mounts --all` puts on a terminal, in this environment; its lines end as a terminal's do.
fn screen(sandbox: &Sandbox, environment: &str) -> String {
    let call = format!("{environment} kubensctl mounts --all");
    let out = sandbox.ok(&format!("script -qec '{call}' /dev/null"));
    assert!(out.contains("/run/kubens"), "{out}");
    out.replace("\r\n", "\n")
}

#[test]
fn on_a_terminal_it_is_the_one_that_systemctl_takes() {
    let sandbox = with_pagers();
    let own = "PATH=/run/own:$PATH";
    for (environment, called) in [
        (own.to_owned(), "called /run/own/pager \n"),
        ("PATH=/run/bin".to_owned(), ""),
        // Nobody said that these are the caller's own.
        (format!("{own} PAGER=odd SYSTEMD_PAGER=odd"), "called /run/own/pager \n"),
        (format!("{own} SYSTEMD_PAGERSECURE=0 PAGER=\"odd  -x y\" A=b"), "called /run/own/odd -x y\n"),
        (format!("{own} SYSTEMD_PAGERSECURE=1 PAGER=more SYSTEMD_PAGER=odd"), "called /run/own/odd \n"),
        (format!("{own} SYSTEMD_PAGERSECURE=1 PAGER=nowhere"), "called /run/own/less \n"),
    ] {
        let out = screen(&sandbox, &environment);
        assert!(
            out.starts_with(if called.is_empty() { "NAMESPACE" } else { called }),
            "{environment}: {out}"
        );
        let secure = environment.contains("PAGERSECURE=1");
        assert_eq!(out.contains("has LESSSECURE=1\n"), secure, "{environment}: {out}");
        assert_eq!(out.contains("has A=b\n"), environment.contains("A=b"), "{environment}: {out}");
    }
    let options = screen(&sandbox, &format!("{own} LESS=x SYSTEMD_LESS=-F SYSTEMD_LESSCHARSET=dos"));
    assert!(options.contains("has LESS=-F\n") && options.contains("has LESSCHARSET=dos\n"), "{options}");
    assert!(!options.contains("has LESS=x"), "{options}");
}

#[test]
fn empty_or_cat_means_none_and_so_do_a_pipe_json_and_the_option() {
    let sandbox = with_pagers();
    for environment in
        ["PAGER=", "SYSTEMD_PAGER=", "PAGER=cat", "SYSTEMD_PAGER=cat PAGER=less", "SYSTEMD_PAGER= PAGER=less"]
    {
        assert!(screen(&sandbox, environment).starts_with("NAMESPACE"), "{environment}");
    }
    let on_terminal = |call: &str| sandbox.ok(&format!("script -qec '{call}' /dev/null"));
    for plain in ["mounts --no-pager", "--no-pager mounts", "mounts --json", "mounts | cat"] {
        assert!(!on_terminal(&format!("kubensctl {plain}")).contains("called"), "{plain}");
    }
}

/// All that makes a pager or less run something else.
const TRAPS: &str = "PATH=/run/own PAGER=odd SYSTEMD_PAGER=odd SYSTEMD_PAGERSECURE=0 SYSTEMD_LESS=-x LESS=-x \
     LESSOPEN=x LESSCLOSE=x LESSKEYIN=x LESSSECURE_ALLOW=shell EDITOR=x VISUAL=x SHELL=x HOME=/run/own TERMINFO=/run/own";

#[test]
fn with_anothers_rights_it_is_the_systems_less_in_secure_mode_or_none() {
    let sandbox = with_pagers();
    let kubensctl = "/run/bin/kubensctl mounts --all";
    // What su and the like leave no variable of, systemd and the kernel know.
    let slice = "mkdir -p /run/g && echo 0::/user.slice/user-1000.slice/session-1.scope >/run/g/cgroup";
    let logged_in =
        format!("{slice}; mount --bind /run/g/cgroup /proc/$$/cgroup; exec env {TRAPS} {kubensctl}");
    sandbox.ok(&format!("cat >/run/logged-in <<'EOF'\n{logged_in}\nEOF"));
    for call in [
        format!("env {TRAPS} SUDO_UID=1000 {kubensctl}"),
        format!("env {TRAPS} SUDO_UID= {kubensctl}"),
        format!("env {TRAPS} PKEXEC_UID=1000 {kubensctl}"),
        format!("env {TRAPS} DOAS_USER=x {kubensctl}"),
        "sh /run/logged-in".to_owned(),
    ] {
        let out = sandbox.ok(&format!("TERM=vt100 script -qec '{call}' /dev/null")).replace("\r\n", "\n");
        let (called, rest) = out.split_once('\n').unwrap();
        assert_eq!(called, "called /usr/bin/less ", "{call}");
        let mut has: Vec<_> = rest.lines().filter_map(|line| line.strip_prefix("has ")).collect();
        // The fake one's shell sets this.
        has.retain(|entry| !entry.starts_with("PWD=") && !entry.starts_with("_="));
        has.sort_unstable();
        assert_eq!(has, ["LESS=FRSXMK", "LESSSECURE=1", "TERM=vt100"], "{call}");
        let off = sandbox.ok(&format!("script -qec 'SYSTEMD_PAGER= SUDO_UID=1 {kubensctl}' /dev/null"));
        assert!(off.starts_with("NAMESPACE"), "{off}");
    }
    // more(1) has a shell, too.
    sandbox.ok("umount /usr/bin/less && mount --bind /dev/null /usr/bin/less");
    let none = sandbox.ok(&format!("script -qec 'env {TRAPS} SUDO_UID=1000 {kubensctl}' /dev/null"));
    assert!(none.starts_with("NAMESPACE"), "{none}");
}

#[test]
fn colour_is_as_the_environment_says() {
    let sandbox = Sandbox::pinned();
    let coloured = |before: &str, after: &str| {
        let call = format!("script -qec '{before} kubensctl status {after}; :' /dev/null");
        sandbox.ok(&call).contains("\x1b[")
    };
    for (environment, on_terminal, in_pipe) in [
        ("TERM=vt100", true, false),
        ("TERM=dumb", false, false),
        ("TERM=vt100 NO_COLOR=1", false, false),
        ("TERM=vt100 NO_COLOR=", true, false),
        ("TERM=vt100 CLICOLOR=0", false, false),
        ("TERM=dumb CLICOLOR_FORCE=1", true, true),
        ("TERM=vt100 SYSTEMD_COLORS=0", false, false),
        ("TERM=dumb SYSTEMD_COLORS=256 NO_COLOR=1", true, true),
    ] {
        assert_eq!(
            (coloured(environment, ""), coloured(environment, "| cat")),
            (on_terminal, in_pipe),
            "{environment}"
        );
    }
}
