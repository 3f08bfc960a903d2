//! The end of a namespace, when the machine goes down: what is unmounted in it, and in which order.

use std::collections::HashSet;

use crate::model::mounts::compare::Origin;
use crate::model::mounts::kinds;
use crate::model::mounts::paths::Tree;
use crate::model::mounts::table::{Device, Mount};

/// A mount that is to go.
#[derive(Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// Where it is.
    pub target: &'a [u8],
    /// Its file system's device.
    pub device: Device,
    /// Whether its file system keeps what is written to it, on a device or with somebody else.
    pub stored: bool,
    /// Whether somebody else answers for it, who may be gone.
    pub remote: bool,
}

/// What the host does not have, and whatever stands on that; what stands on another goes before it. `origins` are those
/// of `inside`, in its order.
pub fn steps<'a>(inside: &'a [Mount], origins: &[Origin]) -> Vec<Step<'a>> {
    let tree = Tree::new(inside);
    let own = inside.iter().zip(origins).filter(|(_, origin)| origin.hidden());
    let own: HashSet<u32> = own.map(|(mount, _)| mount.id).collect();
    let mut going: Vec<(usize, &Mount)> = inside
        .iter()
        .filter(|mount| tree.line(mount).any(|mount| own.contains(&mount.id)))
        .map(|mount| (tree.line(mount).count(), mount))
        .collect();
    // Of several on one place the table has the topmost last.
    going.reverse();
    going.sort_by_key(|&(depth, _)| std::cmp::Reverse(depth));
    let step = |(_, mount): (usize, &'a Mount)| Step {
        target: &mount.target,
        device: mount.device,
        stored: kinds::is_stored(&mount.kind, mount.device),
        remote: kinds::is_remote(&mount.kind),
    };
    going.into_iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mounts::table::parse;

    #[test]
    fn what_stands_on_another_goes_first_and_what_is_the_hosts_stays() {
        let table = parse(
            b"1 0 8:1 / / rw - ext4 a rw\n2 1 0:30 / /run rw - tmpfs t rw\n3 1 8:16 / /vol rw - ext4 b rw\n\
              4 3 0:31 / /vol/in rw - tmpfs t rw\n5 4 0:32 / /vol/in/host rw - tmpfs t rw\n\
              6 2 0:40 / /run/nfs rw - nfs4 s:/ rw\n7 3 8:16 /sub /vol rw - ext4 b rw",
        );
        let (host, own) = (Origin::Arrived, Origin::Own);
        let steps = steps(&table, &[host, host, own, own, host, Origin::Lingering, own]);
        let told: Vec<_> = steps
            .iter()
            .map(|step| (std::str::from_utf8(step.target).unwrap(), step.stored, step.remote))
            .collect();
        assert_eq!(
            told,
            [
                ("/vol/in/host", false, false),
                ("/vol", true, false),
                ("/run/nfs", true, true),
                ("/vol/in", false, false),
                ("/vol", true, false),
            ]
        );
    }
}
