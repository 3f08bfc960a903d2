//! What is installed for the services that belong inside: their units with our drop-ins, and the program's label.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;

use super::raw::mount;
use super::systemd;
use super::tree::Tree;
use super::units::{Library, Lookup};
use crate::model::node::findings::selinux;
use crate::model::node::findings::units::DropIn;
use crate::model::node::services::SERVICES;
use crate::model::units::dropin::{self, Kind};
use crate::model::units::name::UnitName;
use crate::model::units::unit::Unit;

/// The program that wrapped units start, at the only path that SELinux policy knows.
pub const PROGRAM: &str = "/usr/bin/kubensenter";

/// The units of Kubernetes that there are, each with the drop-ins that have the names of ours.
///
/// # Errors
/// The directories of units cannot be read.
pub fn units() -> io::Result<Vec<(Unit, Vec<DropIn>)>> {
    let tree = Tree::new(None)?;
    let library = Library::open(&tree, systemd::search_path())?;
    let mut found = Vec::new();
    for name in SERVICES.iter().flat_map(|service| service.units) {
        let Ok(name) = UnitName::new(name) else {
            continue;
        };
        if let Lookup::Unit(unit) = library.load(&name, |_| None)? {
            let drop_ins = Kind::ALL.into_iter().filter_map(|kind| drop_in(&library, &unit, kind)).collect();
            found.push((unit, drop_ins));
        }
    }
    Ok(found)
}

/// The names of the services that are there.
pub fn services() -> Vec<String> {
    let names = Tree::new(None).and_then(|tree| {
        let library = Library::open(&tree, None)?;
        Ok(library.names().map(|name| name.as_str().to_owned()).collect())
    });
    names.unwrap_or_default()
}

/// The names of the services that have a drop-in of ours, whether or not they are there.
pub fn wrapped() -> Vec<String> {
    let entries = fs::read_dir(dropin::DIRECTORY).into_iter().flatten().flatten();
    let ours = |name: &String| {
        UnitName::new(name).is_ok_and(|name| Kind::ALL.iter().any(|kind| kind.path(&name).exists()))
    };
    let units = entries.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".d").map(str::to_owned));
    units.filter(ours).collect()
}

fn drop_in(library: &Library<'_>, unit: &Unit, kind: Kind) -> Option<DropIn> {
    let path = kind.path(&unit.name);
    let text = fs::read(&path).ok()?;
    match library.load(&unit.name, |_| Some(path.clone())).ok()? {
        Lookup::Unit(bare) => Some(DropIn { kind, text, bare }),
        Lookup::Missing | Lookup::Masked(_) => None,
    }
}

/// The program's SELinux label; `None` where SELinux is off, where the loaded policy has no type of its own for the
/// program, as Debian's, or where the program is not there.
pub fn label() -> Option<Vec<u8>> {
    let label = mount::get_attribute(File::open(PROGRAM).ok()?.as_fd(), c"security.selinux").ok()?;
    // The kernel takes a context that the policy has, and refuses any other (EINVAL; ENOENT where SELinux is off).
    fs::write("/sys/fs/selinux/context", selinux::retyped(&label, selinux::PROGRAM_TYPE)?).ok()?;
    Some(label)
}

/// Whether the unit of this name starts with the machine.
pub fn is_enabled(name: &str) -> bool {
    UnitName::new(name).is_ok_and(|name| systemd::is_enabled(None, &name).unwrap_or(false))
}
