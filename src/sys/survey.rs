//! Looks at the whole node at once: the pin, both mount tables, every process. Changes nothing, leaves nothing
//! behind, and goes on where something cannot be seen.

use std::collections::HashSet;
use std::ffi::{CStr, CString, OsStr};
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::mounts::Proc;
use super::namespace::{self, Link, MountNamespace};
use super::tables::{Reader, Stranded};
use super::{bystanders, caller, census, manager, mounts, tables, trust};
use crate::log::debug;
use crate::model::mounts::pods::Pods;
use crate::model::mounts::table::Mount;
use crate::model::mounts::{owner, paths};
use crate::model::namespace::{Identified, NamespaceId, PinState};
use crate::model::node::facts::{Node, Pinning};
use crate::model::node::members::Process;
use crate::model::pin::Pin;
use crate::model::text::reason;

/// PID 1's root, which shows the host from within every sandbox.
const HOST_ROOT: &[u8] = b"/proc/1/root";
/// PID 1.
const INIT: i32 = 1;
/// What systemd keeps for as long as the unit is active (systemd's journal reads it too).
const INVOCATION: &str = "run/systemd/units/invocation:kubens.service";
/// Where container-mount-namespace.service pins.
const OLDER_POINT: &CStr = c"/run/container-mount-namespace/mnt";

/// Looks at all.
///
/// # Errors
/// Stranded: nothing that this process does after that can be relied on.
pub fn look(pin: &Pin) -> Result<Node, Stranded> {
    let mut node = survey(pin, census::all, whole)?;
    bystanders::look(&mut node);
    Ok(node)
}

/// Looks at all, and of the mounts inside only at what tells them from the host's: the kernel takes long to say
/// where thousands are.
///
/// # Errors
/// As [`look`].
pub fn glance(pin: &Pin) -> Result<Node, Stranded> {
    survey(pin, census::all, outline)
}

/// Looks at the pin and the mounts, and at no process.
///
/// # Errors
/// As [`look`].
pub fn look_at_mounts(pin: &Pin) -> Result<Node, Stranded> {
    survey(pin, |_| Ok(Vec::new()), whole)
}

/// The mount tables of both sides, open; the inside's first.
///
/// # Errors
/// As [`look`]; the inner one: nothing is pinned, or it cannot be visited.
pub fn tables(pin: &Pin) -> Result<io::Result<[File; 2]>, Stranded> {
    let [here, older] = [open(&pin.point()), open(OLDER_POINT)];
    let Some(namespace) = live(&here).or_else(|| live(&older)) else {
        return Ok(Err(Errno::ENOENT.into()));
    };
    match trust::is_foreign(namespace) {
        Ok(false) => {}
        Ok(true) => return Ok(Err(Errno::ENOENT.into())),
        Err(error) => return Ok(Err(error)),
    }
    let inside = visit(namespace, caller::namespace(), &Proc::table)?;
    Ok(inside.and_then(|inside| Ok([inside, File::open(format!("/proc/{INIT}/mountinfo"))?])))
}

type Census = fn(&[NamespaceId]) -> io::Result<Vec<Process>>;
/// How much of the mounts inside is looked at; the host's are there to compare them with.
type Look = fn(&Proc, &[Mount]) -> io::Result<Vec<Mount>>;

/// All of them.
fn whole(proc: &Proc, _: &[Mount]) -> io::Result<Vec<Mount>> {
    proc.mounts()
}

/// Where the host has no mount of a mount's device it has not that mount either, wherever that is.
fn outline(proc: &Proc, host: &[Mount]) -> io::Result<Vec<Mount>> {
    let devices: HashSet<_> = host.iter().map(|mount| mount.device).collect();
    tables::outline(proc, |device| devices.contains(&device))
}

