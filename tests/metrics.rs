//! `kubensctl metrics`, read by Prometheus's own parsers.
#![allow(clippy::unwrap_used)]

mod harness;

use std::io::Write;
use std::process::{Command, Stdio};

use harness::Sandbox;

/// Reads OpenMetrics strictly, then as the text format that a node exporter takes, and prints the samples.
const READER: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as strict
from prometheus_client.parser import text_string_to_metric_families as loose
text = sys.stdin.read()
for families in [strict(text)] if '# EOF' in text else [loose(text)]:
    for family in families:
        for s in family.samples:
            print(s.name, ','.join(f'{k}={v}' for k, v in sorted(s.labels.items())), float(s.value))
";

/// A Python that has the parser: Debian's python3-prometheus-client, or `PROMETHEUS_PYTHON`.
fn python() -> Option<String> {
    let named = std::env::var("PROMETHEUS_PYTHON").ok();
    named.into_iter().chain(["/usr/bin/python3".to_owned(), "python3".to_owned()]).find(|python| {
        let import =
            Command::new(python).args(["-c", "import prometheus_client"]).stderr(Stdio::null()).status();
        import.is_ok_and(|status| status.success())
    })
}

fn samples(python: &str, text: &str) -> Vec<String> {
    let mut reader = Command::new(python)
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    reader.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = reader.wait_with_output().unwrap();
    assert!(output.status.success(), "{text}");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn prometheus_reads_what_metrics_writes() {
    let Some(python) = python() else {
        return harness::not_run(
            "prometheus_reads_what_metrics_writes",
            "python3-prometheus-client is not installed",
        );
    };
    let sandbox = Sandbox::new();
    let both = "kubensctl metrics; kubensctl metrics --format openmetrics";
    let samples = |python: &str, _: &str| -> Vec<String> {
        let formats = both.split("; ").map(|call| samples(python, &sandbox.ok(call)));
        formats.flatten().collect()
    };
    let before = samples(&python, both);
    assert!(before.contains(&"kubens_pinned  0.0".to_owned()), "{before:?}");
    sandbox.ok("kubensctl pin && mkdir /run/v && kubensenter -q mount -t tmpfs v /run/v");
    sandbox.serves();
    let after = samples(&python, both);
    for expected in [
        "kubens_pinned  1.0",
        "kubens_in_effect  1.0",
        "kubens_split_brain  0.0",
        "kubens_verdict verdict=in-effect 1.0",
        "kubens_verdict verdict=unknown 0.0",
        "kubens_mounts_outside  0.0",
        "kubens_unit_processes role=kubelet,side=inside,unit=kubelet 1.0",
        "kubens_mounts side=hidden 1.0",
    ] {
        // Both parsers see it.
        assert_eq!(after.iter().filter(|sample| *sample == expected).count(), 2, "{expected}: {after:?}");
    }
    assert!(after.iter().any(|sample| sample.starts_with("kubens_init_cpu_seconds_total ")), "{after:?}");
}

#[test]
fn what_is_not_known_is_left_out() {
    let sandbox = Sandbox::new();
    sandbox.ok("kubensctl pin");
    sandbox.serves();
    let bare = sandbox.ok("setpriv --bounding-set=-all --inh-caps=-all kubensctl metrics");
    assert!(bare.contains("kubens_verdict{verdict=\"unknown\"} 1\n"), "{bare}");
    for name in ["kubens_in_effect", "kubens_split_brain", "kubens_unit_processes"] {
        assert!(!bare.contains(name), "{bare}");
    }
    assert!(sandbox.ok("kubensctl metrics").contains("\nkubens_in_effect 1\n"));
}

#[test]
fn a_file_is_replaced_in_one_step_and_readable_for_all() {
    let sandbox = Sandbox::new();
    let script = "umask 077; mkdir /run/m; echo old >/run/m/k.prom; ln /run/m/k.prom /run/old
                  kubensctl metrics --format openmetrics --output /run/m/k.prom; ls -A /run/m; stat -c %a /run/m/k.prom; cat /run/old; tail -n 1 /run/m/k.prom";
    assert_eq!(sandbox.ok(script), "k.prom\n644\nold\n# EOF\n");
}

#[test]
fn a_file_that_cannot_be_written_is_left_and_said() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("kubensctl metrics --format openmetrics --output /run/none/k.prom");
    let said =
        "kubensctl: cannot write /run/none/k.prom: No such file or directory (what was there is unchanged)\n";
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (1, "", said));
    let full = sandbox.run(
        "mkdir /run/f && mount -t tmpfs -o size=4k f /run/f && echo old >/run/f/k.prom
         kubensctl metrics --format openmetrics --output /run/f/k.prom; echo $?; cat /run/f/k.prom; ls -A /run/f",
    );
    assert_eq!(full.stdout, "1\nold\nk.prom\n");
}

