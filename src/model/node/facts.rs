//! The facts: a node as it was seen at one moment. Whatever could not be seen is `None`, and [`Node::blind`] says why.

use super::judgement::{Evidence, evidence};
use super::manager::Told;
use super::members::Process;
use crate::model::mounts::compare::{self, Comparison, Propagation};
use crate::model::mounts::pods::Pods;
use crate::model::mounts::table::Mount;
use crate::model::namespace::NamespaceId;

/// What is at the pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pinning {
    /// A mount namespace.
    Pinned(NamespaceId),
    /// A mount namespace of another user namespace than the host's: whoever made that decides what is in it.
    Foreign(NamespaceId),
    /// Nothing, or something else: what it looks like, for a person.
    Nothing(String),
    /// It cannot be seen, for this reason.
    Unknown(String),
}

/// What made the pin, by the marks that it left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// `kubensctl pin`: the pin has a read-only file system of its own.
    Kubensctl,
    /// Another: the pin lies in a directory that can be written.
    Older,
    /// container-mount-namespace.service, in its own place.
    OlderService,
}

/// A mount namespace that is neither the host's nor pinned, and in which a runtime, a kubelet or a shim lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apart {
    /// Which.
    pub id: NamespaceId,
    /// Whether it has the mark of a namespace that `kubensctl pin` made.
    pub marked: bool,
    /// The namespace that its own mounts appear in as well, because they are peers.
    pub peer: Option<NamespaceId>,
}

/// A program of the host's that watches single mounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanner {
    /// Its process.
    pub pid: i32,
    /// Its name.
    pub program: Vec<u8>,
}

/// A mount namespace beside the host's and the pinned one: most are containers' and sandboxes'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// A process that lives in it.
    pub pid: i32,
    /// That process's unit.
    pub unit: Option<String>,
    /// The mounts that it sees.
    pub mounts: Vec<Mount>,
}

/// A file system on a device that nobody has mounted and that lives on all the same, as it may where an overlay has
/// layers that are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// The device.
    pub device: String,
    /// The overlays inside that have such layers: where they are mounted.
    pub overlays: Vec<Vec<u8>>,
}

/// A node, seen at one moment.
#[derive(Debug)]
pub struct Node {
    /// The pin's path.
    pub point: Vec<u8>,
    /// What is there.
    pub pinning: Pinning,
    /// What container-mount-namespace.service has pinned.
    pub older: Option<NamespaceId>,
    /// PID 1's namespace.
    pub host: Option<NamespaceId>,
    /// The caller's namespace.
    pub caller: Option<NamespaceId>,
    /// The mounts of the namespace at the pin or, where nothing is pinned there, of the older service's.
    pub inside: Option<Vec<Mount>>,
    /// How many mounts the kernel counts in it.
    pub counted: Option<usize>,
    /// The host's mounts.
    pub outside: Option<Vec<Mount>>,
    /// All processes but this one; `None`: they could not be listed.
    pub processes: Option<Vec<Process>>,
    /// The namespaces beside the host's and the pinned that decide something.
    pub apart: Vec<Apart>,
    /// What systemd says of kubens.service and of the units of Kubernetes; none, where systemd does not run.
    pub units: Option<Vec<Told>>,
    /// Who watches single mounts; looked for by a whole look.
    pub scanners: Vec<Scanner>,
    /// All other mount namespaces; looked for by a whole look.
    pub elsewhere: Vec<Elsewhere>,
    /// What only overlays still use; looked for by a whole look.
    pub strays: Vec<Stray>,
    /// The names of the pods whose mounts the host has as well; looked for by a whole look.
    pub pods: Pods,
    /// Why kubens.service failed, in its own last words.
    pub last_words: Option<String>,
    /// When the pin was made, in seconds since 1970.
    pub since: Option<u64>,
    /// Whether the unit that makes pins is active.
    pub by_unit: bool,
    /// What PID 1 has used of a CPU since the start, in hundredths of a second.
    pub init_cpu: Option<u64>,
    /// What could not be seen, and why, one line each.
    pub blind: Vec<String>,
}

/// A node and what follows from its tables and its processes at once.
pub struct View<'a> {
    /// The node.
    pub node: &'a Node,
    /// The namespace that counts as inside: the pinned one, else the one that lost its pin.
    pub home: Option<NamespaceId>,
    /// What a verdict rests on.
    pub evidence: Evidence,
    /// The tables compared.
    pub comparison: Option<Comparison>,
    /// Whether mounts go the right way.
    pub propagation: Option<Propagation>,
}

impl Node {
    /// The pinned namespace, here or by the older service.
    pub fn pinned(&self) -> Option<NamespaceId> {
        match self.pinning {
            Pinning::Pinned(id) | Pinning::Foreign(id) => Some(id),
            Pinning::Nothing(_) => self.older,
            Pinning::Unknown(_) => None,
        }
    }

    /// The processes that were seen.
    pub fn processes(&self) -> &[Process] {
        self.processes.as_deref().unwrap_or_default()
    }

    /// How many mounts the pinned namespace has: as many as its table shows or, unread, as the kernel says.
    pub fn inside_count(&self) -> Option<usize> {
        self.inside.as_ref().map(Vec::len).or(self.counted)
    }

    /// Where the pin is in the host's table.
    pub fn pin_mount(&self) -> Option<usize> {
        let root = self.pinned()?.to_string();
        let is_pin = |mount: &Mount| mount.kind == b"nsfs" && mount.root == root.as_bytes();
        self.outside.as_ref()?.iter().rposition(is_pin)
    }

    /// What made the pin.
    pub fn maker(&self) -> Option<Maker> {
        if matches!(self.pinning, Pinning::Nothing(_)) {
            return self.older.map(|_| Maker::OlderService);
        }
        let host = self.outside.as_ref()?;
        let pin = host.iter().rev().find(|mount| mount.target == self.point && mount.kind == b"nsfs")?;
        let beneath = host.iter().find(|mount| mount.id == pin.parent)?;
        let own = pin.target.strip_prefix(beneath.target.as_slice()) == Some(b"/mnt");
        let sealed = beneath.super_options.split(|&byte| byte == b',').any(|option| option == b"ro");
        Some(if own && sealed { Maker::Kubensctl } else { Maker::Older })
    }

    /// What follows from it.
    pub fn view(&self) -> View<'_> {
        let tables = self.inside.as_deref().zip(self.outside.as_deref());
        let comparison = tables.map(|(inside, outside)| compare::compare(inside, outside, &self.point));
        let propagation = tables
            .zip(comparison.as_ref())
            .and_then(|((inside, outside), comparison)| compare::propagation(inside, outside, comparison));
        let (evidence, home) = evidence::of(self, propagation);
        View { node: self, home, evidence, comparison, propagation }
    }
}

impl View<'_> {
    /// How many mounts only the namespace has.
    pub fn hidden(&self) -> Option<usize> {
        self.comparison.as_ref().map(Comparison::hidden)
    }

    /// The processes that are inside.
    pub fn members(&self) -> impl Iterator<Item = &Process> {
        let home = self.home;
        self.node.processes().iter().filter(move |process| home.is_some() && process.namespace == home)
    }

    /// Whether all processes' namespaces could be seen, PID 1's first of all.
    pub fn sees_processes(&self) -> bool {
        !self.evidence.blind
    }
}
