//! Troubles that the mount tables tell.

use super::Finding;
use crate::model::mounts::compare::Origin;
use crate::model::mounts::left::{self, Copy};
use crate::model::mounts::owner;
use crate::model::mounts::paths::{self, is_below};
use crate::model::mounts::peers;
use crate::model::mounts::table::Mount;
use crate::model::namespace::NamespaceId;
use crate::model::node::catalogue::Role;
use crate::model::node::facts::{Maker, View};
use crate::model::text::{Shown, counted};

/// Where older nodes pin.
const OLDER_POINT: &[u8] = b"/run/container-mount-namespace/mnt";
/// Where network namespaces are kept by name.
const NETNS: &[u8] = b"/run/netns";
/// Where programs for the kernel are kept by name.
const BPFFS: &[u8] = b"/sys/fs/bpf";

/// All of them.
pub fn all(view: &View<'_>) -> Vec<Finding> {
    let one = [older_recipe(view), older_service(view), netns(view), bpffs(view), storage(view)];
    one.into_iter().flatten().chain(peers_torn(view)).chain(from_before(view)).chain(watchers(view)).collect()
}

fn host<'a>(view: &'a View<'_>) -> &'a [Mount] {
    view.node.outside.as_deref().unwrap_or_default()
}

/// The tables of both sides, and the namespace that is pinned.
fn both<'a>(view: &'a View<'_>) -> Option<(&'a [Mount], &'a [Mount], NamespaceId)> {
    Some((view.node.outside.as_deref()?, view.node.inside.as_deref()?, view.node.pinned()?))
}

/// The mounts of the namespace, with what each is to the host.
fn inside<'a>(view: &'a View<'_>) -> impl Iterator<Item = (&'a Mount, Origin)> {
    let origins = view.comparison.as_ref().map_or(&[][..], |comparison| &comparison.inside);
    view.node.inside.as_deref().unwrap_or_default().iter().zip(origins.iter().copied())
}

fn older_recipe(view: &View<'_>) -> Option<Finding> {
    view.node.pinned()?;
    match view.node.maker()? {
        Maker::Kubensctl | Maker::OlderService => None,
        Maker::Older => Some(Finding {
            name: "older-pin",
            degrades: false,
            found: format!("the pin at {} was made by the older recipe", Shown(&view.node.point)),
            consequence: "an rm of it in any sandbox or container destroys it, and a restart of its unit makes a second namespace",
            cure: "install kubensenter's own kubens.service, then kubensctl pin: it keeps the namespace"
                .to_owned(),
        }),
    }
}

fn older_service(view: &View<'_>) -> Option<Finding> {
    let pinned = host(view).iter().any(|mount| mount.target == OLDER_POINT && mount.kind == b"nsfs");
    (pinned && view.node.point != OLDER_POINT).then(|| Finding {
        name: "older-service",
        degrades: false,
        found: format!(
            "container-mount-namespace.service has pinned a namespace too, at {}",
            Shown(OLDER_POINT)
        ),
        consequence: "services wrapped by the one and by the other are in two namespaces",
        cure: "systemctl disable container-mount-namespace.service, remove its drop-ins, and reboot"
            .to_owned(),
    })
}

fn netns(view: &View<'_>) -> Option<Finding> {
    view.node.pinned()?;
    if view.node.outside.is_none()
        || paths::top(host(view), NETNS).is_some_and(|mount| mount.shared.is_some())
    {
        return None;
    }
    Some(Finding {
        name: "netns-not-shared",
        degrades: false,
        found: format!("{} is no shared mount on the host", Shown(NETNS)),
        consequence: "the host's first ip netns add will hide the pods' network namespaces from the runtime",
        cure: "kubensctl pin before the runtime starts: drain the node and reboot it".to_owned(),
    })
}

fn bpffs(view: &View<'_>) -> Option<Finding> {
    let own: Vec<_> = inside(view)
        .filter(|(mount, origin)| mount.target == BPFFS && mount.kind == b"bpf" && origin.hidden())
        .collect();
    (!own.is_empty()).then(|| Finding {
        name: "bpffs-twice",
        degrades: false,
        found: format!("{} is another file system inside than on the host", Shown(BPFFS)),
        consequence: "what the network plugin keeps there is not found from the host, nor after a restart on the other side",
        cure: format!(
            "have the host mount it at boot (in /etc/fstab: bpffs {} bpf defaults 0 0), then drain the node and reboot it",
            Shown(BPFFS)
        ),
    })
}

