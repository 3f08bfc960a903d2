//! Pods and the side that their mounts are on: what a pod would lose with the namespace, and which copies of their mounts
//! the host keeps from before a node was switched.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::model::mounts::owner::{self, Owner, Runtime};
use crate::model::mounts::paths::place;
use crate::model::mounts::pods::Pods;
use crate::model::mounts::table::Mount;
use crate::model::namespace::NamespaceId;

/// What of these mounts belongs to pods: volumes, containers' file systems, sandboxes' network, as
/// `pod shop/web-0 volume cache`, each once.
pub fn of_pods<'a>(mounts: impl IntoIterator<Item = &'a Mount>, pods: &Pods) -> BTreeSet<String> {
    let owners = mounts.into_iter().filter_map(|mount| pods_own(&mount.target));
    owners
        .filter(|owner| !matches!(owner, Owner::Stage { .. }))
        .map(|owner| pods.told(owner).to_string())
        .collect()
}

/// The owner of a mount, where that is a pod or somebody who works for pods.
fn pods_own(target: &[u8]) -> Option<Owner<'_>> {
    owner::owner(target).filter(|owner| match owner {
        Owner::Volume { .. } | Owner::Stage { .. } | Owner::Container { .. } => true,
        // Whoever uses ip-netns(8) has names of his own there; runtimes end theirs with a UUID.
        Owner::Pinned { name } => {
            name.len() >= 36 && name[name.len() - 36..].split(|&byte| byte == b'-').count() == 5
        }
        Owner::Layer { .. } | Owner::Named { .. } | Owner::Kubernetes => false,
    })
}

/// A pod's mount that is on the host since before the namespace was made.
#[derive(Debug)]
pub struct Copy<'a> {
    /// The host's mount.
    pub mount: &'a Mount,
    /// Whose it is.
    pub owner: Owner<'a>,
    /// Whether the pod is still there inside, or something is mounted at that place: an unmount on the host would take
    /// that along.
    pub used: bool,
}

/// Pods' mounts that the host had before it had this pin, and passes on to the namespace; what stands on another comes
/// before it.
pub fn copies<'a>(host: &'a [Mount], inside: &[Mount], pinned: NamespaceId) -> Vec<Copy<'a>> {
    let root = pinned.to_string();
    let pin = host.iter().rposition(|mount| mount.kind == b"nsfs" && mount.root == root.as_bytes());
    let index: HashMap<u32, &Mount> = host.iter().map(|mount| (mount.id, mount)).collect();
    let places = Places::of(inside);
    let owners: HashSet<_> = inside.iter().filter_map(|mount| whose(&mount.target)).collect();
    let copy = |mount: &'a Mount| {
        // podman and its like use CRI-O's storage too, and nothing tells whose a mount in it is.
        let owner = pods_own(&mount.target).filter(|_| !is_podmans(&mount.target))?;
        let parent = index.get(&mount.parent)?;
        let group = parent.shared?;
        let used = places.taken(mount, parent, group)
            || whose(&mount.target).is_some_and(|whose| owners.contains(whose));
        Some(Copy { mount, owner, used })
    };
    let mut copies: Vec<_> = host.iter().take(pin.unwrap_or(host.len())).filter_map(copy).collect();
    copies.reverse();
    copies.sort_by_key(|copy| std::cmp::Reverse(copy.mount.target.len()));
    copies
}

fn is_podmans(target: &[u8]) -> bool {
    let words: Vec<_> = target.split(|&byte| byte == b'/').collect();
    words.windows(2).any(|words| words == [&b"containers"[..], b"storage"])
}

/// The pod's UID, or the container's ID.
fn whose(target: &[u8]) -> Option<&[u8]> {
    let owner = pods_own(target)?;
    let pod = owner.volume().map(|(pod, _)| pod);
    pod.or_else(|| owner.container().map(|(id, _)| id))
}

/// The containers of these: ID, runtime, and where something of each is mounted.
pub fn containers<'a>(copies: &'a [Copy<'a>]) -> impl Iterator<Item = (&'a [u8], Runtime, &'a [u8])> {
    copies.iter().filter_map(|copy| {
        let (id, runtime) = copy.owner.container()?;
        Some((id, runtime, copy.mount.target.as_slice()))
    })
}