fn survey(pin: &Pin, census: Census, look: Look) -> Result<Node, Stranded> {
    let mut blind = Vec::new();
    let caller = caller::namespace();
    let outside = mounts::of(INIT).and_then(|table| table.ok_or_else(|| Errno::ESRCH.into()));
    let here = open(&pin.point());
    let older = Some(open(OLDER_POINT)).filter(|_| pin.point().as_c_str() != OLDER_POINT);
    // What another user namespace owns is not visited: nothing in it is what it seems.
    let foreign = live(&here).map(trust::is_foreign).transpose();
    let visited =
        live(&here).or_else(|| live(older.as_ref()?)).filter(|_| !matches!(foreign, Ok(Some(true))));
    let host_table = outside.as_deref().unwrap_or_default();
    let read = |proc: &Proc| look(proc, host_table);
    let visit = visited.map(|namespace| visit(namespace, caller, &read)).transpose()?;
    let outside =
        outside.inspect_err(|error| blind.push(format!("the host's mounts: {}", reason(error)))).ok();
    let host = host(caller, outside.as_deref(), &mut blind);
    let older = older.as_ref().and_then(live).map(Identified::id);
    let pinning = match foreign {
        Ok(Some(true)) => live(&here).map_or(Pinning::Unknown(String::new()), |it| Pinning::Foreign(it.id())),
        Err(error) => Pinning::Unknown(format!("whose it is: {}", reason(&error))),
        Ok(Some(false) | None) => pinning(&here, pin, host, outside.as_deref()),
    };
    if let Pinning::Unknown(why) = &pinning {
        blind.push(format!("the pin: {why}"));
    }
    let wanted: Vec<_> = [live(&here).map(Identified::id), older, host].into_iter().flatten().collect();
    let processes =
        census(&wanted).inspect_err(|error| blind.push(format!("processes: {}", reason(error)))).ok();
    let hidden = processes.iter().flatten().filter(|process| process.namespace.is_none()).count();
    if hidden > 0 {
        blind.push(format!("the mount namespaces of {hidden} processes (needs CAP_SYS_PTRACE)"));
    }
    let seen = processes.as_deref().unwrap_or_default();
    let inside = visit.zip(visited).and_then(|(visit, namespace)| {
        let table = visit.or_else(|error| as_a_member_sees_it(namespace, seen).ok_or(error));
        table.inspect_err(|error| blind.push(format!("the mounts inside: {}", reason(error)))).ok()
    });
    let apart = bystanders::apart(
        seen,
        &wanted,
        pin,
        [(outside.as_deref(), host), (inside.as_deref(), visited.map(Identified::id))],
        &mut blind,
    );
    Ok(Node {
        point: pin.point().into_bytes(),
        pinning,
        older,
        host,
        caller,
        counted: visited.and_then(tables::count),
        inside,
        outside,
        apart,
        processes,
        units: None,
        scanners: Vec::new(),
        elsewhere: Vec::new(),
        strays: Vec::new(),
        pods: Pods::default(),
        last_words: None,
        since: since(pin.dir()),
        by_unit: [Path::new("/"), host_root().as_path()]
            .iter()
            .any(|root| root.join(INVOCATION).is_symlink()),
        init_cpu: census::cpu_time(INIT),
        blind,
    })
}

fn host_root() -> PathBuf {
    PathBuf::from(OsStr::from_bytes(HOST_ROOT))
}

/// The same path of PID 1's root. Both halves are free of NUL.
fn beyond(path: &CStr) -> CString {
    CString::new([HOST_ROOT, path.to_bytes()].concat()).unwrap_or_default()
}

/// What is at the pin, here or, where the kernel left it out of a copy of the host's namespace, on the host.
fn open(point: &CStr) -> PinState<MountNamespace> {
    match namespace::open(point, Link::Refuse) {
        here @ (PinState::Absent(_) | PinState::Vacant | PinState::Foreign(_)) => {
            match namespace::open(&beyond(point), Link::Refuse) {
                PinState::Absent(_) => here,
                beyond @ (PinState::Live(_)
                | PinState::Unknown(_)
                | PinState::Vacant
                | PinState::Foreign(_)) => beyond,
            }
        }
        here @ (PinState::Live(_) | PinState::Unknown(_)) => here,
    }
}

