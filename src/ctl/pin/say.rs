//! What `kubensctl pin` and `kubensctl unpin` say: one line for people, or JSON, or a failure.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::ErrorKind;

use anyhow::anyhow;
use serde::Serialize;

use crate::exit::Report;
use crate::model::json::{self, Layout};
use crate::model::namespace::NamespaceId;
use crate::model::pin::Pin;
use crate::model::pin::plan::Refusal;
use crate::model::text::Shown;
use crate::sys::denied::Denied;
use crate::sys::ending::Ended;

/// What is being done, and to which pin.
pub(super) struct Task {
    pub(super) verb: &'static str,
    pub(super) pin: Pin,
}

/// What was done.
#[derive(Clone, Copy)]
pub(super) enum Did {
    /// Nothing: all was right, or is still in use.
    Kept,
    /// A new namespace was made and pinned.
    Made,
    /// A namespace that had lost its pin was pinned again.
    Found,
    /// The namespace stayed, and its propagation was set right; it was wrong in this way.
    Mended(&'static str),
    /// The namespace stayed, and its place was made anew.
    Moved,
    /// The pin was removed.
    Removed,
    /// There was nothing to remove.
    Nothing,
}

impl Did {
    fn word(self) -> &'static str {
        match self {
            Did::Kept => "kept",
            Did::Made => "made",
            Did::Found => "found",
            Did::Mended(_) => "mended",
            Did::Moved => "moved",
            Did::Removed => "removed",
            Did::Nothing => "nothing",
        }
    }
}

/// A process that lives inside.
#[derive(Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Member {
    pub(super) pid: i32,
    #[serde(serialize_with = "json::bytes")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub(super) command: Vec<u8>,
    pub(super) unit: Option<String>,
}

/// The end of either verb, for people and for programs.
pub(super) struct Said {
    text: String,
    json: Schema,
}

/// What `pin` and `unpin` print with `--json`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
enum Schema {
    Pinned {
        did: &'static str,
        #[serde(serialize_with = "json::bytes")]
        #[cfg_attr(test, schemars(with = "String"))]
        pin: Vec<u8>,
        namespace: u64,
        replaced: Vec<&'static str>,
    },
    Unpinned {
        did: &'static str,
        #[serde(serialize_with = "json::bytes")]
        #[cfg_attr(test, schemars(with = "String"))]
        pin: Vec<u8>,
        namespace: Option<u64>,
        members: Vec<Member>,
        pods: BTreeSet<String>,
        unmounted: usize,
        failed: Vec<String>,
    },
}

impl Said {
    pub(super) fn report(self, json: Option<Layout>) -> Report {
        Report::done(json.map_or(self.text, |layout| json::document(&self.json, layout)))
    }
}

impl Task {
    fn point(&self) -> String {
        Shown(self.pin.point().to_bytes()).to_string()
    }

