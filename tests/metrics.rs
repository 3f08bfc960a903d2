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
for families in strict(text), loose(text):
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
    let before = samples(&python, &sandbox.ok("kubensctl metrics"));
    assert!(before.contains(&"kubens_pinned  0.0".to_owned()), "{before:?}");
    sandbox.ok("kubensctl pin && mkdir /run/v && kubensenter -q mount -t tmpfs v /run/v");
    sandbox.serves();
    let after = samples(&python, &sandbox.ok("kubensctl metrics"));
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
                  kubensctl metrics --output /run/m/k.prom; ls -A /run/m; stat -c %a /run/m/k.prom; cat /run/old; tail -n 1 /run/m/k.prom";
    assert_eq!(sandbox.ok(script), "k.prom\n644\nold\n# EOF\n");
}

#[test]
fn a_file_that_cannot_be_written_is_left_and_said() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("kubensctl metrics --output /run/none/k.prom");
    let said =
        "kubensctl: cannot write /run/none/k.prom: No such file or directory (what was there is unchanged)\n";
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (1, "", said));
    let full = sandbox.run(
        "mkdir /run/f && mount -t tmpfs -o size=4k f /run/f && echo old >/run/f/k.prom
         kubensctl metrics --output /run/f/k.prom; echo $?; cat /run/f/k.prom; ls -A /run/f",
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
