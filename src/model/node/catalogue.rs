//! What belongs to Kubernetes, and as what: the one table of it. A unit or a process is known by the program that
//! runs, and where that is a script or cannot be seen, by its unit's name.

pub mod behind;

use std::sync::OnceLock;

use super::super::search::base_name;
use super::super::units::entering::{self, Way};
use super::super::units::unit::Unit;
use super::super::units::{command, pattern};

/// What a program is to a Kubernetes node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The container runtime, or a part of it that mounts (a snapshotter).
    Runtime,
    /// The kubelet.
    Kubelet,
    /// Both in one, as k3s is.
    Both,
    /// The runtime's processes that keep a container: `conmon`, `containerd-shim-…`.
    Shim,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// What it is.
    pub role: Role,
    /// Its program's name, or a pattern of that.
    pub program: &'static str,
    /// What its first argument is, several with a bar between them; empty: whatever.
    verbs: &'static str,
    /// Patterns of its units' names, with commas between them.
    names: &'static str,
    /// Its place in the order in which they start.
    pub rank: usize,
}

/// As kubens.conf(5) shows it; a test compares the two word for word. In the order in which they start: the role, the
/// program, its first argument, the units' names.
const TABLE: &str = "
    runtime containerd-stargz-grpc          -                 stargz-snapshotter
    runtime soci-snapshotter-grpc           -                 soci-snapshotter
    runtime containerd-nydus-grpc           -                 nydus-snapshotter
    runtime containerd-fuse-overlayfs-grpc  -                 containerd-fuse-overlayfs
    runtime overlaybd-snapshotter           -                 overlaybd-snapshotter
    runtime crio                            -                 crio,cri-o
    runtime containerd                      -                 containerd,snap.k8s.containerd,snap.microk8s.daemon-containerd
    runtime dockerd                         -                 docker,snap.docker.dockerd
    runtime cri-dockerd                     -                 cri-docker,cri-dockerd
    both    k3s                             server|agent      k3s,k3s-*
    both    rke2                            server|agent      rke2-server,rke2-agent
    both    k0s                             controller|worker k0scontroller,k0sworker
    kubelet microshift                      run               microshift
    kubelet edgecore                        -                 edgecore
    kubelet hyperkube                       kubelet           -
    kubelet kubelite                        -                 snap.microk8s.daemon-kubelite
    kubelet kubelet                         -                 kubelet,snap.kubelet*.daemon,snap.k8s.kubelet,snap.microk8s.daemon-kubelet
    shim    conmon                          -                 crio-conmon-*.scope
    shim    conmonrs                        -                 crio-conmonrs-*.scope
    shim    containerd-shim*                -                 -
";

/// The table as it is asked, which is often: read once.
struct Table {
    members: Vec<Member>,
    /// Patterns of units' names, and whose they are.
    names: Vec<(&'static str, Member)>,
    /// What the names of programs begin with, and what starts a snap, by the first letter.
    heads: [Vec<&'static [u8]>; 256],
}

fn table() -> &'static Table {
    static ALL: OnceLock<Table> = OnceLock::new();
    ALL.get_or_init(|| {
        let members: Vec<_> = rows().collect();
        let of = |member: &Member| member.names.split(',').map(|name| (name, *member)).collect::<Vec<_>>();
        let names = members.iter().flat_map(of).filter(|(name, _)| *name != "-").collect();
        let mut heads = [const { Vec::new() }; 256];
        for head in members.iter().map(|member| member.program.trim_end_matches('*')).chain(["snap"]) {
            heads[usize::from(head.as_bytes()[0])].push(head.as_bytes());
        }
        Table { members, names, heads }
    })
}

/// The table, row by row.
pub fn members() -> impl Iterator<Item = Member> {
    table().members.iter().copied()
}

fn rows() -> impl Iterator<Item = Member> {
    TABLE.lines().filter(|line| !line.is_empty()).enumerate().filter_map(|(rank, line)| {
        let mut columns = line.split_ascii_whitespace();
        let role = match columns.next()? {
            "runtime" => Role::Runtime,
            "kubelet" => Role::Kubelet,
            "both" => Role::Both,
            "shim" => Role::Shim,
            _ => return None,
        };
        let (program, verbs) = (columns.next()?, columns.next()?.trim_matches('-'));
        Some(Member { role, program, verbs, names: columns.next()?, rank })
    })
}

impl Member {
    /// Whether it is the program of that name.
    pub fn is_program(&self, name: &[u8]) -> bool {
        pattern::matches(self.program.as_bytes(), name)
    }

