//! What is run, and the exit status that comes of it.

mod harness;

use harness::{Run, Sandbox};

fn failed(status: i32, message: &str) -> Run {
    Run::new(status, "", &format!("kubensenter: {message}\n"))
}

#[test]
fn the_status_is_the_command_s() {
    let sandbox = Sandbox::pinned();
    for status in [0, 1, 2, 125, 255] {
        assert_eq!(sandbox.run(&format!("kubensenter -q sh -c 'exit {status}'")), Run::new(status, "", ""));
    }
    let killed = sandbox.run("kubensenter -q sh -c 'kill -TERM $$'; echo $?");
    assert_eq!(killed.stdout, "143\n");
}

#[test]
fn everything_after_the_first_word_is_the_command_s() {
    let sandbox = Sandbox::pinned();
    let run = sandbox.run("kubensenter -q echo -q --mount x --help -- -");
    assert_eq!(run, Run::new(0, "-q --mount x --help -- -\n", ""));
    assert_eq!(sandbox.run("kubensenter -q -- echo -- x").stdout, "-- x\n");
    let odd = "printf '%s\\n' '#!/bin/sh' 'echo odd' >/run/bin/-odd; chmod +x /run/bin/-odd; kubensenter -q -- -odd";
    assert_eq!(sandbox.run(odd).stdout, "odd\n");
}

#[test]
fn a_verb_of_kubensctl_is_a_command_like_any_other() {
    let sandbox = Sandbox::pinned();
    sandbox.ok("printf '%s\\n' '#!/bin/sh' 'echo a program called status' >/run/bin/status; chmod +x /run/bin/status");
    assert_eq!(sandbox.run("kubensenter -q status"), Run::new(0, "a program called status\n", ""));
}

#[test]
fn whatever_is_not_exactly_kubensctl_enters() {
    let sandbox = Sandbox::pinned();
    for name in ["kubensctl2", "-kubensctl", "KUBENSCTL", "kubensctl.sh", "kubens", ""] {
        let run = sandbox.run(&format!("exec bash -c 'exec -a \"{name}\" kubensenter -q echo entered'"));
        assert_eq!(run, Run::new(0, "entered\n", ""), "{name}");
    }
    for name in ["kubensctl", "./kubensctl", "/usr/bin/kubensctl"] {
        let run = sandbox.run(&format!("exec bash -c 'exec -a {name} kubensenter --version'"));
        assert_eq!(run, Run::new(0, concat!("kubensctl ", env!("CARGO_PKG_VERSION"), "\n"), ""));
    }
}

#[test]
fn the_path_is_searched_inside() {
    let sandbox = Sandbox::pinned();
    let tool = |side: &str| {
        format!("printf '%s\\n' '#!/bin/sh' 'echo {side}' >/run/volumes/tool; chmod +x /run/volumes/tool")
    };
    sandbox.ok(&format!("kubensenter -q sh -c \"$(cat <<'END'\n{}\nEND\n)\"", tool("inside")));
    assert_eq!(sandbox.run("PATH=$PATH:/run/volumes kubensenter -q tool"), Run::new(0, "inside\n", ""));

    let other = Sandbox::pinned();
    other.ok(&tool("outside"));
    let run = other.run("PATH=/run/bin:/run/volumes kubensenter -q tool");
    let why =
        "cannot run tool: not found (PATH is searched inside the namespace; it is /run/bin:/run/volumes)";
    assert_eq!(run, failed(127, why));
    let run = other.run("kubensenter -q /run/volumes/tool");
    let why = "cannot run /run/volumes/tool: No such file or directory (the path is looked up inside the namespace)";
    assert_eq!(run, failed(127, why));
}

#[test]
fn an_unset_path_is_the_system_s_and_an_empty_one_the_working_directory() {
    let sandbox = Sandbox::pinned();
    assert_eq!(
        sandbox.run("k=/run/bin/kubensenter; unset PATH; $k -q echo found"),
        Run::new(0, "found\n", "")
    );
    assert_eq!(
        sandbox.run("cd /bin; k=/run/bin/kubensenter; PATH= exec $k -q ./echo found").stdout,
        "found\n"
    );
    assert_eq!(sandbox.run("cd /bin; PATH= exec /run/bin/kubensenter -q echo found").stdout, "found\n");
    assert_eq!(sandbox.run("cd /; PATH= exec /run/bin/kubensenter -q echo found").status, 127);
}

