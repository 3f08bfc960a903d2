//! The unit files and drop-ins that are there, found where systemd looks for them and in its order.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::tree::{Content, Identity, Listed, Tree};
use crate::model::text::Shown;
use crate::model::units::catalogue::{Catalogue, Entry};
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

const SUFFIX: &str = ".service";

/// All units of a tree.
pub struct Library<'a> {
    tree: &'a Tree,
    searched: Vec<PathBuf>,
    catalogue: Catalogue,
    /// The directories of drop-ins, and in which of the searched ones they are.
    drop_ins: HashMap<String, Vec<usize>>,
    /// How many bytes may still be read.
    left: Cell<usize>,
}

/// What a name came to.
pub enum Lookup {
    /// There is no such unit.
    Missing,
    /// This file forbids the unit.
    Masked(PathBuf),
    /// A unit of which no file is worth a closer look.
    Dull,
    /// A unit, and all its names.
    Unit(Unit, Vec<UnitName>),
}

/// All units of a node together are smaller.
const LARGEST: usize = 32 << 20;

impl<'a> Library<'a> {
    /// Looks through the directories; `searched` are the manager's own, where there is one to ask.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn open(tree: &'a Tree, searched: Option<Vec<PathBuf>>) -> io::Result<Self> {
        let mut searched: Vec<_> =
            searched.unwrap_or_else(|| SEARCHED.split_ascii_whitespace().map(PathBuf::from).collect());
        let places: Vec<Option<Identity>> =
            searched.iter().map(|directory| tree.identity(directory)).collect();
        // One directory has one name, whoever says where to look: systemd has /lib before /usr/lib, which it is on most.
        for (index, place) in places.iter().enumerate() {
            let same = |other: &usize| place.is_some() && places[*other] == *place;
            if let Some(usual) =
                (0..places.len()).filter(same).find(|&other| searched[other].starts_with("/usr"))
            {
                let usual = searched[usual].clone();
                searched[index] = usual;
            }
        }
        let (mut catalogue, mut drop_ins) = (Catalogue::default(), HashMap::<_, Vec<_>>::new());
        for (index, directory) in searched.iter().enumerate() {
            if places[index].is_none() || places[..index].contains(&places[index]) {
                continue;
            }
            for Listed { name: file, may_be } in
                tree.list(directory).map_err(|error| at(directory, &error))?
            {
                if let Some(name) = unit_name(&file) {
                    let alias = may_be.0.then(|| alias(tree, directory, &file, &name, &places)).flatten();
                    catalogue.add(directory, name, alias.map_or(Entry::File, Entry::Alias));
                } else if let Some(name) = file.to_str().and_then(|file| file.strip_suffix(".d"))
                    && (may_be.0 || may_be.1)
                    && (name.ends_with(SUFFIX) || name == "service")
                {
                    drop_ins.entry(name.to_owned()).or_default().push(index);
                }
            }
        }
        Ok(Library { tree, searched, catalogue, drop_ins, left: Cell::new(LARGEST) })
    }

    /// The names of all services, templates too, and of instances that have drop-ins of their own.
    pub fn names(&self) -> impl Iterator<Item = UnitName> {
        let instance = |name: &String| UnitName::new(name).ok().filter(|name| name.instance().is_some());
        self.catalogue.names().cloned().chain(self.drop_ins.keys().filter_map(instance))
    }

    /// Looks a unit up and reads it. Drop-ins of which `ignored` is true, by path and text, count as not there.
    ///
    /// # Errors
    /// A file of it cannot be read.
    pub fn load(&self, name: &UnitName, ignored: impl Fn(&Path, &[u8]) -> bool) -> io::Result<Lookup> {
        self.load_if(name, ignored, |_| true)
    }

    /// The same, if `interesting` is true of the text of one of its files.
    ///
    /// # Errors
    /// A file of it cannot be read.
    pub fn load_if(
        &self,
        name: &UnitName,
        ignored: impl Fn(&Path, &[u8]) -> bool,
        interesting: impl Fn(&[u8]) -> bool,
    ) -> io::Result<Lookup> {
        let Some(found) = self.catalogue.find(name) else {
            return Ok(Lookup::Missing);
        };
        let text = match self.read(&found.path)? {
            Some(Content::Text(text)) => text,
            Some(Content::Masked) => return Ok(Lookup::Masked(found.path)),
            Some(Content::Strange) | None => return Ok(Lookup::Missing),
        };
        let mut files = vec![(found.path, text)];
        for path in self.drop_ins(&found.names)? {
            match self.read(&path)? {
                Some(Content::Text(text)) if ignored(&path, &text) => {}
                Some(Content::Text(text)) => files.push((path, text)),
                // It says nothing, and has its name all the same.
                Some(Content::Masked) => files.push((path, Vec::new())),
                Some(Content::Strange) | None => {}
            }
        }
        if !files.iter().any(|(_, text)| interesting(text)) {
            return Ok(Lookup::Dull);
        }
        let sources = files.into_iter().map(|(path, text)| Source::new(path, &text)).collect();
        Ok(Lookup::Unit(Unit { name: found.id, sources }, found.names))
    }

    /// A unit's own name, by any name of it.
    pub fn own_name(&self, name: &UnitName) -> Option<UnitName> {
        self.catalogue.find(name).map(|found| found.id)
    }

    /// All names of a unit, its own first; the name itself where there is none.
    pub fn all_names(&self, name: &UnitName) -> Vec<UnitName> {
        self.catalogue.find(name).map_or_else(|| vec![name.clone()], |found| found.names)
    }

    fn read(&self, path: &Path) -> io::Result<Option<Content>> {
        let content = self.tree.read(path).map_err(|error| at(path, &error))?;
        let size = if let Some(Content::Text(text)) = &content { text.len() } else { 0 };
        match self.left.get().checked_sub(size) {
            Some(left) => self.left.set(left),
            None => return Err(io::Error::other("the units together are larger than those of any node")),
        }
        Ok(content)
    }

    /// A unit's drop-ins: of each file name the first that is found, in the order of the file names.
    fn drop_ins(&self, names: &[UnitName]) -> io::Result<Vec<PathBuf>> {
        let mut files: BTreeMap<OsString, PathBuf> = BTreeMap::new();
        let mut names: Vec<_> = names.iter().map(UnitName::drop_in_names).collect();
        names.push(vec!["service".to_owned()]);
        for names in names {
            if !names.iter().any(|name| self.drop_ins.contains_key(name)) {
                continue;
            }
            for (index, directory) in self.searched.iter().enumerate() {
                for name in &names {
                    if self.drop_ins.get(name).is_some_and(|places| places.contains(&index)) {
                        self.add_files(&directory.join(format!("{name}.d")), &mut files)?;
                    }
                }
            }
        }
        Ok(files.into_values().collect())
    }

    fn add_files(&self, directory: &Path, files: &mut BTreeMap<OsString, PathBuf>) -> io::Result<()> {
        for Listed { name: file, may_be } in
            self.tree.list(directory).map_err(|error| at(directory, &error))?
        {
            let is_drop_in = file.as_bytes().ends_with(b".conf") && !file.as_bytes().starts_with(b".");
            // A link may lead nowhere, and then there is no such file.
            if is_drop_in && (!may_be.0 || self.tree.has(&directory.join(&file))) {
                let path = directory.join(&file);
                files.entry(file).or_insert(path);
            }
        }
        Ok(())
    }
}

