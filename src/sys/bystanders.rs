//! Who else has to do with the mounts: programs that watch them, and what containers and sandboxes have of them. Of a
//! process that cannot be looked at it is not known whether it is one, and that is said.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;

use super::namespace::living;
use super::processes::unless_ended;
use super::tree::Tree;
use super::{census, mounts, pods};
use crate::model::mounts::paths::is_below;
use crate::model::mounts::pods::Pods;
use crate::model::mounts::table::{Device, Mount};
use crate::model::mounts::{compare, kinds, left};
use crate::model::namespace::NamespaceId;
use crate::model::node::facts::{Apart, Elsewhere, Node, Scanner, Stray};
use crate::model::node::members::Process;
use crate::model::pin::Pin;
use crate::model::text::{counted, reason};

/// Looks for them.
pub fn look(node: &mut Node) {
    node.scanners = scanners(node);
    node.elsewhere = elsewhere(node);
    node.strays = strays(node);
    node.pods = names(node);
}

/// The names of the pods whose mounts the host has as well.
fn names(node: &Node) -> Pods {
    let tables = node.outside.as_deref().zip(node.inside.as_deref()).zip(node.pinned());
    let copies =
        tables.map(|((host, inside), pinned)| left::copies(host, inside, pinned)).unwrap_or_default();
    pods::names(left::containers(&copies))
}

/// Programs of the host's that watch single mounts (fanotify(7), `FAN_MARK_MOUNT`), and so see nothing that is opened
/// through the namespace's own copies of them.
fn scanners(node: &mut Node) -> Vec<Scanner> {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for process in node.processes().iter().filter(|process| process.namespace == node.host) {
        match marks(process.pid) {
            Ok(true) => found.push(Scanner { pid: process.pid, program: process.program.clone() }),
            Ok(false) => {}
            Err(error) => errors.push(error),
        }
    }
    node.blind.extend(unseen("what the host's processes watch", &errors));
    found
}

/// Whether a process has a mark on a mount. One that has ended has none.
fn marks(pid: i32) -> io::Result<bool> {
    let task = living(pid);
    let place = format!("/proc/{pid}/task/{task}");
    let Some(files) = unless_ended(pid, task, fs::read_dir(format!("{place}/fd")))? else {
        return Ok(false);
    };
    let mount = b"fanotify mnt_id:";
    let marked = |file: &DirEntry| -> io::Result<bool> {
        if fs::read_link(file.path())?.as_os_str() != "anon_inode:[fanotify]" {
            return Ok(false);
        }
        let info = fs::read(Path::new(&format!("{place}/fdinfo")).join(file.file_name()))?;
        Ok(info.windows(mount.len()).any(|part| part == mount))
    };
    for entry in files {
        let Some(entry) = unless_ended(pid, task, entry)? else { break };
        match marked(&entry) {
            // Closed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(false) => {}
            end => return Ok(unless_ended(pid, task, end)?.unwrap_or_default()),
        }
    }
    Ok(false)
}

/// What there is to know of the namespaces beside the known ones in which something lives that decides.
pub fn apart(
    processes: &[Process],
    known: &[NamespaceId],
    pin: &Pin,
    tables: [(Option<&[Mount]>, Option<NamespaceId>); 2],
    blind: &mut Vec<String>,
) -> Vec<Apart> {
    let mut found: Vec<Apart> = Vec::new();
    for process in processes.iter().filter(|process| process.role.is_some()) {
        let Some(id) = process.namespace.filter(|id| !known.contains(id)) else {
            continue;
        };
        if found.iter().any(|apart| apart.id == id) {
            continue;
        }
        let table = match mounts::of(process.pid) {
            Ok(Some(table)) => table,
            // Who has ended meanwhile decides nothing any more.
            Ok(None) => continue,
            Err(error) => {
                blind.push(format!("the mounts of process {}: {}", process.pid, reason(&error)));
                continue;
            }
        };
        let peer = tables
            .iter()
            .find_map(|(other, id)| id.filter(|_| compare::peers(&table, other.unwrap_or_default())));
        found.push(Apart { id, marked: compare::is_marked(&table, pin.point().to_bytes()), peer });
    }
    found
}

