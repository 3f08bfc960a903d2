//! The names of pods, from what the kubelet and the runtimes leave on the node.

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};

use crate::model::mounts::owner::{Owner, Runtime};
use crate::model::mounts::paths;
use crate::model::mounts::spec::Spec;
use crate::model::text::Shown;

/// A pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// The namespace of Kubernetes that it is in.
    pub namespace: Vec<u8>,
    /// Its name there.
    pub name: Vec<u8>,
}

impl Display for Pod {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Shown(&self.namespace), Shown(&self.name))
    }
}

/// A container, or the sandbox of a pod, which has no name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Container {
    pod: Pod,
    name: Option<Vec<u8>>,
}

/// Pods by what mounts know of them.
#[derive(Debug, Default)]
pub struct Pods {
    by_uid: HashMap<Vec<u8>, Pod>,
    /// By a container's ID, or its layer's.
    by_container: HashMap<Vec<u8>, Container>,
    /// By the name of a pinned namespace that is the sandbox's.
    by_pinned: HashMap<Vec<u8>, Pod>,
    /// Who has a directory as a volume with Bidirectional.
    bidirectional: Vec<(Vec<u8>, Container)>,
}

/// An owner, by name where it is known.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// By its place; `None`: by who may mount there.
    owner: Option<Owner<'a>>,
    /// The pod.
    pub pod: Option<&'a Pod>,
    /// The container's name.
    pub container: Option<&'a [u8]>,
}

impl Pods {
    /// Learns from the name of a directory in `/var/log/pods`, which is `NAMESPACE_NAME_UID`.
    pub fn log_directory(&mut self, name: &[u8]) {
        let mut words = name.splitn(3, |&byte| byte == b'_');
        if let (Some(namespace), Some(pod), Some(uid)) = (words.next(), words.next(), words.next()) {
            self.by_uid.insert(uid.to_vec(), Pod { namespace: namespace.to_vec(), name: pod.to_vec() });
        }
    }

    /// Learns from the name of a link in `/var/log/containers`, which is `POD_NAMESPACE_CONTAINER-ID.log`.
    pub fn log_link(&mut self, name: &[u8]) {
        let Some(name) = name.strip_suffix(b".log") else {
            return;
        };
        let mut words = name.splitn(3, |&byte| byte == b'_');
        let (Some(pod), Some(namespace), Some(rest)) = (words.next(), words.next(), words.next()) else {
            return;
        };
        if let Some(dash) = rest.iter().rposition(|&byte| byte == b'-') {
            let pod = Pod { namespace: namespace.to_vec(), name: pod.to_vec() };
            let container = Container { pod, name: Some(rest[..dash].to_vec()) };
            self.by_container.insert(rest[dash + 1..].to_vec(), container);
        }
    }

    /// Learns from the specification of a container of this runtime, by the annotations that are its own.
    pub fn spec(&mut self, runtime: Runtime, id: &[u8], text: &[u8]) {
        let [pod, namespace, container] = match runtime {
            Runtime::Containerd => [
                "io.kubernetes.cri.sandbox-name",
                "io.kubernetes.cri.sandbox-namespace",
                "io.kubernetes.cri.container-name",
            ],
            // The kubelet's labels, which CRI-O writes last, whatever a pod's author has annotated.
            Runtime::Crio => {
                ["io.kubernetes.pod.name", "io.kubernetes.pod.namespace", "io.kubernetes.container.name"]
            }
            Runtime::Other => return,
        };
        let Some(spec) = Spec::read(text) else {
            return;
        };
        let (Some(name), Some(namespace)) = (spec.annotation(pod), spec.annotation(namespace)) else {
            return;
        };
        let pod = Pod { namespace, name };
        for name in spec.pinned() {
            self.by_pinned.insert(name.to_vec(), pod.clone());
        }
        let container = Container { pod, name: spec.annotation(container).filter(|name| name != b"POD") };
        for source in spec.bidirectional() {
            self.bidirectional.push((source.to_vec(), container.clone()));
        }
        if let (Runtime::Crio, Some(layer)) = (runtime, spec.layer()) {
            self.by_container.insert(layer.to_vec(), container.clone());
        }
        self.by_container.insert(id.to_vec(), container);
    }

    /// A pod, by name where it is known, else by its UID.
    pub fn named(&self, uid: &[u8]) -> String {
        self.by_uid.get(uid).map_or_else(|| Shown(uid).to_string(), Pod::to_string)
    }

    /// An owner, by name where it is known.
    pub fn told<'a>(&'a self, owner: Owner<'a>) -> Told<'a> {
        let (pod, container) = match owner {
            Owner::Volume { pod, .. } => (self.by_uid.get(pod), None),
            Owner::Container { id, .. } => {
                let known = self.by_container.get(id);
                (known.map(|known| &known.pod), known.and_then(|known| known.name.as_deref()))
            }
            Owner::Pinned { name } => (self.by_pinned.get(name), None),
            Owner::Stage { .. } | Owner::Layer { .. } | Owner::Named { .. } | Owner::Kubernetes => {
                (None, None)
            }
        };
        Told { owner: Some(owner), pod, container }
    }

    /// Who has made a mount at `target` that is nobody's by its place: the container that alone has the directory, or
    /// the nearest one above it, as a volume with Bidirectional.
    pub fn maker(&self, target: &[u8]) -> Option<Told<'_>> {
        let above = self.bidirectional.iter().filter(|(source, _)| paths::is_below(target, source));
        let nearest = above.clone().map(|(source, _)| source.len()).max()?;
        let mut near = above.filter(|(source, _)| source.len() == nearest).map(|(_, container)| container);
        let Container { pod, name } = near.next()?;
        let alone = near.all(|other| other.pod == *pod && other.name == *name);
        alone.then_some(Told {
            owner: None,
            pod: Some(pod),
            container: Some(name.as_deref().unwrap_or(b"?")),
        })
    }
}

impl<'a> Told<'a> {
    /// The volume's name in its pod.
    pub fn volume(&self) -> Option<&'a [u8]> {
        self.owner?.volume().map(|(_, volume)| volume)
    }

    /// What names the pod where its name is not known.
    pub fn uid(&self) -> Option<&'a [u8]> {
        self.owner?.volume().map(|(pod, _)| pod)
    }

    /// What of the pod it is, or, where it is no pod's, what else: the container, the volume, a driver.
    pub fn part(&self) -> String {
        match (self.container, self.owner) {
            (Some(container), _) => Shown(container).to_string(),
            (None, Some(Owner::Volume { volume, .. })) => Shown(volume).to_string(),
            (None, Some(Owner::Container { .. })) if self.pod.is_some() => "(sandbox)".to_owned(),
            (None, Some(Owner::Container { id, .. })) => Shown(&id[..id.len().min(12)]).to_string(),
            (None, Some(owner)) => owner.to_string(),
            (None, None) => String::new(),
        }
    }
}

impl Display for Told<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(pod) = self.pod else {
            return self.owner.iter().try_for_each(|owner| owner.fmt(f));
        };
        write!(f, "pod {pod}")?;
        if let Some(container) = self.container {
            write!(f, " {}", Shown(container))?;
        }
        match self.owner {
            None => f.write_str(" (Bidirectional)"),
            Some(Owner::Volume { volume, .. }) => write!(f, " volume {}", Shown(volume)),
            Some(Owner::Container { part, .. }) => write!(f, " {}", Shown(part)),
            Some(Owner::Pinned { name }) => write!(f, " {}", Shown(name)),
            Some(Owner::Stage { .. } | Owner::Layer { .. } | Owner::Named { .. } | Owner::Kubernetes) => {
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
