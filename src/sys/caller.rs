//! Facts about this very process.

use std::fs;

use caps::{CapSet, Capability};
use nix::sys::stat;
use nix::unistd;

use super::namespace::identity;
use super::raw;
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

/// Whether this process has the rights of somebody else than who is logged in: by sudo(8) and the like, or by its file's
/// mode. Where neither the kernel nor systemd knows of a login, it is a service, or root's own console.
pub fn is_raised() -> bool {
    let own = unistd::geteuid().as_raw();
    let audit = fs::read_to_string("/proc/self/loginuid").ok();
    let audit = audit.and_then(|text| text.trim().parse().ok()).filter(|&uid| uid != u32::MAX);
    // As sd_pid_get_owner_uid(3) has it.
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let slices =
        groups.split(['/', '\n']).filter_map(|name| name.strip_prefix("user-")?.strip_suffix(".slice"));
    let owners = slices.filter_map(|uid| uid.parse().ok()).chain(audit);
    raw::privileges_raised_at_exec() || owners.into_iter().any(|uid: u32| uid != own)
}
