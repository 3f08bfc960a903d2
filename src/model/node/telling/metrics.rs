//! A node's state as metrics: in the Prometheus text format, which a node exporter's textfile collector reads, or in
//! OpenMetrics 1.0. What is not known is left out.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, prometheus_text, text as openmetrics};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::{Registry, Unit};

use super::{json, word};
use crate::model::node::facts::View;
use crate::model::node::judgement::{Missing, Verdict};

/// The format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The Prometheus text format, 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

type Labels = Vec<(&'static str, String)>;

/// Metrics of one name, in the order in which they are written.
#[derive(Debug)]
struct Family {
    name: &'static str,
    help: &'static str,
    samples: Vec<(Labels, usize)>,
}

/// All of them. A registry's own families have no order.
#[derive(Debug)]
struct Families {
    gauges: Vec<Family>,
    /// What PID 1 has used, in seconds.
    cpu: Option<f64>,
}

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for Family { name, help, samples } in &self.gauges {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (labels, value) in samples {
                metric.encode_family(labels)?.encode_gauge(value)?;
            }
        }
        if let Some(cpu) = &self.cpu {
            let help = "CPU time of PID 1, which pays for every mount that it sees.";
            let unit = Some(&Unit::Seconds);
            let mut metric = encoder.encode_descriptor("kubens_init_cpu", help, unit, MetricType::Counter)?;
            metric.encode_counter(cpu, None::<&Exemplar<Labels, f64>>)?;
        }
        Ok(())
    }
}

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
pub fn text(view: &View<'_>, verdict: &Verdict, format: Format) -> String {
    let mut gauges = Vec::new();
    let mut family = |name, help, samples: &[(Labels, usize)]| {
        if !samples.is_empty() {
            gauges.push(Family { name, help, samples: samples.to_vec() });
        }
    };
    let one = |value: usize| (Labels::new(), value);
    let flag = |value: Option<bool>| value.map(|value| one(usize::from(value)));
    let known = !matches!(verdict, Verdict::Unknown(_));
    let seen = !matches!(verdict, Verdict::Unknown(missing) if missing.contains(&Missing::Pin));
    let pinned = flag(seen.then_some(view.node.pinned().is_some()));
    family("kubens_pinned", "Whether a mount namespace is pinned.", pinned.as_slice());
    family(
        "kubens_in_effect",
        "Whether encapsulation is in effect: pinned, used, and propagating the right way.",
        flag(known.then_some(*verdict == Verdict::InEffect)).as_slice(),
    );
    family(
        "kubens_split_brain",
        "Whether runtime, kubelet and shims are in more than one mount namespace.",
        flag(verdict.is_split()).as_slice(),
    );
    let states = verdicts().map(|state| {
        let name = word(&state);
        (vec![("verdict", name.replace(' ', "-"))], usize::from(name == word(verdict)))
    });
    family("kubens_verdict", "The verdict of kubensctl status: one of these is 1.", &states);
    let side = |side: &str, count: Option<usize>| count.map(|count| (vec![("side", side.to_owned())], count));
    let host = view.node.outside.as_ref().map(Vec::len);
    let mounts =
        [side("inside", view.node.inside_count()), side("host", host), side("hidden", view.hidden())];
    family(
        "kubens_mounts",
        "Mounts inside, on the host, and inside only.",
        &mounts.into_iter().flatten().collect::<Vec<_>>(),
    );
    let outside = view.evidence.outside.map(one);
    let help = "Mounts of containers and volumes that the host has got since the namespace was pinned.";
    family("kubens_mounts_outside", help, outside.as_slice());
    if view.sees_processes() {
        if view.home.is_some() {
            family("kubens_processes", "Processes inside.", &[one(view.members().count())]);
        }
        let running = view.evidence.parts.iter().filter(|part| part.places.all() > 0);
        let samples: Vec<_> = running
            .flat_map(|part| {
                let places = &part.places;
                let labels = |side: &str| {
                    let role = json::role(part.role);
                    vec![("unit", part.name.clone()), ("role", role.to_string()), ("side", side.to_owned())]
                };
                [("inside", places.inside), ("host", places.host), ("elsewhere", places.elsewhere)]
                    .map(|(side, count)| (labels(side), count))
            })
            .collect();
        let help = "Processes of the runtimes, the kubelets and the containers' shims, by side.";
        family("kubens_unit_processes", help, &samples);
    }
    // Hundredths of a second, which these digits hold for a thousand years.
    #[allow(clippy::cast_precision_loss)]
    let cpu = view.node.init_cpu.map(|cpu| cpu as f64 / 100.0);
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Families { gauges, cpu }));
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = match format {
        Format::Prometheus => prometheus_text::encode(&mut text, &registry),
        Format::OpenMetrics => openmetrics::encode(&mut text, &registry),
    };
    text
}