/// podman, buildah or skopeo on the host, with the storage that CRI-O has inside.
fn storage(view: &View<'_>) -> Option<Finding> {
    let crio =
        view.members().any(|process| process.role == Some(Role::Runtime) && process.program == b"crio");
    let used = |mount: &&Mount| {
        let words = || mount.target.split(|&byte| byte == b'/');
        is_below(&mount.target, b"/var/lib/containers/storage") && words().any(|word| word == b"merged")
    };
    let mount = host(view).iter().find(used);
    let host_only = view.node.processes().iter().filter(|process| process.namespace == view.node.host);
    let podman =
        host_only.filter_map(|process| process.unit.as_deref()).any(|unit| unit.starts_with("libpod-"));
    let example = mount.map_or("a libpod scope".to_owned(), |mount| Shown(&mount.target).to_string());
    (crio && (mount.is_some() || podman)).then(|| Finding {
        name: "storage-outside",
        degrades: false,
        found: format!("containers run on the host from the storage that CRI-O uses inside ({example})"),
        consequence: "each side believes that the other's layers are unmounted, and may delete or corrupt them",
        cure: "run podman, buildah and skopeo through kubensenter, or give them another --root".to_owned(),
    })
}

/// Mounts of pods that the host has since before the namespace was made; `None` where one side was not seen.
pub fn copies<'a>(view: &'a View<'_>) -> Option<Vec<Copy<'a>>> {
    let (host, inside, pinned) = both(view)?;
    // Where a runtime or a kubelet lives outside, they are simply theirs.
    let theirs = view.evidence.parts.iter().any(|part| part.is_main() && part.is_outside());
    Some(if theirs { Vec::new() } else { left::copies(host, inside, pinned) })
}

/// Of these the ones of pods that are gone, and those of pods that are not.
fn from_before(view: &View<'_>) -> Vec<Finding> {
    let copies = copies(view).unwrap_or_default();
    let of = |used: bool| {
        let these: Vec<_> = copies.iter().filter(|copy| copy.used == used).collect();
        let first = these.first()?;
        let (target, owner) = (Shown(&first.mount.target), view.node.pods.told(first.owner));
        Some((these.len(), format!("the first of {owner}, at {target}")))
    };
    let gone = of(false).map(|(count, first)| Finding {
        name: "left-behind",
        degrades: false,
        found: format!(
            "on the host are {} of pods from before the namespace that are gone inside, {first}",
            counted(count, "mount")
        ),
        consequence: "they keep disks and memory busy, and systemd goes on paying for them",
        cure: "kubensctl tidy unmounts them, as kubens-tidy.service does within a minute".to_owned(),
    });
    let there = of(true).map(|(count, first)| Finding {
        name: "from-before",
        degrades: false,
        found: format!(
            "on the host are {} of pods from before the namespace that are still there, {first}",
            counted(count, "mount")
        ),
        consequence: "whoever unmounts one of them on the host takes the running pod's own away inside",
        cure: "leave them until these pods have been replaced (kubectl drain, or rollout restart), and kubens-tidy.service unmounts them; kubensctl tidy --dry-run lists them by pod"
            .to_owned(),
    });
    gone.into_iter().chain(there).collect()
}

/// Containers that were started outside and receive what is mounted there.
fn watchers(view: &View<'_>) -> Option<Finding> {
    view.node.pinned()?;
    let inside = view.node.inside.as_deref()?;
    let tables = view.node.elsewhere.iter().map(|one| &one.mounts);
    let watches = |table: &Vec<Mount>| {
        let target = left::watched(table, host(view), inside)?;
        // Whoever has containers besides Kubernetes' may have them on the host.
        let pod = left::pod_of(table)?;
        Some(format!("pod {} at {}", view.node.pods.named(pod), Shown(target)))
    };
    let watching: Vec<_> =
        tables.filter(|table| owner::is_of_a_container(table)).filter_map(watches).collect();
    Some(Finding {
        name: "watches-host",
        degrades: false,
        found: format!(
            "what the host mounts goes to {} from before the namespace, the first of {}",
            counted(watching.len(), "container"),
            watching.first()?
        ),
        consequence: "what the kubelet and other pods mount now does not reach them, and what they mount is on the host",
        cure: "have these pods replaced (kubectl rollout restart, or delete pod)".to_owned(),
    })
}

/// The host's peer groups that are several inside; `None` where one side was not seen.
pub fn torn<'a>(view: &'a View<'_>) -> Option<Vec<Vec<&'a [u8]>>> {
    both(view).map(|(host, inside, _)| peers::torn(host, inside))
}

fn peers_torn(view: &View<'_>) -> Option<Finding> {
    let torn = torn(view)?;
    let first: Vec<_> = torn.first()?.iter().map(|target| Shown(target).to_string()).collect();
    let more = match torn.len() - 1 {
        0 => String::new(),
        more => format!(", and so it is in {}", counted(more, "more group")),
    };
    Some(Finding {
        name: "peers-torn",
        degrades: false,
        found: format!(
            "{} pass mounts to each other on the host, and inside they do not{more}",
            first.join(" and ")
        ),
        consequence: "what is mounted inside below one of them is missing below the others, and what is unmounted stays there",
        cure: "with Linux 5.15 or later: drain the node and reboot it; before, have them mounted only once"
            .to_owned(),
    })
}