/// The service that a file in a searched directory is named after.
fn unit_name(file: &OsStr) -> Option<UnitName> {
    file.to_str().filter(|file| file.ends_with(SUFFIX)).and_then(|file| UnitName::new(file).ok())
}

/// The unit that a link in a searched directory is another name of.
fn alias(
    tree: &Tree,
    directory: &Path,
    file: &OsStr,
    name: &UnitName,
    places: &[Option<Identity>],
) -> Option<UnitName> {
    let target = tree.link(directory, file)?;
    let place = tree.identity(target.parent()?)?;
    let other = unit_name(target.file_name()?)?;
    (places.contains(&Some(place)) && other != *name).then_some(other)
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("read {}: {}", Shown::of(path), crate::model::text::reason(error)))
}

#[cfg(test)]
mod tests {
    use std::{env, fs, os::unix, process};

    use super::*;

    #[test]
    fn a_directory_has_one_name_whatever_it_is_looked_for_by() {
        let root = env::temp_dir().join(format!("kubensenter-units-{}", process::id()));
        let directory = root.join("usr/lib/systemd/system");
        fs::create_dir_all(&directory).unwrap();
        unix::fs::symlink("usr/lib", root.join("lib")).unwrap();
        fs::write(directory.join("a.service"), "[Service]\n").unwrap();
        let tree = Tree::new(Some(&root)).unwrap();
        let searched = ["/lib/systemd/system", "/usr/lib/systemd/system"].map(PathBuf::from).to_vec();
        let library = Library::open(&tree, Some(searched)).unwrap();
        let found = library.load(&UnitName::new("a.service").unwrap(), |_, _| false).unwrap();
        fs::remove_dir_all(&root).unwrap();
        let Lookup::Unit(unit, _) = found else { panic!("it is not there") };
        assert_eq!(unit.sources[0].path, Path::new("/usr/lib/systemd/system/a.service"));
    }
}
