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
    owner: Owner<'a>,
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

    /// An owner, by name where it is known.
    pub fn told<'a>(&'a self, owner: Owner<'a>) -> Told<'a> {
        let (pod, container) = match owner {
            Owner::Volume { pod, .. } => (self.by_uid.get(pod), None),
            Owner::Container { id, .. } => {
                let known = self.by_container.get(id);
                (known.map(|known| &known.pod), known.and_then(|known| known.name.as_deref()))
            }
            Owner::Pinned { name } => (self.by_pinned.get(name), None),
            Owner::Stage { .. } | Owner::Kubernetes => (None, None),
        };
        Told { owner, pod, container }
    }

    /// Who has made a mount at `target` that is nobody's by its place: the container that alone has the directory, or
    /// the nearest one above it, as a volume with Bidirectional.
    pub fn maker(&self, target: &[u8]) -> Option<String> {
        let above = self.bidirectional.iter().filter(|(source, _)| paths::is_below(target, source));
        let nearest = above.clone().map(|(source, _)| source.len()).max()?;
        let mut near = above.filter(|(source, _)| source.len() == nearest).map(|(_, container)| container);
        let Container { pod, name } = near.next()?;
        let alone = near.all(|other| other.pod == *pod && other.name == *name);
        let name = name.as_deref().unwrap_or(b"?");
        let told =
            || format!("pod {}/{} {} (Bidirectional)", Shown(&pod.namespace), Shown(&pod.name), Shown(name));
        alone.then(told)
    }
}