/// PID 1's namespace. Where it is not shown, it is the caller's if both see the same mounts: no number of a mount is
/// used twice at one time. PID 1 of a container is not the host's.
fn host(
    caller: Option<NamespaceId>,
    outside: Option<&[Mount]>,
    blind: &mut Vec<String>,
) -> Option<NamespaceId> {
    if !manager::is_booted() && outside.is_some_and(owner::is_of_a_container) {
        blind.push("the host: PID 1 here is a container's (needs the host's PID namespace)".to_owned());
        return None;
    }
    let seen = || {
        if let PinState::Live(host) = namespace::open(c"/proc/1/ns/mnt", Link::Follow) {
            return Some(host.id());
        }
        let own = tables::of_caller(&Proc::mounts).ok()?;
        let same = paths::top(&own, b"/")?.id == paths::top(outside?, b"/")?.id;
        caller.filter(|_| same)
    };
    let host = seen();
    if host.is_none() {
        blind.push("PID 1's mount namespace (needs CAP_SYS_PTRACE and all that PID 1 may)".to_owned());
    }
    host
}

fn pinning(
    pinned: &PinState<MountNamespace>,
    pin: &Pin,
    host: Option<NamespaceId>,
    outside: Option<&[Mount]>,
) -> Pinning {
    // Without the host nothing is where it would be.
    let nothing = |what: &str| match host {
        Some(_) => Pinning::Nothing(what.to_owned()),
        None => Pinning::Unknown(format!("there is {what} in its place here")),
    };
    let found = match pinned {
        PinState::Live(namespace) if Some(namespace.id()) == host => {
            nothing("the host's own mount namespace")
        }
        PinState::Live(namespace) => return Pinning::Pinned(namespace.id()),
        PinState::Absent(_) => nothing("nothing"),
        PinState::Vacant => nothing("an empty plain file"),
        PinState::Foreign(what) => nothing(what),
        PinState::Unknown(error) => Pinning::Unknown(reason(error)),
    };
    // A caller in a sandbox, without privilege, cannot look at the host's files, but may read its mount table.
    let id = outside.and_then(|outside| {
        let top = paths::top(outside, pin.point().to_bytes()).filter(|top| top.kind == b"nsfs")?;
        let ino =
            std::str::from_utf8(&top.root).ok()?.strip_prefix("mnt:[")?.strip_suffix(']')?.parse().ok()?;
        Some(NamespaceId { dev: caller::namespace()?.dev, ino })
    });
    match id {
        Some(id) if Some(id) != host => Pinning::Pinned(id),
        Some(_) | None => found,
    }
}

/// The namespace, where there is one.
fn live(pinned: &PinState<MountNamespace>) -> Option<&MountNamespace> {
    match pinned {
        PinState::Live(namespace) => Some(namespace),
        PinState::Absent(_) | PinState::Vacant | PinState::Foreign(_) | PinState::Unknown(_) => None,
    }
}

/// What is read of the pinned namespace's table: of our own, if we are in it, else by a visit.
fn visit<T>(
    namespace: &MountNamespace,
    caller: Option<NamespaceId>,
    read: Reader<'_, T>,
) -> Result<io::Result<T>, Stranded> {
    if caller == Some(namespace.id()) {
        Ok(tables::of_caller(read))
    } else {
        tables::of_namespace(namespace, read)
    }
}

/// The table as a process sees it that lives there. One may have a root directory of its own, and then sees less.
fn as_a_member_sees_it(namespace: &MountNamespace, processes: &[Process]) -> Option<Vec<Mount>> {
    debug!("Cannot visit the pinned namespace; reading a member's mount table");
    let members = processes.iter().filter(|process| process.namespace == Some(namespace.id()));
    members.take(8).filter_map(|member| mounts::of(member.pid).ok()?).max_by_key(Vec::len)
}

/// When the pin's directory was last changed, which is when the pin was made.
fn since(dir: &CStr) -> Option<u64> {
    let own = || fs::metadata(OsStr::from_bytes(dir.to_bytes()));
    let metadata = fs::metadata(OsStr::from_bytes(beyond(dir).to_bytes())).or_else(|_| own()).ok()?;
    u64::try_from(metadata.mtime()).ok()
}
