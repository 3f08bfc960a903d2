//! The unit files and drop-ins that are there, found where systemd looks for them and in its order.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::tree::{Content, Identity, Tree};
use crate::log::debug;
use crate::model::text::Shown;
use crate::model::units::catalogue::{Catalogue, Entry, Found};
use crate::model::units::name::UnitName;
use crate::model::units::unit::{Source, Unit};

/// Where the system's manager looks, unless it says otherwise (systemd.unit(5), "System Unit Search Path").
const SEARCHED: &str = "
    /etc/systemd/system.control
    /run/systemd/system.control
    /run/systemd/transient
    /run/systemd/generator.early
    /etc/systemd/system
    /etc/systemd/system.attached
    /run/systemd/system
    /run/systemd/system.attached
    /run/systemd/generator
    /usr/local/lib/systemd/system
    /usr/lib/systemd/system
    /lib/systemd/system
    /run/systemd/generator.late
";

/// All units of a tree.
pub struct Library<'a> {
    tree: &'a Tree,
    searched: Vec<PathBuf>,
    catalogue: Catalogue,
}

/// What a name came to.
pub enum Lookup {
    /// There is no such unit.
    Missing,
    /// This file forbids the unit.
    Masked(PathBuf),
    /// A unit.
    Unit(Unit),
}

impl<'a> Library<'a> {
    /// Looks through the directories; `searched` are the manager's own, where there is one to ask.
    pub fn open(tree: &'a Tree, searched: Option<Vec<PathBuf>>) -> io::Result<Self> {
        let searched =
            searched.unwrap_or_else(|| SEARCHED.split_ascii_whitespace().map(PathBuf::from).collect());
        let mut catalogue = Catalogue::default();
        let places: Vec<Identity> =
            searched.iter().filter_map(|directory| tree.identity(directory)).collect();
        for directory in &searched {
            for file in tree.list(directory)? {
                if let Some(name) = unit_name(&file) {
                    let entry = entry(tree, directory, &file, &name, &places);
                    catalogue.add(directory, name, entry);
                }
            }
        }
        Ok(Library { tree, searched, catalogue })
    }

    /// The names of all services, templates too.
    pub fn names(&self) -> impl Iterator<Item = &UnitName> {
        self.catalogue.names()
    }

    /// Looks a unit up and reads it. The file at `without` counts as not there.
    pub fn load(
        &self,
        name: &UnitName,
        without: impl Fn(&UnitName) -> Option<PathBuf>,
    ) -> io::Result<Lookup> {
        let Some(found) = self.catalogue.find(name) else {
            return Ok(Lookup::Missing);
        };
        let Some(content) = self.read(&found.path)? else {
            return Ok(Lookup::Missing);
        };
        let Content::Text(text) = content else {
            return Ok(Lookup::Masked(found.path));
        };
        let mut sources = vec![Source::new(&found.path, &text)];
        let without = without(&found.id);
        for path in self.drop_ins(&found, without.as_deref())? {
            debug!("{} has the drop-in {}", found.id, Shown::of(&path));
            if let Some(Content::Text(text)) = self.read(&path)? {
                sources.push(Source::new(path, &text));
            }
        }
        Ok(Lookup::Unit(Unit { name: found.id, sources }))
    }

    /// A unit's own name, by any name of it.
    pub fn own_name(&self, name: &UnitName) -> Option<UnitName> {
        self.catalogue.find(name).map(|found| found.id)
    }

    /// Whether there is a unit of that name that may run.
    pub fn has(&self, name: &UnitName) -> bool {
        let content = self.catalogue.find(name).map(|found| self.tree.read(&found.path));
        matches!(content, Some(Ok(Some(Content::Text(_)))))
    }

    fn read(&self, path: &Path) -> io::Result<Option<Content>> {
        self.tree.read(path).map_err(|error| at(path, &error))
    }

    /// A unit's drop-ins: of each file name the first that is found, in the order of the file names.
    fn drop_ins(&self, found: &Found, without: Option<&Path>) -> io::Result<Vec<PathBuf>> {
        let mut files: BTreeMap<OsString, PathBuf> = BTreeMap::new();
        let named = found.names.iter().flat_map(|name| {
            self.searched.iter().flat_map(move |directory| {
                name.drop_in_names().into_iter().map(move |name| directory.join(format!("{name}.d")))
            })
        });
        let general = self.searched.iter().map(|directory| directory.join("service.d"));
        for directory in named.chain(general) {
            for file in self.tree.list(&directory)? {
                let path = directory.join(&file);
                let is_drop_in = file.as_bytes().ends_with(b".conf") && !file.as_bytes().starts_with(b".");
                if is_drop_in && without != Some(&*path) && self.tree.has(&path) {
                    files.entry(file).or_insert(path);
                }
            }
        }
        Ok(files.into_values().collect())
    }
}

/// The service that a file in a searched directory is named after.
fn unit_name(file: &OsStr) -> Option<UnitName> {
    file.to_str().filter(|file| file.ends_with(".service")).and_then(|file| UnitName::new(file).ok())
}

fn entry(tree: &Tree, directory: &Path, file: &OsStr, name: &UnitName, places: &[Identity]) -> Entry {
    let alias = || {
        let target = tree.link(directory, file)?;
        let place = tree.identity(target.parent()?)?;
        let other = unit_name(target.file_name()?)?;
        (places.contains(&place) && other != *name).then_some(other)
    };
    alias().map_or(Entry::File, Entry::Alias)
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("read {}: {}", Shown::of(path), crate::model::text::reason(error)))
}
