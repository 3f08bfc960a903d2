//! The command starts with exactly what kubensenter was started with. The dumper is run directly and through
//! kubensenter, from the same shell line; all that differs is the mount namespace.
#![allow(clippy::unwrap_used)]
#![allow(unsafe_code, clippy::multiple_unsafe_ops_per_block)] // one test builds an environment that std would not

mod harness;

use harness::Sandbox;
use std::ffi::CString;
use std::os::unix::process::CommandExt;

/// Runs `before`, then becomes the dumper by way of `wrapper`; gives the dump, in which `PID` stands for its own
/// and `PTS` for its terminal, without the namespace, and the namespace.
fn dump(sandbox: &Sandbox, before: &str, wrapper: &str, after: &str) -> (Vec<String>, String) {
    sandbox.ok("rm -f /run/dump");
    let line = format!("exec >/run/out 2>/run/err; export DUMP=/run/dump; {before} {wrapper} dumper {after}");
    let run = sandbox.run(&line);
    assert_eq!(run.status, 0, "{run:?} {}", sandbox.ok("cat /run/err"));
    read(sandbox)
}

fn read(sandbox: &Sandbox) -> (Vec<String>, String) {
    let dump = sandbox.ok("cat /run/dump");
    let own = |name: &str| dump.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
    let (pid, namespace) = (own("pid: "), own("ns/mnt: "));
    let line = |line: &str| match line.split_once(": ") {
        Some((name @ ("pid" | "group, session" | "terminal"), value)) => {
            let words = value.split(' ').map(|word| if word == pid { "PID" } else { word });
            format!("{name}: {}", words.collect::<Vec<_>>().join(" "))
        }
        Some(("descriptor", value)) if value.contains("/dev/pts/") => "descriptor: PTS".to_owned(),
        _ => line.to_owned(),
    };
    (dump.lines().filter(|line| !line.starts_with("ns/mnt: ")).map(line).collect(), namespace)
}

/// The lines in which two dumps differ.
fn differences<'a>(one: &'a [String], other: &'a [String]) -> Vec<(&'a str, &'a str)> {
    assert_eq!(one.len(), other.len());
    let pairs = one.iter().zip(other).filter(|(one, other)| one != other);
    pairs.map(|(one, other)| (one.as_str(), other.as_str())).collect()
}

/// The plain call, which enters before libc, and one that is not plain, which the full program takes.
const BOTH: [&str; 2] = ["kubensenter -q", "kubensenter -qq"];

/// Compares a direct start with one through kubensenter, with a pin and without. Gives the dump.
fn same(before: &str, after: &str) -> Vec<String> {
    let (pinned, bare) = (Sandbox::pinned(), Sandbox::new());
    let (direct, outside) = dump(&pinned, before, "", after);
    for wrapper in BOTH {
        let (wrapped, inside) = dump(&pinned, before, wrapper, after);
        assert_eq!(differences(&direct, &wrapped), [], "{wrapper}");
        assert_ne!(outside, inside, "{wrapper}");
    }
    let (direct, outside) = dump(&bare, before, "", after);
    for wrapper in BOTH {
        let (wrapped, inside) = dump(&bare, before, wrapper, after);
        assert_eq!(differences(&direct, &wrapped), [], "{wrapper}");
        assert_eq!(outside, inside, "{wrapper}");
    }
    direct
}

fn has(dump: &[String], line: &str) {
    assert!(dump.iter().any(|found| found == line), "{line}: not in the dump");
}

#[test]
fn changes_nothing_but_the_namespace() {
    has(&same("exec", ""), "argc: 1");
}

#[test]
fn keeps_the_arguments() {
    let dump = same("exec", "'' -q -- --mount ' a  b ' \"$(printf '\\377\\n\\033x')\" '*' -");
    has(&dump, "argc: 9");
    has(&dump, "argv: ");
    has(&dump, "argv: \\xff\\n\\x1bx");
}

#[test]
fn keeps_many_arguments() {
    has(&same("exec", "$(seq 20000)"), "argv: 20000");
}

#[test]
fn keeps_the_environment() {
    let dump =
        same("exec env -i Z=1 A=2 EMPTY= \"$(printf 'BYTES=\\377\\nx')\" \"PATH=$PATH\" DUMP=/run/dump", "");
    let environ: Vec<_> = dump.iter().filter_map(|line| line.strip_prefix("environ: ")).collect();
    assert_eq!(environ[..4], ["Z=1", "A=2", "EMPTY=", "BYTES=\\xff\\nx"]);
}

