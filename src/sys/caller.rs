//! Facts about this very process.

use caps::{CapSet, Capability};
use nix::sys::stat;

use super::namespace::identity;
use crate::model::namespace::NamespaceId;

/// The mount namespace that this process is in; `None` without a `/proc` that knows it.
pub fn namespace() -> Option<NamespaceId> {
    let stat = stat::stat(c"/proc/self/ns/mnt").ok()?;
    Some(identity(&stat))
}

/// Whether this process holds both capabilities that setns(2) into a mount namespace asks for. Where that
/// cannot be read, it counts as no.
pub fn may_join() -> bool {
    [Capability::CAP_SYS_ADMIN, Capability::CAP_SYS_CHROOT]
        .into_iter()
        .all(|capability| caps::has_cap(None, CapSet::Effective, capability).unwrap_or(false))
}
