//! A node's state in the OpenMetrics text format (OpenMetrics 1.0), which a node exporter reads as well. What is not
//! known is left out.

use std::fmt::Write;

use super::{json, word};
use crate::model::node::facts::View;
use crate::model::node::judgement::{Missing, Verdict};

/// All verdicts: of a state set each state is said.
fn verdicts() -> [Verdict; 7] {
    [
        Verdict::InEffect,
        Verdict::NotEnabled,
        Verdict::Pending,
        Verdict::Starting,
        Verdict::Idle,
        Verdict::Degraded(Vec::new()),
        Verdict::Unknown(vec![Missing::Pin]),
    ]
}

/// The metrics.
pub fn text(view: &View<'_>, verdict: &Verdict) -> String {
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
    let flag = |value: Option<bool>| value.map(|value| one("", usize::from(value)));
    let known = !matches!(verdict, Verdict::Unknown(_));
    let seen = !matches!(verdict, Verdict::Unknown(missing) if missing.contains(&Missing::Pin));
    let pinned = flag(seen.then_some(view.node.pinned().is_some()));
    family("kubens_pinned", "gauge", "Whether a mount namespace is pinned.", pinned.as_slice());
    family(
        "kubens_in_effect",
        "gauge",
        "Whether encapsulation is in effect: pinned, used, and propagating the right way.",
        flag(known.then_some(*verdict == Verdict::InEffect)).as_slice(),
    );
    family(
        "kubens_split_brain",
        "gauge",
        "Whether runtime, kubelet and shims are in more than one mount namespace.",
        flag(verdict.is_split()).as_slice(),
    );
    let states = verdicts().map(|state| {
        let name = word(&state);
        one(&format!("{{verdict=\"{}\"}}", name.replace(' ', "-")), usize::from(name == word(verdict)))
    });
    family("kubens_verdict", "gauge", "The verdict of kubensctl status: one of these is 1.", &states);
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
    let outside = view.evidence.outside.map(|count| one("", count));
    let help = "Mounts of containers and volumes that the host has got since the namespace was pinned.";
    family("kubens_mounts_outside", "gauge", help, outside.as_slice());
    if view.sees_processes() {
        if view.home.is_some() {
            family("kubens_processes", "gauge", "Processes inside.", &[one("", view.members().count())]);
        }
        let running = view.evidence.parts.iter().filter(|part| part.places.all() > 0);
        let samples: Vec<_> = running
            .flat_map(|part| {
                let (unit, role) = (label(&part.name), json::role(part.role));
                let places = &part.places;
                [("inside", places.inside), ("host", places.host), ("elsewhere", places.elsewhere)].map(
                    |(side, count)| {
                        one(&format!("{{unit=\"{unit}\",role=\"{role}\",side=\"{side}\"}}"), count)
                    },
                )
            })
            .collect();
        let help = "Processes of the runtimes, the kubelets and the containers' shims, by side.";
        family("kubens_unit_processes", "gauge", help, &samples);
    }
    if let Some(cpu) = view.node.init_cpu {
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
