//! `kubensctl pin` and `kubensctl unpin`: the namespace itself. Gather, decide, act, under a lock.

mod build;
mod copy;
mod ending;
mod look;
mod say;
mod seek;
mod tidy;

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::exit::Report;
use crate::log::{debug, info};
use crate::model::json::Layout;
use crate::model::mounts::table::Mount;
use crate::model::namespace::Identified;
use crate::model::node::members;
use crate::model::pin::place::{self, Place};
use crate::model::pin::plan::{self, Choice, Inside, Other, Pinned};
use crate::model::text::counted;
use crate::sys::denied::Denied;
use crate::sys::lock;
use crate::sys::processes::{self, Process};
use crate::sys::trust::Trusted;
use look::Host;
use say::{Did, Member, Task};
use seek::Homes;

/// Makes sure that the namespace is there, is right, and is pinned.
pub(super) fn pin(dir: &Path, json: Option<Layout>) -> anyhow::Result<Report> {
    locked("pin", dir, |task, host| {
        let Some(root) = host.root.as_ref().filter(|root| root.shared.is_some()) else {
            return Err(task.refused(
                "the host's root is not shared, so no mount of the host would arrive inside",
                "mount --make-rshared /, then try again",
            ));
        };
        look::fit(task, host)?;
        let place = place::judge_place(&task.pin, &host.mounts, look::files(&task.pin));
        let denied = |denied: Denied| task.denied(&denied);
        let pinned = look::pinned(&task.pin, host, root).map_err(denied)?;
        let (members, others) = match around(task, host, root, &pinned) {
            // What is right stays, whoever cannot be seen.
            Err(denied) if matches!(pinned, Pinned::Namespace(_, Inside::Right)) => {
                info!("Cannot {denied}; keeping what is pinned");
                (1, Vec::new())
            }
            seen => seen.map_err(denied)?,
        };
        let mut replaced: Vec<&'static str> = Vec::new();
        if let Place::Wrong(what) = place {
            replaced.push(what);
        }
        if let Pinned::Nothing(Some(what)) = pinned {
            replaced.push(what);
        }
        debug!("{pinned}");
        if members > 0 {
            debug!("{} in it", counted(members, "process"));
        }
        for other in &others {
            debug!("{other}");
        }
        let choice = plan::choose(host.namespace.id(), pinned, members, others);
        let choice = choice.map_err(|refusal| task.in_the_way(&refusal))?;
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

/// How many processes live in the pinned namespace, and what else they may live in that belongs there.
fn around(
    task: &Task,
    host: &Host,
    root: &Mount,
    pinned: &Pinned<Trusted>,
) -> Result<(usize, Vec<Other<Trusted>>), Denied> {
    let id = match pinned {
        Pinned::Nothing(_) => None,
        Pinned::Namespace(namespace, _) => Some(namespace.id()),
    };
    let homes = Homes::look()?;
    let members = id.map_or(0, |id| homes.of(id).len());
    // Where somebody lives in the one pin that there is, nothing else is asked for.
    if members > 0 && place::layers(&task.pin, &host.mounts).1.len() < 2 {
        return Ok((members, Vec::new()));
    }
    Ok((members, homes.others(task, host, root, id)?))
}

/// Removes the pin, unless processes live in the namespace or pods have something mounted in it, and `force` does not say that this is meant. When the machine
/// goes down, what is mounted inside goes before.
pub(super) fn unpin(dir: &Path, force: bool, json: Option<Layout>) -> anyhow::Result<Report> {
    locked("unpin", dir, |task, host| {
        let denied = |denied: Denied| task.denied(&denied);
        let opened = look::opened(&task.pin).map_err(denied)?;
        let ended = ending::end(task, host);
        let pinned = !place::layers(&task.pin, &host.mounts).1.is_empty();
        let mut members = Vec::new();
        let mut namespace = opened.as_ref().map(Identified::id);
        let homes = Homes::look().map_err(denied)?;
        if pinned {
            for Process { pid, task, namespace: home } in homes.pinned(task, host).map_err(denied)? {
                let member = look::unless_ended(pid, task, member(pid)).map_err(denied)?;
                // It was there, and may have left children.
                let gone = || Member { pid, command: b"(ended)".to_vec(), unit: None };
                members.push(member.unwrap_or_else(gone));
                namespace = Some(home);
            }
            if members.is_empty() && !homes.settled() && !force {
                return Err(task.refused(
                    "processes come and go too fast to see whether one lives inside",
                    "try again, or use --force",
                ));
            }
        }
        let pods = if pinned && !force { super::pods_inside(&task.pin)? } else { BTreeSet::new() };
        let held = !members.is_empty() || !pods.is_empty();
        if held && !force {
            return Ok(task.unpinned(Did::Kept, namespace, &members, &pods, &ended));
        }
        look::fit(task, host)?;
        // Whatever is pinned now, others may live in one that lost its pin, and be found by the mark that goes with the
        // directory.
        let lost = host.root.as_ref().map(|root| homes.others(task, host, root, None));
        let empty =
            members.is_empty() && lost.transpose().map_err(denied)?.is_none_or(|lost| lost.is_empty());
        let removed = build::remove(task, host, empty)?;
        let did = if removed { Did::Removed } else { Did::Nothing };
        Ok(task.unpinned(did, namespace, &members, &pods, &ended))
    })
    .map(|said| said.report(json))
}

/// A process that lives inside.
fn member(pid: i32) -> io::Result<Member> {
    let unit = processes::control_groups(pid).ok().and_then(|groups| members::unit(&groups));
    Ok(Member { pid, command: processes::command(pid)?, unit })
}

/// Unmounts what the host has left of pods from before.
pub(super) fn tidy(dir: &Path, dry_run: bool, json: Option<Layout>) -> anyhow::Result<Report> {
    tidy::tidy(dir, dry_run, json)
}

/// The same, again and again until none is left.
pub(super) fn tidy_until_done(dir: &Path, seconds: u32) -> anyhow::Result<Report> {
    tidy::until_done(dir, Duration::from_secs(seconds.into()))
}

/// Does it alone, on PID 1's side. The lock's file does not outlive this.
fn locked<T>(
    verb: &'static str,
    dir: &Path,
    act: impl FnOnce(&Task, &Host) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let task = Task { verb, pin: super::pin_in(dir)? };
    let denied = |denied: Denied| task.denied(&denied);
    if !look::is_on_host().map_err(denied)? {
        return Err(task.refused(
            "this process is not in PID 1's mount namespace",
            "run it with kubensenter --host, or from a service without a sandbox",
        ));
    }
    let (name, path) = task.pin.lock();
    let _lock = lock::take(look::parent(&task)?, &name, &path).map_err(denied)?;
    Host::look().map_err(denied).and_then(|host| act(&task, &host))
}
