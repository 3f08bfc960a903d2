//! `kubensctl tidy`: unmounts on the host what it has of pods from before the namespace, once nothing of them is mounted
//! inside any more.

use std::collections::HashSet;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::look::{self, Host};
use super::say::Task;
use crate::exit::Report;
use crate::log::info;
use crate::model::json::{self, Layout, Name};
use crate::model::mounts::left;
use crate::model::mounts::table::Mount;
use crate::model::namespace::{Identified, NamespaceId};
use crate::model::node::catalogue::Role;
use crate::model::node::members::Process;
use crate::model::pin::plan::{Inside, Pinned};
use crate::model::text::{Shown, reason};
use crate::sys::denied::{Denied, Doing};
use crate::sys::{census, ending, pods};

/// One of the host's mounts, and what became of it.
struct Told {
    target: Vec<u8>,
    owner: String,
    why: Option<String>,
}

/// What `tidy` prints with `--json`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Document<'a> {
    unmounted: Vec<Entry<'a>>,
    kept: Vec<Entry<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Entry<'a> {
    target: Name<'a>,
    owner: &'a str,
    why: Option<&'a str>,
}

impl<'a> Entry<'a> {
    fn of(told: &'a Told) -> Self {
        Entry { target: Name(&told.target), owner: &told.owner, why: told.why.as_deref() }
    }
}

pub(super) fn tidy(dir: &Path, dry_run: bool, json: Option<Layout>) -> anyhow::Result<Report> {
    let told = once(dir, dry_run)?;
    let (kept, unmounted): (Vec<_>, Vec<_>) =
        told.iter().map(Entry::of).partition(|entry| entry.why.is_some());
    Ok(Report::done(match json {
        Some(layout) => json::document(&Document { unmounted, kept }, layout),
        None => text(&unmounted, &kept, dry_run),
    }))
}

/// Looks again after each pause, until the host has none: a pod from before ends when it does.
pub(super) fn until_done(dir: &Path, pause: Duration) -> anyhow::Result<Report> {
    let mut said = HashSet::new();
    loop {
        let told = once(dir, false)?;
        for entry in told.iter().map(Entry::of) {
            let line = line("unmounted", &entry);
            // That it is kept, and why, once.
            if said.insert(line.clone()) {
                info!("{line}");
            }
        }
        if told.iter().all(|told| told.why.is_none()) {
            return Ok(Report::done(String::new()));
        }
        thread::sleep(pause);
    }
}

fn once(dir: &Path, dry_run: bool) -> anyhow::Result<Vec<Told>> {
    super::locked("tidy", dir, |task, host| all(task, host, dry_run))
}

fn text(unmounted: &[Entry<'_>], kept: &[Entry<'_>], dry_run: bool) -> String {
    let did = if dry_run { "would unmount" } else { "unmounted" };
    let text: String = unmounted.iter().chain(kept).map(|entry| line(did, entry) + "\n").collect();
    if text.is_empty() {
        "the host has no mount of a pod from before the namespace\n".to_owned()
    } else {
        text
    }
}

/// What was done to it or, where it is kept, why.
fn line(did: &str, entry: &Entry<'_>) -> String {
    let (target, owner) = (Shown(entry.target.0), entry.owner);
    match entry.why {
        Some(why) => format!("kept {target}, of {owner} ({why})"),
        None => format!("{did} {target}, of {owner}"),
    }
}

fn all(task: &Task, host: &Host, dry_run: bool) -> anyhow::Result<Vec<Told>> {
    let denied = |denied: Denied| task.denied(&denied);
    let (pinned, inside) = inside(task, host)?;
    let copies = left::copies(&host.mounts, &inside, pinned);
    let pods = pods::names(left::containers(&copies));
    let theirs = if copies.is_empty() { None } else { on_the_host(host).map_err(denied)? };
    let mut told = Vec::new();
    for copy in &copies {
        let why = if copy.used {
            Some("in use inside, where an unmount on the host would be felt".to_owned())
        } else if theirs.is_some() {
            theirs.clone()
        } else if dry_run {
            None
        } else {
            unmount(task, host, copy.mount).map_err(denied)?
        };
        told.push(Told { target: copy.mount.target.clone(), owner: pods.told(copy.owner).to_string(), why });
    }
    Ok(told)
}

/// Why these mounts may be the host's own: a runtime or a kubelet lives there, or somebody who cannot be seen.
fn on_the_host(host: &Host) -> Result<Option<String>, Denied> {
    let home = Some(host.namespace.id());
    let all = census::all(&[]).doing("read", c"/proc")?;
    let main = |one: &&Process| one.namespace == home && one.role.is_some_and(|role| role != Role::Shim);
    let theirs = all
        .iter()
        .find(main)
        .map(|one| format!("{} runs on the host, and it may be its own", Shown(&one.program)));
    let unseen = || all.iter().find(|one| one.namespace.is_none());
    Ok(theirs.or_else(|| Some(format!("it cannot be seen where process {} runs", unseen()?.pid))))
}

/// Unmounts it, unless something has come to its place inside in the meantime. Says why it is still there.
fn unmount(task: &Task, host: &Host, mount: &Mount) -> Result<Option<String>, Denied> {
    let now = host.again()?;
    let Some((pinned, inside)) = look_inside(task, host)? else {
        return Ok(Some("the namespace has lost its pin".to_owned()));
    };
    let free = |copy: &left::Copy<'_>| copy.mount.id == mount.id && !copy.used;
    if !left::copies(&now, &inside, pinned).iter().any(free) {
        return Ok(Some("in use inside by now".to_owned()));
    }
    Ok(ending::unmount_in_time(&mount.target).err().map(|errno| reason(&errno.into())))
}

fn inside(task: &Task, host: &Host) -> anyhow::Result<(NamespaceId, Vec<Mount>)> {
    look_inside(task, host).map_err(|denied| task.denied(&denied))?.ok_or_else(|| {
        task.refused(
            "no namespace is pinned there that the host's mounts reach",
            "kubensctl status says what is; without one, pods' mounts on the host are theirs",
        )
    })
}

fn look_inside(task: &Task, host: &Host) -> Result<Option<(NamespaceId, Vec<Mount>)>, Denied> {
    let Some(root) = &host.root else {
        return Ok(None);
    };
    match look::pinned(&task.pin, host, root)? {
        Pinned::Namespace(namespace, Inside::Right) if namespace.id() != host.namespace.id() => {
            let inside = host.within(&namespace, || host.again())?;
            Ok(Some((namespace.id(), inside)))
        }
        Pinned::Namespace(..) | Pinned::Nothing(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::schema_tests::is_documented;

    #[test]
    fn what_programs_get_is_documented() {
        is_documented::<Document<'_>>("tidy");
    }
}
