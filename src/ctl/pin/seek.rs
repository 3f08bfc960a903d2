//! Looks for the namespaces in which somebody lives and which belong at the pin, though they are not pinned there, or
//! not topmost. Whose each is, is asked before anything else about it.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use super::look::{self, Host};
use super::say::Task;
use crate::model::mounts::table::Mount;
use crate::model::namespace::{Identified, NamespaceId};
use crate::model::node::catalogue::{self, Role};
use crate::model::node::members;
use crate::model::pin::place;
use crate::model::pin::plan::{self, Inside, Known, Other};
use crate::sys::census;
use crate::sys::denied::{Denied, Doing};
use crate::sys::mounts;
use crate::sys::namespace::{self, MountNamespace};
use crate::sys::processes::{self, Process};
use crate::sys::trust::{Owner, Trusted};

/// How long this may take, however many mounts others have made.
const PATIENCE: Duration = Duration::from_secs(20);

/// The processes by their mount namespace.
pub(super) struct Homes {
    homes: BTreeMap<(u64, u64), Vec<Process>>,
    settled: bool,
}

impl Homes {
    pub(super) fn look() -> Result<Self, Denied> {
        let mut homes = BTreeMap::<_, Vec<_>>::new();
        let census = processes::all().doing("read", c"/proc")?;
        for process in census.processes {
            homes.entry((process.namespace.dev, process.namespace.ino)).or_default().push(process);
        }
        Ok(Homes { homes, settled: census.settled })
    }

    /// Whether all were seen that there were at one moment.
    pub(super) fn settled(&self) -> bool {
        self.settled
    }

    /// Those that live in this one.
    pub(super) fn of(&self, namespace: NamespaceId) -> &[Process] {
        self.homes.get(&(namespace.dev, namespace.ino)).map_or(&[], Vec::as_slice)
    }

    /// The processes of those namespaces, of ours, that are pinned at the bind point, whatever lies on it.
    pub(super) fn pinned(&self, task: &Task, host: &Host) -> Result<Vec<Process>, Denied> {
        let own = host.namespace.id();
        let mut members = Vec::new();
        for ino in place::layers(&task.pin, &host.mounts).1 {
            let id = NamespaceId { ino, ..own };
            let here = self.of(id);
            // What is pinned here may be the host's own, by mistake.
            if here.is_empty() || id == own || matches!(owner(host, id, here)?, Some(Owner::Foreign(_))) {
                continue;
            }
            members.extend_from_slice(here);
        }
        Ok(members)
    }

    /// All of them but the host's own and the one that is pinned topmost.
    pub(super) fn others(
        &self,
        task: &Task,
        host: &Host,
        root: &Mount,
        pinned: Option<NamespaceId>,
    ) -> Result<Vec<Other<Trusted>>, Denied> {
        let begin = Instant::now();
        let mut found = Vec::new();
        for (&(dev, ino), members) in &self.homes {
            let id = NamespaceId { dev, ino };
            if Some(id) == pinned || id == host.namespace.id() {
                continue;
            }
            if begin.elapsed() > PATIENCE {
                let late = io::Error::from(io::ErrorKind::TimedOut);
                return Err(late).doing("look through all mount namespaces of", c"/proc");
            }
            if let Some(Owner::Ours(namespace)) = owner(host, id, members)? {
                found.extend(weigh(task, host, root, namespace, members)?);
            }
        }
        Ok(found)
    }
}

/// Whose the namespace is in which these live; `None`: nobody lives there any more.
fn owner(host: &Host, id: NamespaceId, members: &[Process]) -> Result<Option<Owner>, Denied> {
    let ask = |namespace: MountNamespace| {
        host.realm.ask(namespace).map(Some).doing("ask for the owner of a mount namespace in", c"/proc")
    };
    for &Process { pid, task, .. } in members {
        let opened = look::unless_ended(pid, task, namespace::of(pid, task))?;
        if let Some(namespace) = opened.filter(|namespace| namespace.id() == id) {
            return ask(namespace);
        }
    }
    // Those may have children.
    processes::catch(id).doing("read", c"/proc")?.map_or(Ok(None), ask)
}

/// What speaks for a namespace; `None`: nothing does.
fn weigh(
    task: &Task,
    host: &Host,
    root: &Mount,
    namespace: Trusted,
    members: &[Process],
) -> Result<Option<Other<Trusted>>, Denied> {
    let (covers, pins) = place::layers(&task.pin, &host.mounts);
    let known = |mounts: &[Mount]| {
        let marks = place::marks(&task.pin, mounts);
        if pins.contains(&namespace.id().ino) {
            Some(Known::Pinned)
        } else if marks.iter().any(|device| covers.contains(device)) {
            Some(Known::Marked)
        } else {
            (!marks.is_empty()).then_some(Known::MarkedBefore)
        }
    };
    let (mounts, mut inside) = look::visit(host, root, &namespace)?;
    let mut why = known(&mounts);
    let mut crew = None;
    if let Inside::Foreign(_) = inside {
        // Something may be mounted over its root, and then only those see the rest who were there before.
        let Some(Process { pid, task: first, .. }) = members.first() else { return Ok(None) };
        let seen = look::unless_ended(*pid, *first, mounts::of_task(*pid, *first))?.unwrap_or_default();
        let bottom = seen.iter().find(|mount| mount.target == b"/");
        if bottom.is_some_and(|bottom| plan::judge_inside(root, bottom) == Inside::Right) {
            why = why.or(known(&seen));
            inside = Inside::Foreign("something is mounted over its root");
        } else if why != Some(Known::Pinned) {
            // A copy that the host does not reach, as any sandbox and container is.
            return Ok(None);
        }
    } else {
        let (both, oldest) = roles(members)?;
        crew = oldest;
        why = why.or(both.then_some(Known::Crew));
    }
    Ok(why.map(|known| Other { namespace, inside, known, crew }))
}

/// Whether both a runtime and a kubelet are among them, and when the oldest process of either started.
fn roles(members: &[Process]) -> Result<(bool, Option<u64>), Denied> {
    let (mut runtime, mut kubelet, mut oldest) = (false, false, None::<u64>);
    for &Process { pid, task, .. } in members {
        let groups = look::unless_ended(pid, task, processes::control_groups(pid))?;
        let unit = groups.and_then(|groups| members::unit(&groups));
        let named = || unit.as_deref().and_then(catalogue::by_name).map(|member| member.role);
        match census::role(pid).or_else(named) {
            None | Some(Role::Shim) => continue,
            Some(Role::Runtime) => runtime = true,
            Some(Role::Kubelet) => kubelet = true,
            // One unit, as a sandbox of systemd's would have it.
            Some(Role::Both) => {}
        }
        if let Some(started) = look::unless_ended(pid, task, processes::started(pid))? {
            oldest = Some(oldest.map_or(started, |oldest| oldest.min(started)));
        }
    }
    Ok((runtime && kubelet, oldest))
}