    /// The end of `pin`.
    pub(super) fn pinned(&self, did: Did, namespace: NamespaceId, replaced: &[&'static str]) -> Said {
        let (point, name) = (self.point(), namespace.to_string());
        let mut text = match did {
            Did::Made => format!("pinned {name}, a new mount namespace, at {point}"),
            Did::Found => {
                format!("pinned {name} at {point} again: it had lost its pin, and processes live in it")
            }
            Did::Mended(why) => format!("mended {name} at {point}, in which processes live: {why}"),
            Did::Moved => format!("pinned {name} at {point} again, in a new place"),
            Did::Kept | Did::Removed | Did::Nothing => format!("{name} is pinned at {point}"),
        };
        let mut separator = "; replaced ";
        for what in replaced {
            text.push_str(separator);
            text.push_str(what);
            separator = ", ";
        }
        text.push('\n');
        let (did, pin) = (did.word(), self.pin.point().into_bytes());
        Said {
            text,
            json: Schema::Pinned { did, pin, namespace: namespace.ino, replaced: replaced.to_vec() },
        }
    }

    /// The end of `unpin`; `members` are those that live, or lived, in the namespace.
    pub(super) fn unpinned(
        &self,
        did: Did,
        namespace: Option<NamespaceId>,
        members: &[Member],
        pods: &BTreeSet<String>,
        ended: &Ended,
    ) -> Said {
        let point = self.point();
        let name = namespace.map_or_else(|| "the pin".to_owned(), |id| id.to_string());
        let mut text = match (did, members.len()) {
            (Did::Kept, 0) => {
                format!("kept {name} at {point}: pods have mounts in it (--force removes it)\n")
            }
            (Did::Kept, count) => {
                format!("kept {name} at {point}: {} (--force removes it)\n", live_in(count))
            }
            (Did::Nothing, _) => format!("no mount namespace is pinned at {point}\n"),
            (_, 0) => format!("removed {name} from {point}\n"),
            (_, count) => format!("removed {name} from {point}, though {}\n", live_in(count)),
        };
        text.push_str(&table(members));
        if members.is_empty() {
            text.extend(pods.iter().flat_map(|pod| [pod.as_str(), "\n"]));
        }
        let Ended { unmounted, failed } = ended;
        if *unmounted > 0 || !failed.is_empty() {
            // Writing to a String does not fail.
            let _ =
                writeln!(text, "the machine goes down: unmounted {unmounted} that only the namespace had");
        }
        let json = Schema::Unpinned {
            did: did.word(),
            pin: self.pin.point().into_bytes(),
            namespace: namespace.map(|id| id.ino),
            members: members.to_vec(),
            pods: pods.clone(),
            unmounted: *unmounted,
            failed: failed.clone(),
        };
        Said { text, json }
    }

    /// The failure of a step.
    pub(super) fn denied(&self, denied: &Denied) -> anyhow::Error {
        let cure = match denied.error.kind() {
            ErrorKind::PermissionDenied => {
                "needs root on the host: CAP_SYS_ADMIN, CAP_SYS_CHROOT, CAP_SYS_PTRACE; try sudo"
            }
            ErrorKind::StorageFull => {
                "is a limit reached? see /proc/sys/fs/mount-max and /proc/sys/user/max_mnt_namespaces"
            }
            ErrorKind::NotFound => "--dir names a directory in one that is there; and /proc is needed",
            _ => "try again with -v; kubensctl check may know more",
        };
        self.failure(&denied.to_string(), cure)
    }

    /// A refusal: processes would be cut off from those that come after them.
    pub(super) fn in_the_way(&self, refusal: &Refusal) -> anyhow::Error {
        let name = NamespaceId::to_string;
        match refusal {
            Refusal::InUse(namespace, why) => self.failure(
                &format!("processes live in {}, and it cannot be pinned as it is: {why}", name(namespace)),
                "set that right, or end them, then try again",
            ),
            Refusal::Several(namespaces) => {
                let names = namespaces.iter().map(name).collect::<Vec<_>>().join(" and ");
                let why = format!("processes live in {names}, and nothing tells which of them belongs here");
                self.failure(&why, "end those in all but one, then try again")
            }
        }
    }

    /// A refusal.
    pub(super) fn refused(&self, why: &str, cure: &str) -> anyhow::Error {
        self.failure(why, cure)
    }

    /// A directory on which no pin can be.
    pub(super) fn unfit(&self, why: &str) -> anyhow::Error {
        let dir = Shown(self.pin.dir().to_bytes()).to_string();
        self.failure(
            &format!("{dir} is unfit: {why}"),
            "a directory of root's alone is needed; see to it by hand",
        )
    }

    fn failure(&self, why: &str, cure: &str) -> anyhow::Error {
        let (verb, point) = (self.verb, self.point());
        anyhow!("cannot {verb} at {point}: {why} ({cure})")
    }
}

fn live_in(count: usize) -> String {
    if count == 1 { "1 process lives in it".to_owned() } else { format!("{count} processes live in it") }
}

fn table(members: &[Member]) -> String {
    let mut rows: Vec<[String; 3]> = Vec::new();
    for member in members {
        let unit = member.unit.clone().unwrap_or_else(|| "-".to_owned());
        rows.push([member.pid.to_string(), Shown(&member.command).to_string(), unit]);
    }
    if !rows.is_empty() {
        rows.insert(0, ["PID", "COMMAND", "UNIT"].map(str::to_owned));
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (pids, commands) = (width(0), width(1));
    let mut text = String::new();
    for [pid, command, unit] in &rows {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{pid:>pids$}  {command:<commands$}  {unit}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::schema_tests::is_documented;

    #[test]
    fn what_programs_get_is_documented() {
        is_documented::<Schema>("pin");
    }
}
