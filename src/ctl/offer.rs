//! `kubensctl offer`, which the completion scripts ask: what there is on this machine of what may stand there. One
//! line each: a value, a tab, what it is; or `:files`, `:directories`, `:command N`, which the shell knows better.

use std::ffi::OsString;
use std::fmt::Write;

use crate::cli::ctl::Name;
use crate::cli::offer::{Offer, Sort, offer};
use crate::cli::{ctl, enter};
use crate::exit::Report;
use crate::model::mounts::table::Mount;
use crate::model::namespace::NamespaceId;
use crate::model::text::Shown;
use crate::model::units::exec::Exec;
use crate::sys::trust::{self, Owner};
use crate::sys::{caller, census, installed, mounts, namespace, processes};

pub(super) fn run(name: Name, words: &[OsString]) -> Report {
    let command = match name {
        Name::Kubensenter => enter::command(),
        Name::Kubensctl => ctl::command(),
    };
    let Offer { mut words, values, typed } = offer(command, words);
    let mut text = String::new();
    match values {
        None => {}
        Some(Sort::File) => text += ":files\n",
        Some(Sort::Directory) => text += ":directories\n",
        Some(Sort::Pin) => {
            text += ":files\n";
            words.extend(pins());
        }
        Some(Sort::Process) => words.extend(some_processes()),
        Some(Sort::Unit) => words.extend(plain(installed::services())),
        Some(Sort::Wrapped) => words.extend(plain(installed::wrapped())),
        Some(Sort::Exec) => words.extend(plain(Exec::ALL.iter().map(|exec| exec.key().to_owned()))),
        Some(Sort::Command(index)) => {
            // Writing to a String does not fail.
            let _ = writeln!(text, ":command {index}");
        }
    }
    for (word, what) in words.iter().filter(|(word, _)| word.starts_with(&typed)) {
        let _ = writeln!(text, "{word}\t{what}");
    }
    Report::done(text)
}

fn plain(names: impl IntoIterator<Item = String>) -> impl Iterator<Item = (String, String)> {
    names.into_iter().map(|name| (name, String::new()))
}

/// Where mount namespaces are pinned, as far as that can be typed.
fn pins() -> Vec<(String, String)> {
    let table = mounts::proc().and_then(|proc| proc.mounts()).unwrap_or_default();
    let pins = table.iter().filter(|mount| mount.kind == b"nsfs" && mount.root.starts_with(b"mnt:["));
    let named = |mount: &Mount| {
        let target = Shown(&mount.target).to_string();
        (target.as_bytes() == mount.target).then(|| (target, format!("pinned {}", Shown(&mount.root))))
    };
    pins.filter_map(named).collect()
}

/// One process of each mount namespace but the caller's; all processes where no other namespace can be seen.
fn some_processes() -> Vec<(String, String)> {
    let all = census::all(&[]).unwrap_or_default();
    let own = caller::namespace();
    let mut homes: Vec<(NamespaceId, i32, usize)> = Vec::new();
    for process in &all {
        if let Some(id) = process.namespace.filter(|id| Some(*id) != own) {
            match homes.iter_mut().find(|(home, ..)| *home == id) {
                Some((.., more)) => *more += 1,
                None => homes.push((id, process.pid, 0)),
            }
        }
    }
    // Another user namespace's would not be entered.
    homes.retain(|&(_, pid, _)| {
        let asked = namespace::of(pid, pid).and_then(trust::ask);
        !matches!(asked, Ok(Owner::Foreign(_)))
    });
    let name = |pid: i32| processes::command(pid).map(|name| Shown(&name).to_string()).unwrap_or_default();
    if homes.is_empty() {
        return all.iter().map(|process| (process.pid.to_string(), name(process.pid))).collect();
    }
    let told = |(id, pid, more): &(NamespaceId, i32, usize)| match more {
        0 => format!("{} in mnt:[{}]", name(*pid), id.ino),
        more => format!("{} and {more} more in mnt:[{}]", name(*pid), id.ino),
    };
    homes.iter().map(|home| (home.1.to_string(), told(home))).collect()
}
