//! Processes: what each is, the unit that it belongs to, and on which side it is.

use super::catalogue::Role;
use crate::model::namespace::NamespaceId;

/// A process, as far as it could be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// The mount namespace that it is in; `None`: the kernel does not say.
    pub namespace: Option<NamespaceId>,
    /// The systemd unit that it belongs to; not read of the processes in containers' namespaces.
    pub unit: Option<String>,
    /// Its program's name. Not read of those either, unless they have a role.
    pub program: Vec<u8>,
    /// What it is to Kubernetes, by its program.
    pub role: Option<Role>,
}

/// What `/proc/PID/status` tells of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Whether it may mount: it is root, with `CAP_SYS_ADMIN`, and not of a user namespace of its own.
    pub mounts: bool,
    /// Whether it lives in a PID namespace below the one that `/proc` shows.
    pub nested: bool,
}

impl Status {
    /// Reads it (proc_pid_status(5)), as bytes: a process calls itself what it likes, and procfs (0.18) reads nothing of
    /// one whose name is not UTF-8.
    pub fn parse(text: &[u8]) -> Self {
        const SYS_ADMIN: u64 = 1 << 21;
        // Whoever's line cannot be read is taken for nobody.
        let words = |name: &str| -> Vec<&str> {
            let lines = text.split(|&byte| byte == b'\n').filter_map(|line| str::from_utf8(line).ok());
            let mut values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            values.next().unwrap_or_default().split_ascii_whitespace().collect()
        };
        let capable = words("CapEff").first().and_then(|mask| u64::from_str_radix(mask, 16).ok());
        Status {
            mounts: words("Uid").get(1) == Some(&"0") && capable.is_some_and(|mask| mask & SYS_ADMIN != 0),
            nested: words("NSpid").len() > 1,
        }
    }
}

/// The systemd unit of a process, from its `/proc/PID/cgroup`: the first name below the slices, as systemd sees it.
pub fn unit(cgroup: &[u8]) -> Option<String> {
    // "0::/PATH" is the unified hierarchy, "1:name=systemd:/PATH" systemd's own where there are several. Which of
    // the two systemd manages, no line tells, so the one that names a unit counts.
    let path = |line: &[u8]| -> Option<Vec<u8>> {
        let mut fields = line.splitn(3, |&byte| byte == b':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        (controllers == b"name=systemd" || controllers.is_empty()).then(|| path.to_vec())
    };
    cgroup.split(|&byte| byte == b'\n').filter_map(path).find_map(|path| named_unit(&path))
}

fn named_unit(path: &[u8]) -> Option<String> {
    // From within a cgroup namespace the path climbs out of it first.
    let mut names = path.split(|&byte| byte == b'/').filter(|name| !name.is_empty() && *name != b"..");
    let name = names.find(|name| !name.ends_with(b".slice"))?;
    // A leading underscore keeps a unit's name from meaning something to the kernel.
    let name = name.strip_prefix(b"_").unwrap_or(name);
    let known = [&b".service"[..], b".scope", b".socket", b".mount", b".swap"];
    // systemd names no unit otherwise: this is a directory that somebody made.
    let fine = |byte: &u8| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(byte);
    let named = known.iter().any(|kind| name.ends_with(kind)) && name.iter().all(fine) && name.len() < 256;
    named.then(|| str::from_utf8(name).ok().map(str::to_owned))?
}

/// Which side of the fence a process is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whereabouts {
    /// In the pinned namespace.
    Inside,
    /// In PID 1's namespace.
    Host,
    /// In another one.
    Elsewhere,
    /// Not to be seen.
    Unseen,
}

/// Where a namespace is, seen from these two.
pub fn whereabouts(
    namespace: Option<NamespaceId>,
    pinned: Option<NamespaceId>,
    host: Option<NamespaceId>,
) -> Whereabouts {
    match namespace {
        None => Whereabouts::Unseen,
        Some(_) if namespace == pinned => Whereabouts::Inside,
        Some(_) if namespace == host => Whereabouts::Host,
        Some(_) if host.is_none() => Whereabouts::Unseen,
        Some(_) => Whereabouts::Elsewhere,
    }
}

/// How many of a unit's processes are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// In the pinned namespace.
    pub inside: usize,
    /// In PID 1's namespace.
    pub host: usize,
    /// In others.
    pub elsewhere: usize,
    /// Not to be seen.
    pub unseen: usize,
}

impl Count {
    /// Counts one more.
    pub fn add(&mut self, place: Whereabouts) {
        match place {
            Whereabouts::Inside => self.inside += 1,
            Whereabouts::Host => self.host += 1,
            Whereabouts::Elsewhere => self.elsewhere += 1,
            Whereabouts::Unseen => self.unseen += 1,
        }
    }

    /// All of them.
    pub fn all(&self) -> usize {
        self.inside + self.host + self.elsewhere + self.unseen
    }

    /// Where the unit is, as a whole. A process elsewhere decides nothing beside others: a runtime's children are in
    /// a namespace of their own from the moment on that they become a container's.
    pub fn verdict(&self) -> Standing {
        match (self.inside, self.host, self.elsewhere) {
            (0, 0, 0) => Standing::Unseen,
            (0, 0, _) => Standing::Elsewhere,
            (_, 0, _) => Standing::Inside,
            (0, _, _) => Standing::Host,
            (_, _, _) => Standing::Torn,
        }
    }
}