#[test]
fn the_example_alerts_ask_for_metrics_that_there_are() {
    let rules = include_str!("../packaging/prometheus/kubens.rules.yml");
    let text = Sandbox::new().ok("kubensctl metrics");
    let asked = rules.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
    let words =
        asked.flat_map(|expression| expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    let names: Vec<_> = words.filter(|word| word.starts_with("kubens_")).collect();
    assert!(names.len() >= 5);
    for name in names {
        assert!([" ", "{"].iter().any(|end| text.contains(&format!("\n{name}{end}"))), "{name}");
    }
}

#[test]
fn what_is_no_plain_file_is_written_to_and_stays() {
    let sandbox = Sandbox::new();
    // Devices can't be made in here: the host's, on a tmpfs of the test's own.
    let kinds = "stat -c %F /dev/null /dev/full /run/fifo; kubensctl metrics --format openmetrics --output /dev/null; echo $?
        kubensctl metrics --format openmetrics --output /dev/full; echo $?; kubensctl metrics --format openmetrics --output /run/fifo; echo $?
        timeout 5 cat /run/fifo >/run/read & sleep 0.3; kubensctl metrics --format openmetrics --output /run/fifo; echo $?; wait; tail -n 1 /run/read
        stat -c %F /dev/null /dev/full /run/fifo; ls -A /run | grep new; ls -A /dev | grep '^\\.'";
    let run = sandbox.run(&format!("mkfifo /run/fifo; {kinds}"));
    let files = "character special file\ncharacter special file\nfifo\n";
    assert_eq!(run.stdout, format!("{files}0\n1\n1\n0\n# EOF\n{files}"));
    assert_eq!(
        run.stderr,
        "kubensctl: cannot write /dev/full: No space left on device\n\
         kubensctl: cannot write /run/fifo: No such device or address (what was there is unchanged)\n"
    );
    let full = sandbox.run(
        "mkfifo /run/full; exec 3<>/run/full; head -c 1000000 /dev/zero >/run/zeros
        timeout 1 cat /run/zeros >/run/full; kubensctl metrics --format openmetrics --output /run/full",
    );
    assert_eq!(
        (full.status, full.stderr.as_str()),
        (1, "kubensctl: cannot write /run/full: Resource temporarily unavailable\n")
    );
}

#[test]
fn a_dash_and_dev_stdout_are_standard_output() {
    let sandbox = Sandbox::new();
    // Links that root made, whoever runs this.
    sandbox.ok(
        "mount -t tmpfs dev /dev; rm -rf /run/mount; ln -s /proc/self/fd /dev/fd; ln -s fd/1 /dev/stdout",
    );
    for output in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/run/link"] {
        let script = format!(
            "ln -sf /dev/stdout /run/link; cd /run; kubensctl metrics --format openmetrics --output {output}"
        );
        assert!(sandbox.ok(&format!("{script} | cat")).ends_with("# EOF\n"), "{output}");
        let appended = sandbox.ok(&format!(
            "echo first >/run/log; {{ {script}; }} >>/run/log; head -n 1 log; tail -n 1 log; ls -A /run"
        ));
        assert_eq!(appended, "first\n# EOF\nbin\nlink\nlog\n", "{output}");
    }
}