#[test]
fn what_cannot_be_found_is_127() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("PATH=/bin:/run/bin kubensenter no-such-command");
    let why =
        "cannot run no-such-command: not found (PATH is searched inside the namespace; it is /bin:/run/bin)";
    assert_eq!(run, failed(127, why));
    assert_eq!(sandbox.run("kubensenter ''").status, 127);
    assert_eq!(sandbox.run("kubensenter /none").status, 127);
    assert_eq!(sandbox.run("PATH=/etc/passwd:$PATH kubensenter none").status, 127);
}

#[test]
fn what_cannot_be_executed_is_126() {
    let sandbox = Sandbox::new();
    sandbox.ok(
        "touch /run/plain /run/bin/denied; printf '#!/none\\n' >/run/bin/orphan; chmod +x /run/bin/orphan",
    );
    let run = sandbox.run("kubensenter /run/plain");
    assert_eq!(run, failed(126, "cannot run /run/plain: Permission denied"));
    assert_eq!(sandbox.run("kubensenter denied"), failed(126, "cannot run denied: Permission denied"));
    assert_eq!(sandbox.run("kubensenter /run"), failed(126, "cannot run /run: Permission denied"));
    assert_eq!(
        sandbox.run("kubensenter /run/plain/x"),
        failed(126, "cannot run /run/plain/x: Not a directory")
    );
    for orphan in ["orphan", "/run/bin/orphan"] {
        let why = "its interpreter is not there inside the namespace (see its #! line, or ldd)";
        let run = sandbox.run(&format!("kubensenter {orphan}"));
        assert_eq!(run, failed(126, &format!("cannot run {orphan}: {why}")));
    }
    assert_eq!(sandbox.run("kubensenter true $(seq 3000000 | tr '\\n' ' ')").status, 126);
}

#[test]
fn a_denied_file_does_not_hide_a_later_one() {
    let sandbox = Sandbox::new();
    sandbox.ok("mkdir /run/first; touch /run/first/echo");
    assert_eq!(sandbox.run("PATH=/run/first:$PATH kubensenter echo later"), Run::new(0, "later\n", ""));
}

#[test]
fn a_directory_that_is_out_of_order_does_not_hide_a_later_one() {
    if !harness::installed("strace") {
        let name = "a_directory_that_is_out_of_order_does_not_hide_a_later_one";
        return harness::not_run(name, "strace is not installed");
    }
    let sandbox = Sandbox::new();
    // strace's own start of kubensenter is the first execve, the try in /run/first the second.
    let run = |error: &str, call: &str| {
        sandbox.run(&format!(
            "PATH=/run/first:$PATH strace -o /run/trace -e inject=execve:error={error} {call} echo later"
        ))
    };
    // The second is not plain.
    for call in ["kubensenter", "kubensenter -qv"] {
        for gone in ["ENOENT", "ENOTDIR", "ESTALE", "ENODEV", "ETIMEDOUT"] {
            assert_eq!(run(&format!("{gone}:when=2"), call), Run::new(0, "later\n", ""), "{call} {gone}");
        }
        let out_of_order = failed(126, "cannot run echo: Input/output error");
        assert_eq!(run("EIO:when=2+", call), out_of_order, "{call}");
    }
}

#[test]
fn a_script_without_a_first_line_runs_with_sh() {
    let sandbox = Sandbox::pinned();
    sandbox.ok("echo 'echo \"$0\" \"$@\"' >/run/bin/script; chmod +x /run/bin/script");
    let run = sandbox.run("kubensenter -q script '' 'a b'");
    assert_eq!(run, Run::new(0, "/run/bin/script  a b\n", ""));
    assert_eq!(sandbox.run("kubensenter -q --argv0 x /run/bin/script y").stdout, "/run/bin/script y\n");
}