#[test]
fn keeps_an_environment_with_duplicates_and_without_names() {
    let sandbox = Sandbox::pinned();
    let environment =
        ["A=1", "A=2", "no equals sign", "", "=x", "DUMP=/run/dump", "PATH=/run/bin:/usr/bin:/bin"];
    let entries = environment.map(|entry| CString::new(entry).unwrap());
    let shell = sandbox.command("");
    let arguments = shell.get_args().map(|word| word.to_str().unwrap());
    let until_env: Vec<_> = arguments.take_while(|word| !word.ends_with("/env")).collect();
    let words = ["taskset"].into_iter().chain(until_env).chain(["/run/bin/kubensenter", "-q", "dumper"]);
    let words: Vec<_> = words.map(|word| CString::new(word).unwrap()).collect();
    let mut command = std::process::Command::new("true");
    // SAFETY: the closure, in the forked child, only makes calls that are safe there, on memory made before.
    unsafe {
        command.pre_exec(move || {
            let pointers = |strings: &[CString]| -> Vec<_> {
                strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect()
            };
            libc::execve(
                c"/usr/bin/taskset".as_ptr(),
                pointers(&words).as_ptr(),
                pointers(&entries).as_ptr(),
            );
            Err(std::io::Error::last_os_error())
        });
    }
    assert!(command.status().unwrap().success());
    let dump = sandbox.ok("cat /run/dump");
    let found: Vec<_> = dump.lines().filter_map(|line| line.strip_prefix("environ: ")).collect();
    assert_eq!(found, environment);
}

#[test]
fn is_the_same_process() {
    let sandbox = Sandbox::pinned();
    let pid = sandbox.ok("export DUMP=/run/dump; echo $$; exec kubensenter -q dumper");
    let dump = sandbox.ok("cat /run/dump");
    assert!(dump.lines().any(|line| line == format!("pid: {}", pid.trim())), "{pid} {dump}");
    assert!(dump.lines().any(|line| line == "threads: 1"));
}

#[test]
fn keeps_signals_as_they_are() {
    has(&same("exec env --default-signal=PIPE", ""), "signal: 13 0");
    has(&same("exec env --ignore-signal=PIPE,HUP,USR2", ""), "signal: 13 1");
    has(&same("exec env --block-signal=USR1,TERM,PIPE", ""), "status: SigBlk:\t0000000000005200");
}

#[test]
fn closed_descriptors_stay_closed() {
    for closed in ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", "<&- >&- 2>&-"] {
        let dump = same(&format!("exec {closed}; exec"), "");
        for (fd, name) in ["<&-", ">&-", "2>&-"].into_iter().enumerate() {
            let open = dump.iter().any(|line| line.starts_with(&format!("descriptor: {fd} ")));
            assert_eq!(open, !closed.split(' ').any(|word| word == name), "{closed}: {fd}");
        }
    }
}

#[test]
fn keeps_open_descriptors_and_adds_none() {
    let dump = same("exec 3</etc/passwd 4>/run/written 9<>/run/io; head -c 7 <&3 >&4; exec", "");
    has(&dump, "descriptor: 3 0x0 0x8000 7 Ok(\"/etc/passwd\")");
    has(&dump, "descriptor: 4 0x0 0x8001 7 Ok(\"/run/written\")");
    has(&dump, "descriptor: 9 0x0 0x8002 0 Ok(\"/run/io\")");
}

#[test]
fn keeps_limits_umask_and_priorities() {
    let dump = same(
        "umask 027; ulimit -n 100; ulimit -c 0; ulimit -S -s 1024; echo 500 >/proc/self/oom_score_adj;
         exec nice -n 5 ionice -c 2 -n 6 setarch -R",
        "",
    );
    has(&dump, "status: Umask:\t0027");
    has(&dump, "oom_score_adj: 500");
}

#[test]
fn keeps_credentials_and_capabilities() {
    let ambient = "--inh-caps=+sys_admin,+sys_chroot,+sys_ptrace --ambient-caps=+sys_admin,+sys_chroot";
    has(&same(&format!("exec setpriv {ambient}"), ""), "status: CapAmb:\t0000000000240000");
    let no_new = same("exec setpriv --no-new-privs --pdeathsig TERM --bounding-set=-net_raw", "");
    has(&no_new, "status: NoNewPrivs:\t1");
    has(&no_new, &format!("prctl: {} 15", libc::PR_GET_PDEATHSIG));
}

#[test]
fn keeps_session_group_and_terminal() {
    has(&same("exec setsid", ""), "group, session: PID PID");
    let sandbox = Sandbox::pinned();
    let on_terminal = |wrapper: &str| {
        let line = format!("DUMP=/run/dump exec {wrapper} dumper");
        sandbox.ok(&format!("SHELL=/bin/sh script --quiet --return --command '{line}' /dev/null >/dev/null"));
        let mut dump = read(&sandbox).0;
        // script(1) is the parent, and a new one each time.
        dump.retain(|line| !line.starts_with("parent: ") && !line.starts_with("status: PPid:"));
        dump
    };
    for wrapper in BOTH {
        let dump = on_terminal(wrapper);
        has(&dump, "terminal: PID 1");
        assert_eq!(differences(&on_terminal(""), &dump), [], "{wrapper}");
    }
}