#[test]
fn of_a_link_the_file_changes_that_it_leads_to() {
    let sandbox = Sandbox::new();
    let script = "mkdir /run/a /run/b; cd /run/a; ln -s ../b/real k.prom; ln -s k.prom again; ln -s loop loop; ln -s /run/b dir
        kubensctl metrics --format openmetrics --output again; kubensctl metrics --format openmetrics --output loop; kubensctl metrics --format openmetrics --output dir; kubensctl metrics --format openmetrics --output dir/
        stat -c %F k.prom again; ls -A . ../b; tail -n 1 ../b/real; echo old >../b/real; kubensctl metrics --format openmetrics --output dir/real; tail -n 1 ../b/real";
    let run = sandbox.run(script);
    assert_eq!(
        run.stdout,
        "symbolic link\nsymbolic link\n.:\nagain\ndir\nk.prom\nloop\n\n../b:\nreal\n# EOF\n# EOF\n"
    );
    let said: Vec<_> = run.stderr.lines().collect();
    assert_eq!(
        said,
        [
            "kubensctl: cannot write loop: Too many levels of symbolic links (what was there is unchanged)",
            "kubensctl: cannot write dir: is a directory (what was there is unchanged)",
            "kubensctl: cannot write dir/: is a directory (what was there is unchanged)",
        ]
    );
}

#[test]
fn a_killed_run_leaves_one_file_at_most_which_the_next_takes() {
    if !harness::installed("strace") {
        return harness::not_run("a_killed_run_leaves_one_file_at_most_which_the_next_takes", "no strace");
    }
    let sandbox = Sandbox::new();
    sandbox.ok("mkdir /run/m && echo old >/run/m/k.prom");
    for call in ["fchmod", "write", "fsync", "linkat", "rename", "unlink", "openat"] {
        for when in 1..8 {
            let run = sandbox.run(&format!(
                "strace -qq -o /dev/null -e trace={call} -e inject={call}:signal=KILL:when={when} kubensctl metrics --format openmetrics --output /run/m/k.prom
                 ls -A /run/m | sort | tr '\\n' ' '; cat /run/m/k.prom | tail -n 1"));
            let out = run.stdout.as_str();
            assert!(
                ["k.prom old\n", "k.prom # EOF\n", ".k.prom.new k.prom old\n", ".k.prom.new k.prom # EOF\n"]
                    .contains(&out),
                "{call}: {out}"
            );
        }
    }
    assert_eq!(
        sandbox.ok("kubensctl metrics --format openmetrics --output /run/m/k.prom; ls -A /run/m; tail -n 1 /run/m/k.prom"),
        "k.prom\n# EOF\n"
    );
    // What lies where the file gets its name is nobody's trap.
    for trap in ["ln -s /run/other", "mkfifo", "ln /run/m/k.prom"] {
        sandbox.ok(&format!(
            "echo x >/run/other; {trap} /run/m/.k.prom.new; kubensctl metrics --format openmetrics --output /run/m/k.prom"
        ));
        assert_eq!(
            sandbox.ok("ls -A /run/m; tail -n 1 /run/m/k.prom; cat /run/other"),
            "k.prom\n# EOF\nx\n",
            "{trap}"
        );
    }
}

#[test]
fn runs_at_the_same_time_leave_one_whole_file() {
    let sandbox = Sandbox::new();
    let script = "mkdir /run/m; for i in $(seq 40); do kubensctl metrics --format openmetrics --output /run/m/k.prom & all=\"$all $!\"; done
        for i in $(seq 100); do [ ! -e /run/m/k.prom ] || [ \"$(tail -n 1 /run/m/k.prom)\" = '# EOF' ] || echo torn; done
        for one in $all; do wait $one || echo failed; done; ls -A /run/m; tail -n 1 /run/m/k.prom";
    assert_eq!(sandbox.ok(script), "k.prom\n# EOF\n");
}

#[test]
fn what_is_done_is_done_where_nobody_can_be_told() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("kubensctl pin >/dev/full && [ -s /run/kubens/env ] && kubensctl unpin >/dev/full");
    let said =
        "kubensctl: cannot write to standard output: No space left on device (what was asked is done)\n";
    assert_eq!((run.status, run.stderr), (0, said.repeat(2)));
    let told = sandbox.run("kubensctl metrics >/dev/full");
    assert_eq!((told.status, told.stderr.contains("done")), (1, false));
}
