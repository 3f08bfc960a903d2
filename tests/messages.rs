//! What is said on standard error, and how loudly.

mod harness;

use harness::{Run, Sandbox};

const FOUND: &str = "kubensenter: Autodetect: kubens.service namespace found at /run/kubens/mnt\n";
const JOINING: &str = "kubensenter: Joining mount namespace in /run/kubens/mnt\n";

#[test]
fn the_level_is_the_variable_s_and_the_flags() {
    let sandbox = Sandbox::pinned();
    let both = format!("{FOUND}{JOINING}");
    for (call, said) in [
        ("kubensenter", FOUND),
        ("kubensenter -q", ""),
        ("kubensenter -v", both.as_str()),
        ("kubensenter -vvv", both.as_str()),
        ("kubensenter -qv", FOUND),
        ("kubensenter --verbose --quiet --quiet", ""),
        ("KUBENSENTER_LOG=0 kubensenter", ""),
        ("KUBENSENTER_LOG=1 kubensenter", FOUND),
        ("KUBENSENTER_LOG=2 kubensenter", both.as_str()),
        ("KUBENSENTER_LOG=9 kubensenter", both.as_str()),
        ("KUBENSENTER_LOG=-4 kubensenter", ""),
        ("KUBENSENTER_LOG=2 kubensenter -q", FOUND),
        ("KUBENSENTER_LOG=0 kubensenter -v", FOUND),
        ("KUBENSENTER_LOG=99999999999999999999 kubensenter", both.as_str()),
        ("KUBENSENTER_LOG=-99999999999999999999 kubensenter -vv", ""),
    ] {
        assert_eq!(sandbox.run(&format!("{call} echo out")), Run::new(0, "out\n", said), "{call}");
    }
}

#[test]
fn a_level_that_is_no_number_is_reported_and_never_evaluated() {
    let sandbox = Sandbox::pinned();
    for value in ["two", "2x", "0x2", "1+1", " 2", "a[$(touch /run/evaluated)]"] {
        let run = sandbox.run(&format!("KUBENSENTER_LOG='{value}' kubensenter true"));
        let report = format!("kubensenter: $KUBENSENTER_LOG is not a number: {value}; using level 1\n");
        assert_eq!(run, Run::new(0, "", &format!("{report}{FOUND}")));
    }
    assert_eq!(sandbox.run("ls /run/evaluated").status, 2);
}

#[test]
fn a_failure_is_said_at_any_level() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("KUBENSENTER_LOG=0 kubensenter -qqq --require true");
    let why = "kubensenter: no mount namespace is pinned at /run/kubens/mnt \
               (start kubens.service, or leave out --require to run without)\n";
    assert_eq!(run, Run::new(125, "", why));
}

#[test]
fn the_journal_gets_priorities() {
    let sandbox = Sandbox::pinned();
    let journal =
        "exec 2>/run/err; export JOURNAL_STREAM=$(stat --dereference --format %d:%i /proc/self/fd/2);";
    sandbox.ok(&format!("{journal} kubensenter -v true; kubensenter /none; :"));
    let none = "<3>kubensenter: cannot run /none: No such file or directory (the path is looked up inside the namespace)\n";
    assert_eq!(sandbox.ok("cat /run/err"), format!("<6>{FOUND}<7>{JOINING}<6>{FOUND}{none}"));
    for other in ["1:2", "1:$(stat --format %i /run/err)", "$(stat --format %d /run/err):2", ""] {
        let run =
            sandbox.run(&format!("exec 2>/run/err; JOURNAL_STREAM={other} kubensenter true; cat /run/err"));
        assert_eq!(run.stdout, FOUND, "a stream that is not this one");
    }
}

#[test]
fn a_line_is_one_write() {
    if !harness::installed("strace") {
        return harness::not_run("a_line_is_one_write", "strace is not installed");
    }
    let sandbox = Sandbox::pinned();
    sandbox.ok("strace -o /run/trace -e trace=write kubensenter -v true");
    let trace = sandbox.ok("grep -c ^write /run/trace");
    assert_eq!(trace, "2\n");
}

#[test]
fn a_stream_that_takes_nothing_does_not_stop_the_command() {
    let sandbox = Sandbox::pinned();
    assert_eq!(sandbox.run("exec 2>&-; kubensenter -v echo ran"), Run::new(0, "ran\n", ""));
    assert_eq!(sandbox.run("exec 2>/dev/full; kubensenter -v echo ran"), Run::new(0, "ran\n", ""));
    // A pipe that nobody reads, with SIGPIPE at its default: a write would kill.
    let run = sandbox
        .run("mkfifo /run/p; exec 3<>/run/p 4>/run/p 3<&-; exec 2>&4; kubensenter -v sh -c 'echo ran; trap'");
    assert_eq!(run, Run::new(0, "ran\n", ""));
}

#[test]
fn standard_output_is_the_command_s() {
    let sandbox = Sandbox::pinned();
    for call in ["-vv true", "--bogus", "/none", "-m /none true", "--require --wd /none true"] {
        assert_eq!(sandbox.run(&format!("kubensenter {call}")).stdout, "", "{call}");
    }
}