/// The tables of the namespaces beside the host's and the pinned one. One whose processes have ended meanwhile is gone.
fn elsewhere(node: &mut Node) -> Vec<Elsewhere> {
    let mut known: HashSet<_> = [node.host, node.pinned()].into_iter().flatten().collect();
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for process in node.processes() {
        let Some(id) = process.namespace.filter(|id| !known.contains(id)) else { continue };
        match mounts::of(process.pid) {
            Ok(Some(mounts)) => {
                known.insert(id);
                found.push(Elsewhere { pid: process.pid, unit: census::unit_of(process.pid), mounts });
            }
            Ok(None) => {}
            Err(error) => errors.push(error),
        }
    }
    node.blind.extend(unseen("the mounts that containers have", &errors));
    found
}

/// Where the kernel keeps, by its device's name, each live file system of these kinds.
const LIVE: [&str; 3] = ["/sys/fs/ext4", "/sys/fs/xfs", "/sys/fs/f2fs"];

/// File systems that no table has a mount of, and the overlays inside that may be why.
fn strays(node: &Node) -> Vec<Stray> {
    let tables = [&node.outside, &node.inside].into_iter().flatten();
    let tables = tables.chain(node.elsewhere.iter().map(|one| &one.mounts));
    let mounted: HashSet<Device> = tables.flatten().map(|mount| mount.device).collect();
    let names = LIVE.iter().filter_map(|kind| fs::read_dir(kind).ok()).flatten().flatten();
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let lost = |name: &String| device(name).is_some_and(|device| !mounted.contains(&device));
    let lost: Vec<_> = names.filter(lost).collect();
    // Where nobody lives inside, no container is there to be named. A runtime's or a kubelet's root is the namespace's;
    // another's may be a directory of its own choice.
    let home = node.pinned();
    let members = node.processes().iter().filter(|process| home.is_some() && process.namespace == home);
    let member = members.max_by_key(|process| process.role.is_some());
    let root = |member: &Process| Tree::new(Some(Path::new(&format!("/proc/{}/root", member.pid)))).ok();
    let Some(root) = member.filter(|_| !lost.is_empty()).and_then(root) else {
        return Vec::new();
    };
    let table = node.inside.as_deref().unwrap_or_default();
    let gone = |path: &[u8]| {
        // Whoever answers for that file system need not answer.
        let waits = table.iter().any(|mount| kinds::is_remote(&mount.kind) && is_below(path, &mount.target));
        let opened = || root.open(Path::new(OsStr::from_bytes(path)), OFlag::O_PATH);
        !waits && opened().err() == Some(Errno::ENOENT)
    };
    let hosts: HashSet<Device> = node.outside.iter().flatten().map(|mount| mount.device).collect();
    let own = |mount: &&Mount| mount.kind == b"overlay" && !hosts.contains(&mount.device);
    let broken = table.iter().filter(own).filter(|mount| mount.layers().any(gone));
    let overlays: Vec<_> = broken.map(|mount| mount.target.clone()).collect();
    let lost = lost.iter().filter(|_| !overlays.is_empty());
    lost.map(|name| Stray { device: format!("/dev/{name}"), overlays: overlays.clone() }).collect()
}

/// A device's number.
fn device(name: &str) -> Option<Device> {
    let text = fs::read_to_string(format!("/sys/class/block/{name}/dev")).ok()?;
    let (major, minor) = text.trim_end().split_once(':')?;
    Some(Device { major: major.parse().ok()?, minor: minor.parse().ok()? })
}

fn unseen(what: &str, errors: &[io::Error]) -> Option<String> {
    let first = errors.first()?;
    Some(format!("{what}: of {} ({})", counted(errors.len(), "process"), reason(first)))
}
