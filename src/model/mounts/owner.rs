//! Whose mount it is, by where it is mounted: the layouts of the kubelet, CRI-O, containerd and docker.

use std::fmt::{self, Display, Formatter};

use super::table::Mount;
use crate::model::text::Shown;

/// Who made a mount, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner<'a> {
    /// A pod's volume, or a part of it that one container sees.
    Volume {
        /// The pod's UID.
        pod: &'a [u8],
        /// The volume's name in the pod.
        volume: &'a [u8],
    },
    /// A volume on its way to pods, once for the whole node.
    Stage {
        /// The plugin or driver.
        driver: &'a [u8],
    },
    /// A container's, or a pod's sandbox's.
    Container {
        /// Its ID; for CRI-O's root file systems the ID of their layer.
        id: &'a [u8],
        /// Whose it is.
        runtime: Runtime,
        /// What of it: `rootfs`, `shm`, a file's name.
        part: &'a [u8],
    },
    /// A container's root file system, of which only its layer is known: Docker gives it a name of its own.
    Layer {
        /// The layer's name.
        id: &'a [u8],
    },
    /// A volume of Docker's.
    Named {
        /// Its name.
        volume: &'a [u8],
    },
    /// A pinned namespace of a pod.
    Pinned {
        /// The namespace's name.
        name: &'a [u8],
    },
    /// A directory of the kubelet's or the runtime's.
    Kubernetes,
}

/// A runtime, as far as it says for whom a container runs. Each is believed about its own containers alone: others'
/// words in a container's specification may be the pod's author's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// containerd, for Kubernetes.
    Containerd,
    /// CRI-O, or another that keeps its containers where it does.
    Crio,
    /// One that says nothing.
    Other,
}

/// Where the kubelet and the runtimes keep what they mount. A name is found below any directory, because
/// distributions move the trees (`/var/snap/microk8s/common`, `/var/lib/k0s`, `/run/k3s`).
const HOMES: [&[u8]; 9] = [
    b"kubelet",
    b"containerd",
    b"containers/storage",
    b"docker",
    b"crio",
    b"k3s",
    b"rancher",
    b"k0s",
    b"microk8s",
];

/// The directories in which the runtimes pin the pods' namespaces (CRI-O's pinns, containerd's CNI).
const PINS: [&[u8]; 4] = [b"netns", b"ipcns", b"utsns", b"userns"];

/// Whether a layout of Kubernetes explains a mount at `target`.
pub fn is_kubernetes(target: &[u8]) -> bool {
    owner(target).is_some()
}

/// Whether a mount at `target` is a container's or a volume's.
pub fn is_a_pods(target: &[u8]) -> bool {
    match owner(target) {
        Some(
            Owner::Volume { .. }
            | Owner::Stage { .. }
            | Owner::Container { .. }
            | Owner::Layer { .. }
            | Owner::Named { .. },
        ) => true,
        Some(Owner::Pinned { .. } | Owner::Kubernetes) | None => false,
    }
}

/// Whether a table is a container's: its root is one of a runtime's layers, or its `/etc` has files of a runtime's.
pub fn is_of_a_container(table: &[Mount]) -> bool {
    let files = [&b"/etc/hosts"[..], b"/etc/hostname", b"/etc/resolv.conf", b"/dev/termination-log"];
    table.iter().any(|mount| match mount.target.as_slice() {
        b"/" if mount.kind == b"overlay" => mount.layers().any(is_kubernetes),
        target => files.contains(&target) && is_kubernetes(&mount.root),
    })
}

/// Whose a mount at `target` is.
pub fn owner(target: &[u8]) -> Option<Owner<'_>> {
    let words: Vec<&[u8]> = target.split(|&byte| byte == b'/').filter(|word| !word.is_empty()).collect();
    let place = |name: &[u8]| words.iter().position(|word| *word == name);
    let after = |name: &[u8]| place(name).map(|place| &words[place + 1..]);
    match after(b"pods") {
        Some([pod, b"volumes", _, volume, ..]) if is_id(pod) => {
            return Some(Owner::Volume { pod, volume });
        }
        Some([pod, b"volume-subpaths", volume, ..]) if is_id(pod) => {
            return Some(Owner::Volume { pod, volume });
        }
        Some([pod, _, name, ..]) if is_id(pod) => return Some(Owner::Volume { pod, volume: name }),
        Some(_) | None => {}
    }
    match after(b"plugins") {
        Some([b"kubernetes.io", b"csi", driver, ..] | [b"kubernetes.io", driver, ..] | [driver, _, ..])
            if place(b"kubelet").is_some() =>
        {
            return Some(Owner::Stage { driver });
        }
        Some(_) | None => {}
    }
    match *words {
        [b"run" | b"var", .., kind, name] if PINS.contains(&kind) => return Some(Owner::Pinned { name }),
        _ => {}
    }
    docker(&words).or_else(|| container(&words)).or_else(|| {
        let home = |home: &[u8]| {
            let home = home.split(|&byte| byte == b'/');
            words.windows(home.clone().count()).any(|names| names.iter().copied().eq(home.clone()))
        };
        let tree = matches!(words.first(), Some(&(b"var" | b"run")));
        (tree && HOMES.iter().any(|name| home(name))).then_some(Owner::Kubernetes)
    })
}