#[test]
fn without_a_command_it_is_a_login_shell() {
    let sandbox = Sandbox::pinned();
    let first = |line: &str| {
        let run = sandbox.run(&format!("export DUMP=/run/dump; {line} kubensenter -q"));
        assert_eq!(run, Run::new(0, "", ""));
        let dump = sandbox.ok("cat /run/dump");
        dump.lines().filter(|line| line.starts_with("argv: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(first("SHELL=/run/bin/dumper"), ["argv: -dumper"]);
    assert_eq!(first("SHELL=dumper"), ["argv: -dumper"]);
    for unset in ["unset SHELL;", "SHELL="] {
        let run = sandbox
            .run(&format!("echo 'echo $0; ls /run/volumes' >/run/in; {unset} kubensenter -q </run/in"));
        assert_eq!(run, Run::new(0, "-sh\ninside\n", ""));
    }
    assert_eq!(sandbox.run("SHELL=/none kubensenter -q").status, 127);
}

#[test]
fn argv0_is_the_command_s_name() {
    let sandbox = Sandbox::pinned();
    assert_eq!(
        sandbox.run("kubensenter -q --argv0 -weird sh -c 'cat /proc/$$/cmdline | tr \"\\0\" ,'").stdout,
        "-weird,-c,cat /proc/$$/cmdline | tr \"\\0\" ,,"
    );
    let run = sandbox
        .run("export DUMP=/run/dump; kubensenter -q --argv0 '' dumper x && head -n 9 /run/dump | grep arg");
    assert_eq!(run.stdout, "argc: 2\nargv: \nargv: x\n");
}

#[test]
fn a_shell_that_leads_back_is_bin_sh() {
    let sandbox = Sandbox::pinned();
    sandbox
        .ok("ln -s /run/bin/kubensctl /run/link; mkdir /run/dir; ln -s /run/bin/kubensenter /run/dir/shell");
    for shell in ["/run/bin/kubensenter", "/run/bin/kubensctl", "/run/link", "kubensenter", "/proc/self/exe"]
    {
        let call =
            format!("export SHELL={shell}; echo 'echo $0; ls /run/volumes' | timeout 10 kubensenter -q");
        assert_eq!(sandbox.run(&call), Run::new(0, "-sh\ninside\n", ""), "{shell}");
    }
    // Nor by the name that PATH leads to.
    let call = "export SHELL=shell PATH=/run/dir:$PATH; echo 'echo $0' | timeout 10 kubensenter -q";
    assert_eq!(sandbox.run(call), Run::new(0, "-sh\n", ""));
}

#[test]
fn it_runs_a_string_as_a_login_shell_does() {
    let sandbox = Sandbox::pinned();
    for (call, out) in [
        ("kubensenter -q -c 'echo $0; ls /run/volumes'", "sh\ninside\n"),
        ("SHELL=/run/bin/kubensenter kubensenter -q -c 'echo $0'", "sh\n"),
        ("SHELL=/bin/bash kubensenter -q --command 'echo $0 ${BASH_VERSION:+is}'", "bash is\n"),
        ("kubensenter -q -c 'echo $0 $1' name 'a b'", "name a b\n"),
        ("kubensenter -q --argv0 other -c 'echo $0'", "other\n"),
        ("kubensenter -q -c ''", ""),
        // sshd and su name a login shell so.
        (
            "bash -c 'SHELL=/run/bin/kubensenter KUBENSENTER_LOG=0 exec -a -kubensenter kubensenter -c \"echo \\$0\"'",
            "-sh\n",
        ),
        (
            "bash -c 'SHELL=/run/bin/kubensenter KUBENSENTER_LOG=0 exec -a -kubensenter kubensenter <<<\"echo \\$0\"'",
            "-sh\n",
        ),
    ] {
        assert_eq!(sandbox.run(call), Run::new(0, out, ""), "{call}");
    }
    assert_eq!(sandbox.run("kubensenter -q -c 'exit 7'").status, 7);
    assert_eq!(sandbox.run("kubensenter -q -c").status, 125);
}
