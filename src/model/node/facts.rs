//! A node as it was seen at one moment. Whatever could not be seen is `None`, and [`Node::blind`] says why.

use std::collections::BTreeMap;

use crate::model::mounts::compare::{self, Comparison, Propagation};
use crate::model::mounts::table::Mount;
use crate::model::namespace::NamespaceId;
use crate::model::node::members::{self, Count, Process};

/// What is at the pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pinning {
    /// A mount namespace.
    Pinned(NamespaceId),
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
}

/// A node, seen at one moment.
#[derive(Debug)]
pub struct Node {
    /// The pin's path.
    pub point: Vec<u8>,
    /// What is there.
    pub pinning: Pinning,
    /// PID 1's namespace.
    pub host: Option<NamespaceId>,
    /// The caller's namespace.
    pub caller: Option<NamespaceId>,
    /// The pinned namespace's mounts.
    pub inside: Option<Vec<Mount>>,
    /// How many mounts the kernel counts in the pinned namespace.
    pub counted: Option<usize>,
    /// The host's mounts.
    pub outside: Option<Vec<Mount>>,
    /// All processes but this one.
    pub processes: Vec<Process>,
    /// When the pin was made, in seconds since 1970.
    pub since: Option<u64>,
    /// Whether the unit that makes pins is active.
    pub by_unit: bool,
    /// What could not be seen, and why, one line each.
    pub blind: Vec<String>,
}

/// A node and what follows from its tables and its processes at once.
pub struct View<'a> {
    /// The node.
    pub node: &'a Node,
    /// The pinned namespace.
    pub pinned: Option<NamespaceId>,
    /// Processes by unit; the empty name stands for those of none.
    pub units: BTreeMap<&'a str, Count>,
    /// The tables compared.
    pub comparison: Option<Comparison>,
    /// Whether mounts go the right way.
    pub propagation: Option<Propagation>,
}

impl Node {
    /// The pinned namespace.
    pub fn pinned(&self) -> Option<NamespaceId> {
        match self.pinning {
            Pinning::Pinned(id) => Some(id),
            Pinning::Nothing(_) | Pinning::Unknown(_) => None,
        }
    }

    /// How many mounts the pinned namespace has: as many as its table shows or, unread, as the kernel says.
    pub fn inside_count(&self) -> Option<usize> {
        self.inside.as_ref().map(Vec::len).or(self.counted)
    }

    /// What made the pin.
    pub fn maker(&self) -> Option<Maker> {
        let host = self.outside.as_ref()?;
        let pin = host.iter().rev().find(|mount| mount.target == self.point && mount.kind == b"nsfs")?;
        let beneath = host.iter().find(|mount| mount.id == pin.parent)?;
        let own = pin.target.strip_prefix(beneath.target.as_slice()) == Some(b"/mnt");
        let sealed = beneath.super_options.split(|&byte| byte == b',').any(|option| option == b"ro");
        Some(if own && sealed { Maker::Kubensctl } else { Maker::Older })
    }

    /// What follows from it.
    pub fn view(&self) -> View<'_> {
        let pinned = self.pinned();
        let tables = self.inside.as_deref().zip(self.outside.as_deref());
        let comparison = tables.map(|(inside, outside)| compare::compare(inside, outside, &self.point));
        let propagation = tables
            .zip(comparison.as_ref())
            .map(|((inside, outside), comparison)| compare::propagation(inside, outside, comparison));
        let units = members::by_unit(&self.processes, pinned, self.host);
        View { node: self, pinned, units, comparison, propagation }
    }
}

impl View<'_> {
    /// How many mounts only the namespace has.
    pub fn hidden(&self) -> Option<usize> {
        self.comparison.as_ref().map(Comparison::hidden)
    }

    /// How many processes are inside.
    pub fn members(&self) -> usize {
        self.units.values().map(|count| count.inside).sum()
    }

    /// Whether no process's namespace could be seen: not even PID 1's, or none but the caller's own user's.
    pub fn sees_processes(&self) -> bool {
        self.node.host.is_some() && self.units.values().all(|count| count.unseen == 0)
    }
}