/// What Docker keeps by names of its own: overlay2/LAYER/merged, volumes/NAME/_data.
fn docker<'a>(words: &[&'a [u8]]) -> Option<Owner<'a>> {
    words.windows(3).find_map(|names| match *names {
        [b"overlay2", id, b"merged"] if is_id(id) => Some(Owner::Layer { id }),
        [b"volumes", volume, b"_data"] if words.contains(&&b"docker"[..]) => Some(Owner::Named { volume }),
        _ => None,
    })
}

fn container<'a>(words: &[&'a [u8]]) -> Option<Owner<'a>> {
    let (runtime, id) = words.windows(3).find_map(|names| match *names {
        // containerd: io.containerd.runtime.v2.task/NAMESPACE/ID, io.containerd.grpc.v1.cri/sandboxes/ID
        // CRI-O, podman: overlay-containers/ID/userdata, overlay/LAYER/merged
        [b"io.containerd.runtime.v2.task", b"k8s.io", id]
        | [b"io.containerd.grpc.v1.cri", b"sandboxes" | b"containers", id] => Some((Runtime::Containerd, id)),
        [b"overlay-containers", id, b"userdata"] | [b"overlay", id, b"merged"] => Some((Runtime::Crio, id)),
        [b"io.containerd.runtime.v2.task", _, id] => Some((Runtime::Other, id)),
        // docker: containers/ID/mounts
        [b"containers", id, b"mounts"] if words.contains(&&b"docker"[..]) => Some((Runtime::Other, id)),
        _ => None,
    })?;
    if !is_id(id) {
        return None;
    }
    let part = match words.last() {
        Some(&b"merged") => b"rootfs",
        Some(part) => *part,
        None => return None,
    };
    Some(Owner::Container { id, runtime, part })
}

/// Where containerd, for Kubernetes, keeps the specification of the container of which something is mounted at `target`.
pub fn containerd_spec(target: &[u8], id: &[u8]) -> Option<Vec<u8>> {
    const TREE: &[u8] = b"/io.containerd.";
    let place = target.windows(TREE.len()).position(|window| window == TREE)?;
    let state = target.get(..place)?;
    Some([state, b"/io.containerd.runtime.v2.task/k8s.io/", id, b"/config.json"].concat())
}

/// A pod's UID, or a container's ID: for static pods the one is as hexadecimal as the other. containerd's own
/// clients choose names at will.
fn is_id(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

impl<'a> Owner<'a> {
    /// The pod's UID and the volume's name in it, of a pod's volume.
    pub fn volume(self) -> Option<(&'a [u8], &'a [u8])> {
        match self {
            Owner::Volume { pod, volume } => Some((pod, volume)),
            Owner::Container { .. }
            | Owner::Stage { .. }
            | Owner::Layer { .. }
            | Owner::Named { .. }
            | Owner::Pinned { .. }
            | Owner::Kubernetes => None,
        }
    }

    /// A container's ID and whose it is.
    pub fn container(self) -> Option<(&'a [u8], Runtime)> {
        match self {
            Owner::Container { id, runtime, .. } => Some((id, runtime)),
            Owner::Volume { .. }
            | Owner::Stage { .. }
            | Owner::Layer { .. }
            | Owner::Named { .. }
            | Owner::Pinned { .. }
            | Owner::Kubernetes => None,
        }
    }
}

impl Display for Owner<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Owner::Volume { pod, volume } => write!(f, "pod {} volume {}", Shown(pod), Shown(volume)),
            Owner::Stage { driver } => write!(f, "driver {}", Shown(driver)),
            Owner::Container { id, part, .. } => {
                write!(f, "container {} {}", Shown(&id[..id.len().min(12)]), Shown(part))
            }
            Owner::Layer { id } => write!(f, "layer {} rootfs", Shown(&id[..id.len().min(12)])),
            Owner::Named { volume } => write!(f, "docker volume {}", Shown(volume)),
            Owner::Pinned { name } => write!(f, "pinned {}", Shown(name)),
            Owner::Kubernetes => f.write_str("kubelet or runtime"),
        }
    }
}

#[cfg(test)]
mod tests;
