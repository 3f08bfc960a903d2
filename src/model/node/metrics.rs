//! A node's state in the OpenMetrics text format (OpenMetrics 1.0), which a node exporter reads as well.

use std::fmt::Write;

use crate::model::node::facts::View;
use crate::model::node::members::role;
use crate::model::node::status::Verdict;

/// The metrics. What could not be seen is left out. `cpu` is what PID 1 has used, in hundredths of a second.
pub fn text(view: &View<'_>, verdict: &Verdict, cpu: Option<u64>) -> String {
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: &[(String, String)]| {
        if samples.is_empty() {
            return;
        }
        // Writing to a String does not fail.
        let _ = writeln!(text, "# TYPE {name} {kind}");
        if name.ends_with("_seconds") {
            let _ = writeln!(text, "# UNIT {name} seconds");
        }
        let _ = writeln!(text, "# HELP {name} {help}");
        let total = if kind == "counter" { "_total" } else { "" };
        for (labels, value) in samples {
            let _ = writeln!(text, "{name}{total}{labels} {value}");
        }
    };
    let one = |labels: &str, value: usize| (labels.to_owned(), value.to_string());
    let flag = |value: bool| [one("", usize::from(value))];
    let split = match verdict {
        Verdict::Degraded(troubles) => troubles.iter().any(|trouble| trouble.name == "split-brain"),
        Verdict::InEffect | Verdict::NotEnabled => false,
    };
    family("kubens_pinned", "gauge", "Whether a mount namespace is pinned.", &flag(view.pinned.is_some()));
    family(
        "kubens_in_effect",
        "gauge",
        "Whether encapsulation is in effect: pinned, used, and propagating the right way.",
        &flag(*verdict == Verdict::InEffect),
    );
    family(
        "kubens_split_brain",
        "gauge",
        "Whether runtime, kubelet and shims are in more than one mount namespace.",
        &flag(split),
    );
    let side =
        |side: &str, count: Option<usize>| count.map(|count| one(&format!("{{side=\"{side}\"}}"), count));
    let host = view.node.outside.as_ref().map(Vec::len);
    let mounts =
        [side("inside", view.node.inside_count()), side("host", host), side("hidden", view.hidden())];
    family(
        "kubens_mounts",
        "gauge",
        "Mounts inside, on the host, and inside only.",
        &mounts.into_iter().flatten().collect::<Vec<_>>(),
    );
    if view.sees_processes() {
        if view.pinned.is_some() {
            family("kubens_processes", "gauge", "Processes inside.", &[one("", view.members())]);
        }
        let known = view.units.iter().filter(|(unit, _)| role(unit).is_some());
        let samples: Vec<_> = known
            .flat_map(|(unit, count)| {
                [("inside", count.inside), ("host", count.host), ("elsewhere", count.elsewhere)]
                    .map(|(side, count)| one(&format!("{{unit=\"{}\",side=\"{side}\"}}", label(unit)), count))
            })
            .collect();
        family("kubens_unit_processes", "gauge", "Processes of the units of Kubernetes, by side.", &samples);
    }
    if let Some(cpu) = cpu {
        let value = format!("{}.{:02}", cpu / 100, cpu % 100);
        let help = "CPU time of PID 1, which pays for every mount that it sees.";
        family("kubens_init_cpu_seconds", "counter", help, &[(String::new(), value)]);
    }
    text.push_str("# EOF\n");
    text
}

fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
