//! Who else has to do with the mounts: programs that watch them, and containers that alone still have one.

use std::collections::HashSet;
use std::fs;

use super::{census, mounts};
use crate::model::mounts::table::{Device, Mount};
use crate::model::node::facts::{Held, Node, Scanner};
use crate::model::node::members::Process;

/// Programs of the host's that watch single mounts (fanotify(7), `FAN_MARK_MOUNT`), and so see nothing that is opened
/// through the namespace's own copies of them.
pub fn scanners(node: &Node) -> Vec<Scanner> {
    let outside = node.processes().iter().filter(|process| process.namespace == node.host);
    let watches = |process: &&Process| marks(process.pid).unwrap_or(false);
    let told = |process: &Process| Scanner { pid: process.pid, program: process.program.clone() };
    outside.filter(watches).map(told).collect()
}

fn marks(pid: i32) -> Option<bool> {
    for entry in fs::read_dir(format!("/proc/{pid}/fd")).ok()?.filter_map(Result::ok) {
        let link = fs::read_link(entry.path()).ok();
        if link.is_none_or(|link| link.as_os_str() != "anon_inode:[fanotify]") {
            continue;
        }
        let number = entry.file_name();
        let info = fs::read(format!("/proc/{pid}/fdinfo/{}", number.to_str()?)).ok()?;
        let mount = b"fanotify mnt_id:";
        if info.windows(mount.len()).any(|part| part == mount) {
            return Some(true);
        }
    }
    Some(false)
}

/// Devices that are mounted in a container, and neither inside nor on the host any more.
pub fn held(node: &Node) -> Vec<Held> {
    let (Some(host), Some(inside)) = (&node.outside, &node.inside) else {
        return Vec::new();
    };
    let known: HashSet<Device> = host.iter().chain(inside).map(|mount| mount.device).collect();
    let mut homes: HashSet<(u64, u64)> = HashSet::new();
    let mut found: Vec<Held> = Vec::new();
    for process in node.processes() {
        let Some(id) = process.namespace.filter(|id| Some(*id) != node.host && Some(*id) != node.pinned())
        else {
            continue;
        };
        if !homes.insert((id.dev, id.ino)) {
            continue;
        }
        // Who has ended meanwhile has nothing any more.
        let table = mounts::of(process.pid).unwrap_or_default();
        let only = |mount: &&Mount| mount.is_on_a_device() && !known.contains(&mount.device);
        for mount in table.iter().filter(only) {
            found.push(Held {
                pid: process.pid,
                unit: census::one(process.pid).and_then(|whole| whole.unit),
                source: mount.source.clone(),
                target: mount.target.clone(),
            });
        }
    }
    found
}