#[test]
fn help_and_version_are_on_standard_output() {
    let sandbox = Sandbox::new();
    let version = concat!("kubensenter ", env!("CARGO_PKG_VERSION"), "\n");
    for flag in ["-V", "--version"] {
        assert_eq!(sandbox.run(&format!("kubensenter {flag}")), Run::new(0, version, ""));
    }
    for verbose in ["--version -v", "-vV", "--verbose --version", "-V -v true"] {
        for name in ["kubensenter", "kubensctl"] {
            let run = sandbox.run(&format!("{name} {verbose}"));
            let keys: Vec<_> = run.stdout.lines().map(|line| line.split([' ', ':']).next()).collect();
            let told = [name, "commit", "date", "target", "rustc", "libc"].map(Some);
            assert_eq!(
                (run.status, run.stderr.as_str(), keys.as_slice()),
                (0, "", told.as_slice()),
                "{verbose}"
            );
        }
    }
    for quiet in ["-q --version", "--mount -v --version", "--version -- -v", "--version true -v"] {
        assert_eq!(sandbox.run(&format!("kubensenter {quiet}")), Run::new(0, version, ""), "{quiet}");
    }
    for flag in ["-h", "--help", "-q --help", "--mount x --help true"] {
        let run = sandbox.run(&format!("kubensenter {flag}"));
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{flag}");
        assert!(run.stdout.contains("Usage: kubensenter [OPTION]... [--] [COMMAND [ARG]...]\n"));
    }
    // Nobody reading it is no error, nothing taking it is one.
    assert_eq!(sandbox.run("trap '' PIPE; kubensenter --help | :").stderr, "");
    let full = sandbox.run("kubensenter --help >/dev/full");
    assert_eq!(
        full,
        Run::new(125, "", "kubensenter: cannot write to standard output: No space left on device\n")
    );
    assert_eq!(sandbox.run("kubensctl --help >/dev/full").status, 1);
}

#[test]
fn a_wrong_command_line_is_one_line_that_names_what_is_wrong() {
    let sandbox = Sandbox::new();
    for (call, named) in [
        ("--bogus true", "'--bogus'"),
        ("-z true", "'-z'"),
        ("--moun x true", "'--moun'"),
        ("-1", "'-1'"),
        ("--mount", "'--mount <FILE>'"),
        ("--target", "'--target <PID>'"),
        ("--target 0 true", "'0'"),
        ("--target -5 true", "'-5'"),
        ("--target x true", "'x'"),
        ("-m a -t 1 true", "'--target <PID>'"),
        ("--host -m a true", "'--mount <FILE>'"),
        ("--host --require true", "'--require'"),
        ("-m a -m b true", "'--mount <FILE>'"),
        ("\"$(printf -- '--bo\\ngus')\" true", "gus'"),
    ] {
        let run = sandbox.run(&format!("kubensenter {call}"));
        assert_eq!((run.status, run.stdout.as_str()), (125, ""), "{call}: {run:?}");
        assert!(
            run.stderr.starts_with("kubensenter: ") && run.stderr.contains(named),
            "{call}: {}",
            run.stderr
        );
        assert!(run.stderr.ends_with(" (see kubensenter --help)\n"), "{call}: {}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{call}: {}", run.stderr);
    }
    let run = sandbox.run("kubensctl --bogus");
    assert_eq!((run.status, run.stderr.lines().count()), (2, 1), "{}", run.stderr);
}

#[test]
fn a_shell_at_a_terminal_says_where_it_is_and_how_to_leave() {
    let sandbox = Sandbox::pinned();
    // `script` gives its command a terminal; the shell's own prompt is not wanted.
    let at_terminal = |call: &str| {
        let script = format!("exec script -qec 'export SHELL=/bin/true; {call}' /dev/null </dev/null");
        let mut shell = sandbox.command(&script);
        let output = shell.output().expect("script runs");
        let said = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
        said.lines().filter(|line| line.contains("This shell")).map(str::to_owned).collect::<Vec<_>>()
    };
    let inside = "kubensenter: This shell is inside the mount namespace at /run/kubens/mnt; exit leaves it";
    assert_eq!(at_terminal("kubensenter"), [inside]);
    assert_eq!(at_terminal("kubensenter kubensenter"), [inside]);
    assert_eq!(
        at_terminal("kubensenter --host"),
        ["kubensenter: This shell is inside the mount namespace at /proc/1/ns/mnt; exit leaves it"]
    );
    assert_eq!(
        at_terminal("DEFAULT_KUBENSMNT=/run/none kubensenter"),
        ["kubensenter: This shell is outside: no mount namespace is pinned at /run/none; exit leaves it"]
    );
    for quiet in ["kubensenter -q", "kubensenter true", "kubensenter 2>/run/said", "kubensenter </dev/null"] {
        assert!(at_terminal(quiet).is_empty(), "{quiet}");
    }
    assert!(!sandbox.ok("cat /run/said").contains("This shell"));
}