/// Where a unit is, as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Inside.
    Inside,
    /// Outside, on the host.
    Host,
    /// In another namespace.
    Elsewhere,
    /// Some of it inside and some on the host.
    Torn,
    /// Not to be seen.
    Unseen,
}

impl Standing {
    /// One word for people and programs.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Inside => "inside",
            Standing::Host => "outside",
            Standing::Elsewhere => "elsewhere",
            Standing::Torn => "torn",
            Standing::Unseen => "unseen",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: Option<NamespaceId> = Some(NamespaceId { dev: 4, ino: 1 });
    const PINNED: Option<NamespaceId> = Some(NamespaceId { dev: 4, ino: 2 });
    const OTHER: Option<NamespaceId> = Some(NamespaceId { dev: 4, ino: 3 });

    #[test]
    fn the_unit_is_the_first_name_below_the_slices() {
        for (cgroup, expected) in [
            ("0::/system.slice/containerd.service\n", Some("containerd.service")),
            ("0::/system.slice/system-getty.slice/getty@tty1.service\n", Some("getty@tty1.service")),
            ("0::/user.slice/user-0.slice/session-3.scope\n", Some("session-3.scope")),
            (
                "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-ab.scope/init\n",
                Some("cri-containerd-ab.scope"),
            ),
            ("0::/system.slice/docker-ab.scope/system.slice/kubelet.service\n", Some("docker-ab.scope")),
            ("0::/../../system.slice/crio.service\n", Some("crio.service")),
            ("0::/system.slice/_cpu.service\n", Some("cpu.service")),
            ("0::/init.scope\n", Some("init.scope")),
            ("0::/\n", None),
            ("0::/kubepods/burstable/pod1\n", None),
            ("", None),
            ("garbage", None),
        ] {
            assert_eq!(unit(cgroup.as_bytes()).as_deref(), expected, "{cgroup}");
        }
    }

    #[test]
    fn a_name_is_as_long_as_systemd_lets_one_be() {
        let named =
            |length: usize| unit(format!("0::/{}.service\n", "a".repeat(length - 8)).as_bytes()).is_some();
        assert!(named(255) && !named(256));
    }

    #[test]
    fn systemds_own_hierarchy_counts_where_there_are_several() {
        let cgroup = b"5:cpu:/x\n1:name=systemd:/system.slice/kubelet.service\n0::/elsewhere.service\n";
        assert_eq!(unit(cgroup).as_deref(), Some("kubelet.service"));
    }

    #[test]
    fn who_may_not_mount_and_who_is_of_another_node_is_told_apart() {
        let status = |uid: &str, pids: &str, capabilities: &str| {
            let text =
                format!("Name:\tkubelet\nUid:\t0\t{uid}\t0\t0\nNSpid:\t{pids}\nCapEff:\t{capabilities}\n");
            let Status { mounts, nested } = Status::parse(text.as_bytes());
            (mounts, nested)
        };
        assert_eq!(status("0", "77", "000001ffffffffff"), (true, false));
        assert_eq!(status("0", "77", "00000000a80425fb"), (false, false));
        assert_eq!(status("1000", "77", "000001ffffffffff"), (false, false));
        assert_eq!(status("0", "77\t1", "000001ffffffffff"), (true, true));
        assert_eq!(Status::parse(b""), Status { mounts: false, nested: false });
    }

    #[test]
    fn a_place_is_known_only_where_both_sides_are() {
        assert_eq!(whereabouts(PINNED, PINNED, HOST), Whereabouts::Inside);
        assert_eq!(whereabouts(HOST, PINNED, HOST), Whereabouts::Host);
        assert_eq!(whereabouts(OTHER, PINNED, HOST), Whereabouts::Elsewhere);
        assert_eq!(whereabouts(OTHER, PINNED, None), Whereabouts::Unseen);
        assert_eq!(whereabouts(None, None, HOST), Whereabouts::Unseen);
    }

    #[test]
    fn each_process_counts_once_and_each_standing_has_its_word() {
        let mut count = Count::default();
        for place in [Whereabouts::Inside, Whereabouts::Host, Whereabouts::Elsewhere, Whereabouts::Unseen] {
            count.add(place);
            count.add(place);
        }
        assert_eq!(count, Count { inside: 2, host: 2, elsewhere: 2, unseen: 2 });
        let all = [Standing::Inside, Standing::Host, Standing::Elsewhere, Standing::Torn, Standing::Unseen];
        assert_eq!(all.map(Standing::word), ["inside", "outside", "elsewhere", "torn", "unseen"]);
    }

    #[test]
    fn what_becomes_a_container_does_not_tear_a_unit() {
        let count = |inside, host, elsewhere| Count { inside, host, elsewhere, unseen: 0 }.verdict();
        assert_eq!(count(3, 0, 1), Standing::Inside);
        assert_eq!(count(0, 3, 1), Standing::Host);
        assert_eq!(count(0, 0, 1), Standing::Elsewhere);
        assert_eq!(count(1, 1, 0), Standing::Torn);
        assert_eq!(count(0, 0, 0), Standing::Unseen);
    }
}
