//! What a namespace is to this program, and what may be found where a pin is expected.

use std::fmt::{self, Display, Formatter};
use std::io;

/// A namespace's identity: the device and inode of its nsfs file (namespaces(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NamespaceId {
    /// nsfs's device number, one a kernel.
    pub dev: u64,
    /// The namespace's inode, never used twice while the namespace lives.
    pub ino: u64,
}

impl Display for NamespaceId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "mnt:[{}]", self.ino)
    }
}

/// What has a namespace's identity: an open descriptor in the program, a plain id in tests.
pub trait Identified {
    /// Which namespace it is.
    fn id(&self) -> NamespaceId;
}

impl Identified for NamespaceId {
    fn id(&self) -> NamespaceId {
        *self
    }
}

/// What is there, where a pinned mount namespace was looked for.
#[derive(Debug)]
pub enum PinState<N> {
    /// Nothing has that name; the error says in which way.
    Absent(io::Error),
    /// An empty plain file: a bind point without its namespace. So a pin looks in every copy of the host's
    /// mount namespace, because the kernel leaves such pins out of a copy.
    Vacant,
    /// Something that is no mount namespace, as a noun phrase: `a network namespace`.
    Foreign(&'static str),
    /// It could not be looked at, so it may be anything.
    Unknown(io::Error),
    /// A mount namespace.
    Live(N),
}