/// Where a container sees what is mounted on the host later, and not what is mounted inside: it was started outside. Its
/// root is no such place, on which nobody mounts from outside, and neither are the control groups of version 1, of which
/// every container has the host's.
pub fn watched<'a>(container: &'a [Mount], host: &[Mount], inside: &[Mount]) -> Option<&'a [u8]> {
    let groups =
        |table: &[Mount]| -> HashSet<u32> { table.iter().filter_map(|mount| mount.shared).collect() };
    let (hosts, own) = (groups(host), groups(inside));
    let of_host =
        |group: Option<u32>| group.is_some_and(|group| hosts.contains(&group) && !own.contains(&group));
    let volume = |mount: &&Mount| mount.target != b"/" && !mount.kind.starts_with(b"cgroup");
    let watches = |mount: &&Mount| volume(mount) && (of_host(mount.master) || of_host(mount.shared));
    container.iter().find(watches).map(|mount| mount.target.as_slice())
}

/// The UID of the pod that a container is of, by the files that the kubelet puts into it.
pub fn pod_of(container: &[Mount]) -> Option<&[u8]> {
    container.iter().filter(|mount| owner::is_kubernetes(&mount.root)).find_map(|mount| {
        let mut words = mount.root.split(|&byte| byte == b'/').skip_while(|word| *word != b"pods");
        words.nth(1)
    })
}

/// Where something is mounted inside: by path, and by the group that the mount below receives from and the place in the
/// file system, which is what an unmount on the host goes by.
struct Places<'a> {
    paths: HashSet<&'a [u8]>,
    groups: HashSet<(u32, Vec<u8>)>,
}

impl<'a> Places<'a> {
    fn of(inside: &'a [Mount]) -> Self {
        let index: HashMap<u32, &Mount> = inside.iter().map(|mount| (mount.id, mount)).collect();
        let place = |mount: &Mount| {
            let parent = index.get(&mount.parent)?;
            Some((parent.master?, place(mount, parent)))
        };
        Places {
            paths: inside.iter().map(|mount| mount.target.as_slice()).collect(),
            groups: inside.iter().filter_map(place).collect(),
        }
    }

