//! The services that belong inside, by the names that their makers gave them.

use crate::model::units::dropin::Kind;

/// A program that makes or needs the mounts of containers.
#[derive(Debug)]
pub struct Service {
    /// What `--runtime` calls it.
    pub name: &'static str,
    /// Its units; of several, those that are there.
    pub units: &'static [&'static str],
    /// How it gets inside.
    pub kind: Kind,
    /// Whether it is a container runtime; the kubelet alone is none.
    pub is_runtime: bool,
}

const fn runtime(name: &'static str, units: &'static [&'static str], kind: Kind) -> Service {
    Service { name, units, kind, is_runtime: true }
}

/// All that are known, in the order in which they start.
pub const SERVICES: [Service; 10] = [
    // From 1.25 on it joins by itself, before it starts its own monitors.
    runtime("cri-o", &["crio.service"], Kind::Environment),
    runtime("containerd", &["containerd.service"], Kind::Wrapper),
    runtime("docker", &["docker.service"], Kind::Wrapper),
    // One unit is runtime and kubelet in one.
    runtime("k3s", &["k3s.service"], Kind::Wrapper),
    runtime("k3s-agent", &["k3s-agent.service"], Kind::Wrapper),
    runtime("rke2-server", &["rke2-server.service"], Kind::Wrapper),
    runtime("rke2-agent", &["rke2-agent.service"], Kind::Wrapper),
    runtime(
        "microk8s",
        &[
            "snap.microk8s.daemon-containerd.service",
            "snap.microk8s.daemon-kubelite.service",
            "snap.microk8s.daemon-kubelet.service",
        ],
        Kind::Wrapper,
    ),
    runtime("k0s", &["k0scontroller.service", "k0sworker.service"], Kind::Wrapper),
    Service { name: "kubelet", units: &["kubelet.service"], kind: Kind::Wrapper, is_runtime: false },
];

/// The services that `--runtime` leaves: that runtime, and what is none.
pub fn chosen(runtime: Option<&str>) -> impl Iterator<Item = &'static Service> {
    SERVICES
        .iter()
        .filter(move |service| !service.is_runtime || runtime.is_none_or(|name| name == service.name))
}