    /// Patterns of its units' names, suffix included.
    pub fn names(self) -> impl Iterator<Item = String> {
        let typed = |name: &str| match name.strip_suffix(".scope") {
            Some(_) => name.to_owned(),
            None => format!("{name}.service"),
        };
        self.names.split(',').filter(|name| *name != "-").map(typed)
    }

    fn runs(&self, words: &[&[u8]]) -> bool {
        let program = words.first().map(|word| base_name(word));
        let first = words.iter().skip(1).find(|word| !word.starts_with(b"-"));
        let verb = |word: &[u8]| self.verbs.split('|').any(|verb| verb.as_bytes() == word);
        program.is_some_and(|name| self.is_program(name))
            && (self.verbs.is_empty() || first.is_some_and(|word| verb(word)))
    }
}

/// What a unit is, by its name alone.
pub fn by_name(unit: &str) -> Option<Member> {
    let service = unit.strip_suffix(".service").unwrap_or_default();
    let named = |name: &str| {
        let unit = if name.strip_suffix(".scope").is_some() { unit } else { service };
        pattern::matches(name.as_bytes(), unit.as_bytes())
    };
    table().names.iter().find(|(name, _)| named(name)).map(|(_, member)| *member)
}

/// What a command line starts, also behind `bash -c`, `snap run`, `env` and the like. A process's own words
/// (`/proc/PID/cmdline`) are one too.
pub fn by_words(words: &[&[u8]]) -> Option<Member> {
    behind::commands(words).iter().find_map(|command| {
        let command: Vec<_> = command.iter().map(Vec::as_slice).collect();
        match behind::snap(&command) {
            Some(unit) => by_name(&unit),
            None => members().find(|member| member.runs(&command)),
        }
    })
}

/// What a process is that runs this program, by its command line (`/proc/PID/cmdline`). Who is on his way to it, by
/// way of a shell or a wrapper, is not there yet.
pub fn of_process(program: &[u8], line: &[u8]) -> Option<Member> {
    // Some write all their words into the first one.
    let words = line.split(|&byte| byte == 0 || byte == b' ').filter(|word| !word.is_empty()).skip(1);
    let words: Vec<_> = [program].into_iter().chain(words).collect();
    // CRI-O's conmon, and not podman's.
    let podman = |word: &&[u8]| word.windows(6).any(|part| part == b"libpod" || part == b"podman");
    members().find(|member| member.runs(&words)).filter(|_| !words.iter().any(podman))
}

/// What a unit is to Kubernetes: by the programs that it runs, and where these are nothing known by its name. What
/// ends by itself is no part of it, nor what keeps a single container.
pub fn by_unit(unit: &Unit) -> Option<Member> {
    if unit.last("Type").is_some_and(|kind| kind.value == "oneshot") {
        return None;
    }
    let commands: Vec<_> = unit.list("ExecStart").iter().flat_map(|set| command::words(set.value)).collect();
    let words: Vec<Vec<&[u8]>> =
        commands.iter().map(|words| words.iter().map(Vec::as_slice).collect()).collect();
    let by_its_name = || {
        let is_node = words.iter().any(|words| entering::way(words) == Some(Way::OtherNode));
        by_name(unit.name.as_str()).filter(|_| !is_node)
    };
    let member = words.iter().find_map(|words| by_words(words)).or_else(by_its_name);
    member.filter(|member| member.role != Role::Shim)
}

/// Whether a text may name a program of the table, or a snap: most units do not, and need no closer look. A name begins
/// where no letter stands before it, or behind an escape (`\x2fkubelet`).
pub fn may_name(text: &[u8]) -> bool {
    let (heads, escapes) = (&table().heads, text.contains(&b'\\'));
    text.iter().enumerate().any(|(at, &letter)| {
        let heads = &heads[usize::from(letter)];
        let begins = || escapes || at == 0 || !text[at - 1].is_ascii_alphanumeric();
        !heads.is_empty() && begins() && heads.iter().any(|head| text[at..].starts_with(head))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(line: &str) -> Option<Role> {
        let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
        by_words(&words).map(|member| member.role)
    }

    #[test]
    fn a_unit_is_known_by_its_name() {
        for (unit, role) in [
            ("kubelet.service", Some(Role::Kubelet)),
            ("snap.kubelet-eks.daemon.service", Some(Role::Kubelet)),
            ("snap.kubelet.daemon.service", Some(Role::Kubelet)),
            ("snap.microk8s.daemon-kubelite.service", Some(Role::Kubelet)),
            ("snap.k8s.containerd.service", Some(Role::Runtime)),
            ("snap.docker.dockerd.service", Some(Role::Runtime)),
            ("crio.service", Some(Role::Runtime)),
            ("k3s-second.service", Some(Role::Both)),
            ("rke2-agent.service", Some(Role::Both)),
            ("crio-conmon-ab.scope", Some(Role::Shim)),
            ("kubelet.scope", None),
            ("crio-conmon-ab.service", None),
            ("snap.k8s.kube-proxy.service", None),
            ("kubens.service", None),
            ("-.service", None),
        ] {
            assert_eq!(by_name(unit).map(|member| member.role), role, "{unit}");
        }
    }

    #[test]
    fn a_process_is_known_by_its_program_and_its_words() {
        for (program, line, role) in [
            ("kubelet", "/usr/bin/kubelet\0--v=2\0", Some(Role::Kubelet)),
            ("k3s", "/usr/local/bin/k3s server\0\0\0", Some(Role::Both)),
            ("k3s", "k3s\0kubectl\0get\0", None),
            ("kubensenter", "kubensenter\0/usr/bin/kubelet\0", None),
            ("dash", "sh\0-c\0kubelet\0", None),
            ("containerd-shim-runc-v2", "/usr/bin/containerd-shim-runc-v2\0-id\0x\0", Some(Role::Shim)),
            ("conmon", "/usr/bin/conmon\0--exit-dir\0/var/run/crio/exits\0", Some(Role::Shim)),
            ("conmon", "/usr/bin/conmon\0--exit-dir\0/run/libpod/exits\0", None),
        ] {
            let found = of_process(program.as_bytes(), line.as_bytes());
            assert_eq!(found.map(|member| member.role), role, "{line:?}");
        }
    }

    #[test]
    fn a_program_is_known_wherever_it_lies() {
        for (line, role) in [
            ("/usr/bin/kubelet --config=x", Some(Role::Kubelet)),
            ("/opt/bin/containerd", Some(Role::Runtime)),
            ("/usr/local/bin/k3s --debug server", Some(Role::Both)),
            ("/usr/local/bin/k3s kubectl get nodes", None),
            ("/hyperkube kubelet -v 2", Some(Role::Kubelet)),
            ("/hyperkube kube-proxy", None),
            ("/usr/bin/conmon -b x", Some(Role::Shim)),
            ("/usr/bin/containerd-shim-runc-v2 -namespace k8s.io", Some(Role::Shim)),
            ("/usr/bin/snap run kubelet-eks.daemon", Some(Role::Kubelet)),
            ("/usr/bin/snap run microk8s.daemon-containerd", Some(Role::Runtime)),
            ("/usr/bin/snap run lxd.daemon", None),
            ("/usr/bin/kubenswrapper /usr/bin/kubelet", Some(Role::Kubelet)),
            ("/usr/bin/kubensenter --argv0 x -- crio", Some(Role::Runtime)),
            ("/usr/bin/node_exporter --kubelet", None),
            ("/usr/bin/kubelet-probe", None),
        ] {
            assert_eq!(starts(line), role, "{line}");
        }
        assert_eq!(by_words(&[]), None);
        assert_eq!(
            by_words(&[b"/bin/sh", b"-c", b"test -e /x && exec kubelet $A"]).unwrap().role,
            Role::Kubelet
        );
    }

    #[test]
    fn a_text_that_names_none_needs_no_closer_look() {
        for member in members() {
            let program = member.program.replace('*', "-x");
            assert!(may_name(format!("[Service]\nExecStart=/opt/{program} x\n").as_bytes()), "{program}");
        }
        assert!(may_name(b"ExecStart=/usr/bin/snap run x.y") && !may_name(b"ExecStart=/usr/sbin/sshd -D"));
        assert!(!may_name(b"") && may_name(br"ExecStart=/usr/bin\x2fkubelet"));
    }

    #[test]
    fn the_runtime_starts_before_the_kubelet_and_what_it_needs_before_it() {
        let rank = |unit| by_name(unit).unwrap().rank;
        let order =
            ["soci-snapshotter.service", "containerd.service", "docker.service", "cri-docker.service"];
        let ranks = order.map(rank);
        assert!(ranks.is_sorted() && ranks[3] < rank("kubelet.service"));
        assert!(members().count() > 15);
        // Not one is lost to a slip of the pen.
        assert_eq!(members().count(), TABLE.trim().lines().count());
    }
}