    fn taken(&self, mount: &Mount, parent: &Mount, group: u32) -> bool {
        self.paths.contains(mount.target.as_slice()) || self.groups.contains(&(group, place(mount, parent)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mounts::table::parse;

    const HOST: &str = "1 0 8:1 / / rw shared:1 - ext4 d rw\n2 1 0:20 / /run rw shared:2 - tmpfs r rw\n";
    const INSIDE: &str = "11 0 8:1 / / rw shared:11 master:1 - ext4 d rw\n12 11 0:20 / /run rw shared:12 master:2 - tmpfs r rw\n";
    const VOLUME: &str = "3 1 0:30 / /var/lib/kubelet/pods/6f1c3a2e-1/volumes/kubernetes.io~empty-dir/cache rw shared:3 - tmpfs c rw\n";

    fn told(host: &str, inside: &str) -> Vec<(String, bool)> {
        let (host, inside) = (format!("{HOST}{host}"), format!("{INSIDE}{inside}"));
        let (host, inside) = (parse(host.as_bytes()), parse(inside.as_bytes()));
        copies(&host, &inside, NamespaceId { dev: 4, ino: 2 })
            .iter()
            .map(|copy| (copy.owner.to_string(), copy.used))
            .collect()
    }

    #[test]
    fn a_copy_is_free_once_nothing_of_its_pod_is_mounted_inside() {
        let name = "pod 6f1c3a2e-1 volume cache".to_owned();
        assert_eq!(told(VOLUME, ""), [(name.clone(), false)]);
        let copied = VOLUME.replace("3 1 0:30", "13 11 0:30").replace("shared:3", "shared:13 master:3");
        assert_eq!(told(VOLUME, &copied), [(name.clone(), true)]);
        let newer = VOLUME.replace("3 1 0:30", "13 11 0:31").replace("shared:3", "shared:13");
        assert_eq!(told(VOLUME, &newer), [(name.clone(), true)]);
        let other = newer.replace("/cache", "/other");
        assert_eq!(told(VOLUME, &other), [(name, true)]);
    }

    #[test]
    fn an_unmount_goes_by_the_place_in_the_file_system_whatever_the_path() {
        let elsewhere = "14 11 8:1 /var/lib/kubelet /data rw shared:14 master:1 - ext4 d rw\n\
             15 14 0:31 / /data/pods/6f1c3a2e-1/volumes/kubernetes.io~empty-dir/cache rw shared:15 - tmpfs c rw\n";
        let host = format!("{VOLUME}4 1 8:1 /var/lib/kubelet /data rw shared:1 - ext4 d rw\n");
        for other in ["x", "x/volumes/y/cache"] {
            let moved = elsewhere.replace("6f1c3a2e-1/volumes/kubernetes.io~empty-dir/cache", other);
            assert!(!told(&host, &moved)[0].1);
        }
        assert!(told(&host, elsewhere)[0].1);
        // By a path that does not say whose it is.
        let pods = "/var/lib/kubelet/pods/6f1c3a2e-1/volumes";
        let volumes = format!(
            "14 11 8:1 {pods} /data rw shared:14 master:1 - ext4 d rw\n\
             15 14 0:31 / /data/kubernetes.io~empty-dir/cache rw shared:15 - tmpfs c rw\n"
        );
        assert!(told(VOLUME, &volumes)[0].1);
        assert!(!told(VOLUME, &volumes.replace("master:1", "master:7"))[0].1);
    }

    #[test]
    fn what_is_mounted_at_the_same_path_inside_stays_whatever_is_below_it() {
        let sandbox = "3 2 0:4 net:[1] /run/netns/cni-8f14e45f-ceea-467f-a0e6-9b2ac7d63d2b rw shared:3 - nsfs nsfs rw\n";
        assert!(!told(sandbox, "")[0].1);
        let other = "16 12 0:40 / /run/netns rw shared:16 - tmpfs other rw\n";
        let there = sandbox.replace("3 2 ", "17 16 ");
        assert!(told(sandbox, &format!("{other}{there}"))[0].1);
        assert!(!told(sandbox, &format!("{other}{}", there.replace("cni-8f", "cni-9f")))[0].1);
    }

    #[test]
    fn a_container_that_receives_the_hosts_mounts_is_known_by_its_groups() {
        let (host, inside) = (parse(HOST.as_bytes()), parse(INSIDE.as_bytes()));
        let container = |group: u32| {
            let text = format!(
                "21 0 0:60 / / rw master:1 - overlay overlay rw\n22 21 8:1 /srv /srv rw master:{group} - ext4 d rw\n\
                 23 21 8:1 /var/lib/kubelet/pods/6f1c-1/etc-hosts /etc/hosts rw - ext4 d rw"
            );
            parse(text.as_bytes())
        };
        assert_eq!(watched(&container(1), &host, &inside), Some(&b"/srv"[..]));
        for group in [11, 99] {
            assert_eq!(watched(&container(group), &host, &inside), None);
        }
        let leaking = parse(INSIDE.replace("shared:11", "shared:1").as_bytes());
        assert_eq!(watched(&container(1), &host, &leaking), None);
        assert_eq!(pod_of(&container(1)), Some(&b"6f1c-1"[..]));
        let groups = "24 21 0:33 / /sys/fs/cgroup/pids ro master:1 - cgroup cgroup rw,pids";
        assert_eq!(watched(&parse(groups.as_bytes()), &host, &inside), None);
    }

    #[test]
    fn what_belongs_to_pods_is_told_once_and_without_what_waits_for_a_pod() {
        let stage =
            "4 1 0:31 / /var/lib/kubelet/plugins/kubernetes.io/csi/d/1234/globalmount rw - ext4 d rw\n";
        let mounts = parse(format!("{VOLUME}{VOLUME}{stage}{HOST}").as_bytes());
        let told = of_pods(&mounts, &Pods::default());
        assert_eq!(told.into_iter().collect::<Vec<_>>(), ["pod 6f1c3a2e-1 volume cache"]);
    }

    #[test]
    fn what_is_no_pods_or_never_went_inside_is_no_copy() {
        let named = "3 2 0:4 net:[1] /run/netns/blue rw shared:3 - nsfs nsfs rw\n";
        assert_eq!(told(named, ""), []);
        let runtimes = named.replace("blue", "cni-8f14e45f-ceea-467f-a0e6-9b2ac7d63d2b");
        assert_eq!(told(&runtimes, "").len(), 1);
        let later = format!("9 2 0:4 mnt:[2] /run/kubens/mnt rw - nsfs nsfs rw\n{VOLUME}");
        assert_eq!(told(&later, ""), []);
        let podmans = VOLUME.replace("/cache", "/cache/containers/storage/x");
        assert_eq!(told(&podmans, ""), []);
        assert_eq!(told(&podmans.replace("storage", "other"), "").len(), 1);
        let private = "5 1 8:1 /s /var/lib/containers/storage/overlay rw - ext4 d rw\n\
             6 5 0:50 / /var/lib/containers/storage/overlay/abc/merged rw - overlay overlay rw\n";
        assert_eq!(told(private, ""), []);
    }
}
