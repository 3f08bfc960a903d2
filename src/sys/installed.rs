//! What is installed for the services that belong inside: their units with our drop-ins.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::switch::{self, Ground, LATE, Switch};
use super::tree::Tree;
use super::units::{Library, Lookup};
use super::{generated, systemd};
use crate::model::node::catalogue;
use crate::model::units::command;
use crate::model::units::config::{Config, OF_WRAP};
use crate::model::units::exec::Exec;
use crate::model::units::name::UnitName;
use crate::model::units::unit::Unit;

/// The units that belong inside, or get there, as systemd reads them; and what is decided about them.
///
/// # Errors
/// The directories of units cannot be read.
pub fn units() -> io::Result<(Vec<Unit>, Switch)> {
    let tree = Tree::new(None)?;
    let searched = systemd::search_path();
    let late = Path::new(LATE);
    let ground = Ground { tree: &tree, late, instead: None, without: &[] };
    let decided = switch::decide(&ground)?;
    let library = Library::open(&tree, searched)?;
    let is_planned = |unit: &Unit| decided.planned.iter().any(|planned| planned.unit == unit.name);
    let mut found = Vec::new();
    let names: BTreeSet<_> = library.names().filter_map(|name| library.own_name(&name)).collect();
    for name in names.iter().filter(|name| !name.is_template()) {
        // One that cannot be read has been decided about where it matters.
        if let Ok(Lookup::Unit(unit, _)) = library.load(name, |_, _| false)
            && (catalogue::by_unit(&unit).is_some() || is_planned(&unit))
        {
            found.push(unit);
        }
    }
    Ok((found, decided))
}

/// Whether the manager has read what the generator would write now. Its remarks are for people, and it may not be
/// allowed to ask what a call by root may.
pub fn is_current(decided: &Switch) -> bool {
    let late = Path::new(LATE);
    let settings =
        |text: String| text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let wanted = decided.planned.iter().filter_map(|planned| {
        let drop_in = planned.drop_in.as_ref()?;
        let path = late.join(format!("{}.d", planned.unit)).join(&drop_in.file);
        Some((path, settings(drop_in.text.clone())))
    });
    let there = generated::all(late).into_iter().map(|(path, text)| (path, settings(text)));
    let (mut wanted, mut there): (Vec<_>, Vec<_>) = (wanted.collect(), there.collect());
    wanted.sort();
    there.sort();
    wanted == there
}

/// The files that have a command of a service start through this program, but for the generator's and its own units.
///
/// # Errors
/// The directories of units cannot be read.
pub fn dependents() -> io::Result<BTreeSet<PathBuf>> {
    let tree = Tree::new(None)?;
    let library = Library::open(&tree, None)?;
    let ours = [command::WRAPPER.as_bytes(), b"/usr/bin/kubensctl"];
    let own = ["kubens.service", "kubens-metrics.service", "kubens-tidy.service"];
    let mut files = BTreeSet::new();
    for name in library.names().filter(|name| !own.contains(&name.as_str())) {
        let is_generated = |path: &Path, _: &[u8]| path.starts_with(LATE);
        let Ok(Lookup::Unit(unit, _)) = library.load(&name, is_generated) else {
            continue;
        };
        for set in Exec::ALL.iter().flat_map(|exec| unit.list(exec.key())) {
            if command::words(set.value).iter().any(|words| ours.contains(&words[0].as_slice())) {
                files.insert(set.source.path.clone());
            }
        }
    }
    Ok(files)
}

/// The names of the services that are there.
pub fn services() -> Vec<String> {
    let names = Tree::new(None).and_then(|tree| {
        let library = Library::open(&tree, None)?;
        Ok(library.names().map(|name| name.as_str().to_owned()).collect())
    });
    names.unwrap_or_default()
}

/// The names of the services that `kubensctl wrap` has put inside.
pub fn wrapped() -> Vec<String> {
    let mut config = Config::default();
    config.read(Path::new(OF_WRAP), &fs::read(OF_WRAP).unwrap_or_default());
    config.entries()
}

/// Whether the unit of this name starts with the machine.
pub fn is_enabled(name: &str) -> bool {
    UnitName::new(name).is_ok_and(|name| systemd::is_enabled(None, &name).unwrap_or(false))
}
