//! `kubensctl pin` and `kubensctl unpin`: the namespace itself. Gather, decide, act, under a lock.

mod build;
mod copy;
mod look;
mod say;

use std::io;
use std::path::Path;

use crate::exit::{Failure, Report};
use crate::log::info;
use crate::model::json::Layout;
use crate::model::mounts::table::Mount;
use crate::model::namespace::{Identified, NamespaceId};
use crate::model::node::members;
use crate::model::pin::plan::{self, Choice, Inside, Pinned, Place};
use crate::sys::denied::Denied;
use crate::sys::lock;
use crate::sys::namespace::MountNamespace;
use crate::sys::processes::{self, Process};
use look::Host;
use say::{Did, Member, Said, Task};

/// Makes sure that the namespace is there, is right, and is pinned.
pub(super) fn pin(dir: &Path, json: Option<Layout>) -> Result<Report, Failure> {
    locked("pin", dir, |task, host| {
        let Some(root) = host.root.as_ref().filter(|root| root.shared.is_some()) else {
            return Err(task.refused(
                "the host's root is not shared, so no mount of the host would arrive inside",
                "mount --make-rshared /, then try again",
            ));
        };
        look::fit(task, host)?;
        let place = plan::judge_place(&task.pin, &host.mounts, look::files(&task.pin));
        let pinned = look::pinned(&task.pin, host, root).map_err(|denied| task.denied(&denied))?;
        let (members, lost) = match &pinned {
            Pinned::Namespace(_, Inside::Right) => (0, None),
            Pinned::Namespace(namespace, Inside::HalfMade(_) | Inside::Foreign(_)) => {
                others(task, host, root, Some(namespace.id()))?
            }
            Pinned::Nothing(_) => others(task, host, root, None)?,
        };
        let mut replaced: Vec<&'static str> = Vec::new();
        if let Place::Wrong(what) = place {
            replaced.push(what);
        }
        if let Pinned::Nothing(Some(what)) = pinned {
            replaced.push(what);
        }
        let choice = plan::choose(host.namespace.id(), pinned, members, lost);
        if let (Choice::Keep(namespace), Place::Right) = (&choice, place) {
            return Ok(task.pinned(Did::Kept, namespace.id(), &[]));
        }
        let did = match choice {
            Choice::Keep(_) => Did::Moved,
            Choice::Mend(_, why) => Did::Mended(why),
            Choice::Find(_) => Did::Found,
            Choice::Make(why) => {
                replaced.extend(why);
                Did::Made
            }
        };
        let namespace = build::build(task, host, place, choice)?;
        Ok(task.pinned(did, namespace, &replaced))
    })
    .map(|said| said.report(json))
}

/// How many processes live in the pinned namespace, and the namespace that lost its pin.
fn others(
    task: &Task,
    host: &Host,
    root: &Mount,
    pinned: Option<NamespaceId>,
) -> Result<(usize, Option<MountNamespace>), Failure> {
    let all = look::processes().map_err(|denied| task.denied(&denied))?;
    let members = all.iter().filter(|process| Some(process.namespace) == pinned).count();
    let lost = look::lost(&task.pin, host, root, &all).map_err(|denied| task.denied(&denied))?;
    Ok((members, lost))
}

/// Removes the pin, unless processes live in the namespace and `force` does not say that this is meant.
pub(super) fn unpin(dir: &Path, force: bool, json: Option<Layout>) -> Result<Report, Failure> {
    locked("unpin", dir, |task, host| {
        let pinned = look::opened(&task.pin).map_err(|denied| task.denied(&denied))?;
        let mut members = Vec::new();
        if let Some(namespace) = &pinned {
            let all = look::processes().map_err(|denied| task.denied(&denied))?;
            // What is pinned here may be the host's own, by mistake.
            let inside = all.iter().filter(|process| {
                process.namespace == namespace.id() && namespace.id() != host.namespace.id()
            });
            for Process { pid, .. } in inside {
                let member = look::unless_ended(*pid, member(*pid)).map_err(|denied| task.denied(&denied))?;
                members.extend(member);
            }
        }
        let namespace = pinned.as_ref().map(Identified::id);
        if !members.is_empty() && !force {
            return Ok(task.unpinned(Did::Kept, namespace, &members));
        }
        look::fit(task, host)?;
        let empty = match (&pinned, &host.root) {
            (None, Some(root)) => others(task, host, root, None)?.1.is_none(),
            (Some(_), _) | (None, None) => members.is_empty(),
        };
        let removed = build::remove(task, host, empty)?;
        let did = if removed { Did::Removed } else { Did::Nothing };
        Ok(task.unpinned(did, namespace, &members))
    })
    .map(|said| said.report(json))
}

/// A process that lives inside.
fn member(pid: i32) -> io::Result<Member> {
    let unit = processes::control_groups(pid).ok().and_then(|groups| members::unit(&groups));
    Ok(Member { pid, command: processes::command(pid)?, unit })
}

/// Does it alone, on PID 1's side. The lock's file does not outlive this.
fn locked(
    verb: &'static str,
    dir: &Path,
    act: impl FnOnce(&Task, &Host) -> Result<Said, Failure>,
) -> Result<Said, Failure> {
    let task = Task { verb, pin: super::pin_in(dir)? };
    let denied = |denied: Denied| task.denied(&denied);
    if !look::is_on_host().map_err(denied)? {
        return Err(task.refused(
            "this process is not in PID 1's mount namespace",
            "run it with kubensenter --host, or from a service without a sandbox",
        ));
    }
    let lock = lock::take(task.pin.lock()).map_err(denied)?;
    let end = Host::look().map_err(denied).and_then(|host| act(&task, &host));
    if let Err(denied) = lock.remove() {
        // It is in nobody's way: the next one takes it.
        info!("Cannot {denied}");
    }
    end
}