impl Display for Told<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(Pod { namespace, name }) = self.pod else {
            return self.owner.fmt(f);
        };
        write!(f, "pod {}/{}", Shown(namespace), Shown(name))?;
        if let Some(container) = self.container {
            write!(f, " {}", Shown(container))?;
        }
        match self.owner {
            Owner::Volume { volume, .. } => write!(f, " volume {}", Shown(volume)),
            Owner::Container { part, .. } => write!(f, " {}", Shown(part)),
            Owner::Pinned { name } => write!(f, " {}", Shown(name)),
            Owner::Stage { .. } | Owner::Kubernetes => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &[u8] = b"6f1c3a2e-0a4e-4a3b-9d51-1f6e1f0f2a11";

    fn container(runtime: Runtime, id: &[u8]) -> Owner<'_> {
        Owner::Container { id, runtime, part: b"rootfs" }
    }

    fn told(pods: &Pods, owner: Owner<'_>) -> String {
        pods.told(owner).to_string()
    }

    fn knows(pods: &Pods, id: &[u8]) -> bool {
        pods.by_container.contains_key(id)
    }

    #[test]
    fn a_pods_name_comes_from_its_log_directory() {
        let mut pods = Pods::default();
        pods.log_directory(b"shop_web-7d9f-x2x_6f1c3a2e-0a4e-4a3b-9d51-1f6e1f0f2a11");
        pods.log_directory(b"nonsense");
        let volume = Owner::Volume { pod: UID, volume: b"data" };
        assert_eq!(told(&pods, volume), "pod shop/web-7d9f-x2x volume data");
        let other = Owner::Volume { pod: b"0", volume: b"data" };
        assert_eq!(told(&pods, other), "pod 0 volume data");
    }

    #[test]
    fn a_containers_name_comes_from_its_log() {
        let mut pods = Pods::default();
        pods.log_link(b"web-7d9f-x2x_shop_my-server-0123abc.log");
        let owner = container(Runtime::Containerd, b"0123abc");
        assert_eq!(told(&pods, owner), "pod shop/web-7d9f-x2x my-server rootfs");
    }

    #[test]
    fn a_sandboxs_name_comes_from_its_specification() {
        let text = br#"{"root":{"path":"/var/lib/containers/storage/overlay/1ay3r/merged"},"annotations":{
            "io.kubernetes.container.name":"POD","io.kubernetes.pod.name" : "w\u0065b","io.kubernetes.pod.namespace":"shop"}}"#;
        let mut pods = Pods::default();
        pods.spec(Runtime::Crio, b"c0n7", text);
        for id in [&b"c0n7"[..], b"1ay3r"] {
            assert_eq!(told(&pods, container(Runtime::Crio, id)), "pod shop/web rootfs");
        }
        let containerd =
            br#"{"root":{"path":"rootfs/merged"},"annotations":{"io.kubernetes.cri.container-name":"c",
            "io.kubernetes.cri.sandbox-name":"web","io.kubernetes.cri.sandbox-namespace":"shop"}}"#;
        pods.spec(Runtime::Containerd, b"d", containerd);
        assert_eq!(told(&pods, container(Runtime::Containerd, b"d")), "pod shop/web c rootfs");
        assert!(!knows(&pods, b"rootfs") && knows(&pods, b"d"));
    }

    #[test]
    fn a_runtime_is_believed_by_its_own_annotations_alone() {
        let both = br#"{"annotations":{"io.kubernetes.cri.sandbox-name":"forged","io.kubernetes.cri.sandbox-namespace":"forged",
            "io.kubernetes.cri.container-name":"forged","io.kubernetes.pod.name":"web","io.kubernetes.pod.namespace":"shop"}}"#;
        let mut pods = Pods::default();
        pods.spec(Runtime::Crio, b"a", both);
        assert_eq!(told(&pods, container(Runtime::Crio, b"a")), "pod shop/web rootfs");
        // A key is one where JSON has a key: not in a value, not deeper, not in another list.
        for forged in [
            &br#"{"annotations":{"x":"\"io.kubernetes.pod.name\":\"forged\""},"hostname":"io.kubernetes.pod.name"}"#[..],
            br#"{"linux":{"annotations":{"io.kubernetes.pod.name":"forged","io.kubernetes.pod.namespace":"x"}}}"#,
            br#"{"process":{"env":["io.kubernetes.pod.name","forged"]},"io.kubernetes.pod.name":"forged"}"#,
            br#"{"annotations":{"io.kubernetes.cri.sandbox-name":"forged","io.kubernetes.cri.sandbox-namespace":"forged"}}"#,
        ] {
            pods.spec(Runtime::Crio, b"b", forged);
            pods.spec(Runtime::Other, b"b", both);
            pods.spec(Runtime::Other, b"b", forged);
        }
        assert!(!knows(&pods, b"b"));
    }

    #[test]
    fn what_is_cut_off_names_nobody() {
        let text =
            br#"{"annotations":{"io.kubernetes.pod.name":"web","io.kubernetes.pod.namespace":"shop"}}"#;
        let mut pods = Pods::default();
        for length in 0..text.len() {
            pods.spec(Runtime::Crio, b"x", &text[..length]);
        }
        for text in [
            &b"[]"[..],
            br#"{"annotations":{"io.kubernetes.pod.name":3}}"#,
            br#"{"annotations":null}"#,
            b"{}",
        ] {
            pods.spec(Runtime::Crio, b"x", text);
        }
        assert!(!knows(&pods, b"x"));
        pods.spec(Runtime::Crio, b"x", text);
        assert!(knows(&pods, b"x"));
    }

    #[test]
    fn a_pinned_namespace_is_its_sandboxs() {
        let text = br#"{"annotations":{"io.kubernetes.cri.sandbox-name":"web","io.kubernetes.cri.sandbox-namespace":"shop"},
            "linux":{"namespaces":[{"type":"pid"},{"type":"network","path":"/var/run/netns/cni-1"},
            {"type":"ipc","path":"/proc/7/ns/ipc"}]}}"#;
        let mut pods = Pods::default();
        pods.spec(Runtime::Containerd, b"a", text);
        assert_eq!(told(&pods, Owner::Pinned { name: b"cni-1" }), "pod shop/web cni-1");
        assert_eq!(told(&pods, Owner::Pinned { name: b"ipc" }), "pinned ipc");
    }

    #[test]
    fn a_mount_on_a_bidirectional_volume_is_of_whoever_alone_has_it() {
        let mut pods = Pods::default();
        for (pod, container, source, option) in [
            ("csi", "driver", "/srv/share", "rshared"),
            ("csi", "other", "/srv", "rshared"),
            ("web", "reads", "/srv/share", "rslave"),
            ("a", "one", "/srv/two", "rshared"),
            ("b", "one", "/srv/two", "rshared"),
        ] {
            let text = format!(
                r#"{{"annotations":{{"io.kubernetes.cri.sandbox-name":"{pod}","io.kubernetes.cri.sandbox-namespace":"shop",
                "io.kubernetes.cri.container-name":"{container}"}},
                "mounts":[{{"destination":"/x"}},{{"source":"{source}","options":["rbind","{option}"]}}]}}"#
            );
            pods.spec(Runtime::Containerd, container.as_bytes(), text.as_bytes());
        }
        let maker = |target: &[u8]| pods.maker(target);
        assert_eq!(maker(b"/srv/share/x").as_deref(), Some("pod shop/csi driver (Bidirectional)"));
        assert_eq!(maker(b"/srv/x").as_deref(), Some("pod shop/csi other (Bidirectional)"));
        for nobodys in [&b"/srv/two/x"[..], b"/mnt"] {
            assert_eq!(maker(nobodys), None);
        }
    }
}
