//! `kubensctl tidy`: unmounts on the host what it has of pods from before the namespace, once nothing of them is mounted
//! inside any more.

use std::path::Path;

use serde::Serialize;

use super::look::{self, Host};
use super::say::Task;
use crate::exit::Report;
use crate::model::json::{self, Layout, Name};
use crate::model::mounts::left;
use crate::model::mounts::table::Mount;
use crate::model::namespace::{Identified, NamespaceId};
use crate::model::pin::plan::{Inside, Pinned};
use crate::model::text::{Shown, reason};
use crate::sys::denied::Denied;
use crate::sys::{ending, pods};

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
    let mut told = Vec::new();
    super::locked("tidy", dir, |task, host| {
        told = all(task, host, dry_run)?;
        Ok(())
    })?;
    let (kept, unmounted): (Vec<_>, Vec<_>) =
        told.iter().map(Entry::of).partition(|entry| entry.why.is_some());
    Ok(Report::done(match json {
        Some(layout) => json::document(&Document { unmounted, kept }, layout),
        None => text(&unmounted, &kept, dry_run),
    }))
}

fn text(unmounted: &[Entry<'_>], kept: &[Entry<'_>], dry_run: bool) -> String {
    let did = if dry_run { "would unmount" } else { "unmounted" };
    let line = |did: &str, entry: &Entry<'_>| {
        let why = entry.why.map_or(String::new(), |why| format!(" ({why})"));
        format!("{did} {}, of {}{why}\n", Shown(entry.target.0), entry.owner)
    };
    let mut text: String = unmounted.iter().map(|entry| line(did, entry)).collect();
    text.extend(kept.iter().map(|entry| line("kept", entry)));
    if text.is_empty() {
        "the host has no mount of a pod from before the namespace\n".to_owned()
    } else {
        text
    }
}

fn all(task: &Task, host: &Host, dry_run: bool) -> anyhow::Result<Vec<Told>> {
    let denied = |denied: Denied| task.denied(&denied);
    let (pinned, inside) = inside(task, host)?;
    let copies = left::copies(&host.mounts, &inside, pinned);
    let containers = copies.iter().filter_map(|copy| {
        let (id, runtime) = copy.owner.container()?;
        Some((id, runtime, copy.mount.target.as_slice()))
    });
    let pods = pods::names(containers);
    let mut told = Vec::new();
    for copy in &copies {
        let why = if copy.used {
            Some("in use inside, where an unmount on the host would be felt".to_owned())
        } else if dry_run {
            None
        } else {
            unmount(task, host, copy.mount).map_err(denied)?
        };
        told.push(Told { target: copy.mount.target.clone(), owner: pods.told(copy.owner).to_string(), why });
    }
    Ok(told)
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
