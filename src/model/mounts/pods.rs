//! The names of pods, from what the kubelet and the runtimes leave on the node.

use std::collections::HashMap;

use crate::model::mounts::owner::Owner;
use crate::model::text::Shown;

/// Pods by what mounts know of them.
#[derive(Debug, Default)]
pub struct Pods {
    /// `NAMESPACE/NAME` by the pod's UID.
    by_uid: HashMap<Vec<u8>, String>,
    /// `NAMESPACE/NAME`, and the container's name but for a sandbox's, by a container's ID or its layer's.
    by_container: HashMap<Vec<u8>, String>,
}

impl Pods {
    /// Learns from the name of a directory in `/var/log/pods`, which is `NAMESPACE_NAME_UID`.
    pub fn log_directory(&mut self, name: &[u8]) {
        let mut words = name.splitn(3, |&byte| byte == b'_');
        if let (Some(namespace), Some(pod), Some(uid)) = (words.next(), words.next(), words.next()) {
            self.by_uid.insert(uid.to_vec(), format!("{}/{}", Shown(namespace), Shown(pod)));
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
            let named = format!("{}/{} {}", Shown(namespace), Shown(pod), Shown(&rest[..dash]));
            self.by_container.insert(rest[dash + 1..].to_vec(), named);
        }
    }

    /// Learns from a container's `config.json` (the OCI runtime specification, with the annotations of containerd
    /// or of CRI-O). `id` is the container's.
    pub fn config(&mut self, id: &[u8], text: &[u8]) {
        let either = |one: &str, other: &str| member(text, one).or_else(|| member(text, other));
        let Some(pod) = either("io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name") else {
            return;
        };
        let namespace = either("io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace");
        let mut named = format!("{}/{}", Shown(namespace.unwrap_or(b"?")), Shown(pod));
        let container = either("io.kubernetes.cri.container-name", "io.kubernetes.container.name");
        if let Some(container) = container.filter(|name| *name != b"POD") {
            named = format!("{named} {}", Shown(container));
        }
        // The first "path" of such a file that ends so is the root file system's: overlay/LAYER/merged.
        if let Some(root) = member(text, "path") {
            let mut words = root.rsplit(|&byte| byte == b'/');
            if let (Some(b"merged"), Some(layer)) = (words.next(), words.next()) {
                self.by_container.insert(layer.to_vec(), named.clone());
            }
        }
        self.by_container.insert(id.to_vec(), named);
    }

    /// Whether this container, or layer, is known by name.
    pub fn knows(&self, id: &[u8]) -> bool {
        self.by_container.contains_key(id)
    }

    /// An owner for people, by name where it is known.
    pub fn told(&self, owner: &Owner<'_>) -> String {
        match owner {
            Owner::Volume { pod, volume } => match self.by_uid.get(*pod) {
                Some(name) => format!("pod {name} volume {}", Shown(volume)),
                None => owner.to_string(),
            },
            Owner::Container { id, part } => match self.by_container.get(*id) {
                Some(name) => format!("pod {name} {}", Shown(part)),
                None => owner.to_string(),
            },
            Owner::Stage { .. } | Owner::Pinned { .. } | Owner::Kubernetes => owner.to_string(),
        }
    }
}

/// The text that a JSON file gives this name, wherever it first does. The names and values looked for hold nothing
/// that would be escaped.
fn member<'a>(text: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let quoted = format!("\"{name}\"");
    let places = text.windows(quoted.len()).enumerate().filter(|(_, window)| *window == quoted.as_bytes());
    places.map(|(place, _)| place).find_map(|place| {
        let value = text[place + quoted.len()..].trim_ascii_start().strip_prefix(b":")?;
        let value = value.trim_ascii_start().strip_prefix(b"\"")?;
        value.split(|&byte| byte == b'"').next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &[u8] = b"6f1c3a2e-0a4e-4a3b-9d51-1f6e1f0f2a11";

    #[test]
    fn a_pods_name_comes_from_its_log_directory() {
        let mut pods = Pods::default();
        pods.log_directory(b"shop_web-7d9f-x2x_6f1c3a2e-0a4e-4a3b-9d51-1f6e1f0f2a11");
        pods.log_directory(b"nonsense");
        let volume = Owner::Volume { pod: UID, volume: b"data" };
        assert_eq!(pods.told(&volume), "pod shop/web-7d9f-x2x volume data");
        let other = Owner::Volume { pod: b"0", volume: b"data" };
        assert_eq!(pods.told(&other), "pod 0 volume data");
    }

    #[test]
    fn a_containers_name_comes_from_its_log() {
        let mut pods = Pods::default();
        pods.log_link(b"web-7d9f-x2x_shop_my-server-0123abc.log");
        let rootfs = Owner::Container { id: b"0123abc", part: b"rootfs" };
        assert_eq!(pods.told(&rootfs), "pod shop/web-7d9f-x2x my-server rootfs");
    }

    #[test]
    fn a_sandboxs_name_comes_from_its_configuration() {
        let text = br#"{"root":{"path":"/var/lib/containers/storage/overlay/1ay3r/merged"},"annotations":{
            "io.kubernetes.container.name":"POD","io.kubernetes.pod.name" : "web","io.kubernetes.pod.namespace":"shop"}}"#;
        let mut pods = Pods::default();
        pods.config(b"c0n7", text);
        for id in [&b"c0n7"[..], b"1ay3r"] {
            assert_eq!(pods.told(&Owner::Container { id, part: b"shm" }), "pod shop/web shm");
        }
        let containerd = br#"{"root":{"path":"rootfs"},"annotations":{"io.kubernetes.cri.container-name":"c",
            "io.kubernetes.cri.sandbox-name":"web","io.kubernetes.cri.sandbox-namespace":"shop"}}"#;
        pods.config(b"d", containerd);
        assert_eq!(pods.told(&Owner::Container { id: b"d", part: b"rootfs" }), "pod shop/web c rootfs");
        assert!(!pods.knows(b"rootfs") && pods.knows(b"d"));
    }

    #[test]
    fn what_is_cut_off_names_nobody() {
        let mut pods = Pods::default();
        for text in [&b""[..], b"\"io.kubernetes.pod.name\"", b"\"io.kubernetes.pod.name\":3", b"{}"] {
            pods.config(b"x", text);
        }
        assert!(!pods.knows(b"x"));
    }
}
