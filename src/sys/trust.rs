//! Whose a mount namespace is. Anybody can make one, in a user namespace of his own, that looks like any other from
//! without and from within: with the host's root, its propagation, and any mount at any path. What nobody can forge is
//! which user namespace owns it. Only what was asked that here is pinned, kept, found or entered.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::stat;

use super::namespace::{MountNamespace, identity};
use super::raw::{nsfs, process};
use crate::model::namespace::{Identified, NamespaceId};

/// The inode of the machine's first user namespace (`USER_NS_INIT_INO`, linux/nsfs.h).
const FIRST: u64 = 0xEFFF_FFFD;

/// A mount namespace that nobody made who is not root where it is used.
pub struct Trusted(MountNamespace);

/// What came of the question.
pub enum Owner {
    /// Ours.
    Ours(Trusted),
    /// Another user namespace's: whoever made it decides what a path leads to in it.
    Foreign(MountNamespace),
}

impl Identified for Trusted {
    fn id(&self) -> NamespaceId {
        self.0.id()
    }
}

impl AsFd for Trusted {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Trusted {
    /// As [`MountNamespace::join`].
    ///
    /// # Errors
    /// The same.
    pub fn join(&self) -> io::Result<()> {
        self.0.join()
    }
}

impl Owner {
    /// Joins it in either case, because somebody insists.
    ///
    /// # Errors
    /// As [`MountNamespace::join`].
    pub fn join(&self) -> io::Result<()> {
        match self {
            Owner::Ours(namespace) => namespace.join(),
            Owner::Foreign(namespace) => namespace.join(),
        }
    }
}

/// A user namespace whose mount namespaces are ours.
pub struct Realm(NamespaceId);

impl Realm {
    /// PID 1's.
    ///
    /// # Errors
    /// It cannot be seen: needs `CAP_SYS_PTRACE`.
    pub fn of_init() -> io::Result<Self> {
        Ok(Realm(identity(&stat::stat(c"/proc/1/ns/user")?)))
    }

    /// This process's own.
    ///
    /// # Errors
    /// There is no `/proc`, and the kernel says it in no other way.
    pub fn of_caller() -> io::Result<Self> {
        Ok(Realm(own()?))
    }

    /// Whether it is the machine's first, in which capabilities count for everything.
    pub fn is_first(&self) -> bool {
        self.0.ino == FIRST
    }

    /// Whether both are the same.
    pub fn is(&self, other: &Realm) -> bool {
        self.0 == other.0
    }

    /// Asks a namespace whose it is.
    ///
    /// # Errors
    /// The kernel does not say, and then it may be anybody's. EPERM: the caller is not in the owner or above it.
    pub fn ask(&self, namespace: MountNamespace) -> io::Result<Owner> {
        let owner = owner(&namespace)?;
        Ok(if owner == self.0 { Owner::Ours(Trusted(namespace)) } else { Owner::Foreign(namespace) })
    }
}

/// Asks whether root may enter: the namespace is the first user namespace's, above which there is nobody, or the
/// caller's own one's. Who is in neither could not join it anyway.
///
/// # Errors
/// As [`Realm::ask`]; and where `/proc` is wanted and missing.
pub fn ask(namespace: MountNamespace) -> io::Result<Owner> {
    let foreign = is_foreign(&namespace)?;
    Ok(if foreign { Owner::Foreign(namespace) } else { Owner::Ours(Trusted(namespace)) })
}

/// Whether a namespace is another's, for who only looks at it.
///
/// # Errors
/// As [`ask`].
pub fn is_foreign(namespace: &MountNamespace) -> io::Result<bool> {
    let owner = owner(namespace)?;
    Ok(owner.ino != FIRST && owner != own()?)
}

/// The caller's own user namespace.
fn own() -> io::Result<NamespaceId> {
    let stat = stat::stat(c"/proc/self/ns/user").or_else(|missing| {
        let own = process::open(std::process::id().cast_signed());
        let asked = own.and_then(|own| stat::fstat(process::user_namespace(own.as_fd())?));
        asked.map_err(|_| missing)
    })?;
    Ok(identity(&stat))
}

fn owner(namespace: &MountNamespace) -> io::Result<NamespaceId> {
    let owner = nsfs::owner(namespace.as_fd())?;
    Ok(identity(&stat::fstat(&owner)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::namespace;

    #[test]
    fn ones_own_namespace_is_ones_own() {
        assert!(matches!(ask(namespace::own().unwrap()).unwrap(), Owner::Ours(_)));
        let realm = Realm::of_caller().unwrap();
        assert!(matches!(realm.ask(namespace::own().unwrap()).unwrap(), Owner::Ours(_)));
        let other = Realm(NamespaceId { ino: 1, ..realm.0 });
        assert!(matches!(other.ask(namespace::own().unwrap()).unwrap(), Owner::Foreign(_)));
    }
}
