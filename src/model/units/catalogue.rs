//! Which file a name of a service means: units, aliases, templates and masks over the directories that systemd
//! searches (systemd.unit(5), "Unit file load path").

use std::cell::OnceCell;
use std::collections::{BTreeMap, btree_map};
use std::path::{Path, PathBuf};

use super::name::UnitName;

/// What a directory holds under a unit's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A unit file, or a link to one elsewhere; empty or `/dev/null` it masks.
    File,
    /// A link to that name in one of the searched directories: an alias.
    Alias(UnitName),
}

/// What is there, the first directory first.
#[derive(Debug, Default)]
pub struct Catalogue {
    entries: BTreeMap<UnitName, (PathBuf, Entry)>,
    /// Of these the aliases.
    aliases: Vec<UnitName>,
    /// The same by the units that they lead to, once somebody asks: a node has many of both.
    others: OnceCell<BTreeMap<UnitName, Vec<UnitName>>>,
}

/// A unit that was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Its own name.
    pub id: UnitName,
    /// The unit file.
    pub path: PathBuf,
    /// All its names, its own first.
    pub names: Vec<UnitName>,
}

/// As many links as systemd follows.
const FOLLOWED: usize = 8;

impl Catalogue {
    /// Adds what a directory holds; what an earlier one holds under the same name counts.
    pub fn add(&mut self, directory: &Path, name: UnitName, entry: Entry) {
        if let btree_map::Entry::Vacant(place) = self.entries.entry(name) {
            if matches!(entry, Entry::Alias(_)) {
                self.aliases.push(place.key().clone());
            }
            let path = directory.join(place.key().as_str());
            place.insert((path, entry));
        }
    }

    /// All names, aliases too.
    pub fn names(&self) -> impl Iterator<Item = &UnitName> {
        self.entries.keys()
    }

    /// Looks a name up.
    pub fn find(&self, name: &UnitName) -> Option<Found> {
        let (id, path) = self.resolve(name)?;
        let mut others = self.others().get(&id).cloned().unwrap_or_default();
        if let Some(instance) = name.instance() {
            let templates = self.aliases.iter().filter(|alias| alias.is_template());
            let instances = templates.map(|template| template.instantiate(instance));
            others
                .extend(instances.filter(|other| self.resolve(other).is_some_and(|(other, _)| other == id)));
        }
        others.push(name.clone());
        others.sort_unstable();
        others.dedup();
        others.retain(|other| *other != id);
        Some(Found { names: [vec![id.clone()], others].concat(), id, path })
    }

    fn others(&self) -> &BTreeMap<UnitName, Vec<UnitName>> {
        self.others.get_or_init(|| {
            let mut others = BTreeMap::<_, Vec<_>>::new();
            for alias in &self.aliases {
                if let Some((id, _)) = self.resolve(alias) {
                    others.entry(id).or_default().push(alias.clone());
                }
            }
            others
        })
    }

    /// A name's unit and its file; an instance without a file of its own has its template's.
    fn resolve(&self, name: &UnitName) -> Option<(UnitName, PathBuf)> {
        let mut name = name.clone();
        for _ in 0..=FOLLOWED {
            let own = self.entries.get(&name);
            let entry = own.or_else(|| self.entries.get(&name.template()?));
            let (path, entry) = entry?;
            name = match (entry, name.instance()) {
                (Entry::File, _) => return Some((name, path.clone())),
                (Entry::Alias(target), Some(instance)) if target.is_template() => {
                    target.instantiate(instance)
                }
                (Entry::Alias(target), _) => target.clone(),
            };
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> UnitName {
        UnitName::new(text).unwrap()
    }

    fn catalogue(entries: &[(&str, &str, &str)]) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (directory, unit, target) in entries {
            let entry = if target.is_empty() { Entry::File } else { Entry::Alias(name(target)) };
            catalogue.add(Path::new(directory), name(unit), entry);
        }
        catalogue
    }

    fn found(catalogue: &Catalogue, unit: &str) -> Option<(String, String, Vec<String>)> {
        let found = catalogue.find(&name(unit))?;
        let names = found.names.iter().map(ToString::to_string).collect();
        Some((found.id.to_string(), found.path.to_str()?.to_owned(), names))
    }

    #[test]
    fn the_first_directory_counts() {
        let catalogue = catalogue(&[("/etc", "a", ""), ("/usr", "a", "")]);
        assert_eq!(found(&catalogue, "a").unwrap().1, "/etc/a.service");
        assert_eq!(found(&catalogue, "b"), None);
    }

    #[test]
    fn an_alias_is_another_name_of_the_unit() {
        let catalogue = catalogue(&[("/etc", "cri-o", "crio"), ("/etc", "x", "cri-o"), ("/usr", "crio", "")]);
        for asked in ["crio", "cri-o", "x"] {
            let (id, path, names) = found(&catalogue, asked).unwrap();
            assert_eq!((&id[..], &path[..]), ("crio.service", "/usr/crio.service"));
            assert_eq!(names, ["crio.service", "cri-o.service", "x.service"]);
        }
    }

    #[test]
    fn an_instance_has_its_own_file_or_its_templates() {
        let catalogue = catalogue(&[
            ("/etc", "a@own", ""),
            ("/usr", "a@", ""),
            ("/etc", "b@", "a@"),
            ("/etc", "d@", "e@"),
            ("/etc", "e@", ""),
            ("/etc", "c", "a@one"),
        ]);
        assert_eq!(found(&catalogue, "a@own").unwrap().1, "/etc/a@own.service");
        let (id, path, names) = found(&catalogue, "b@x").unwrap();
        assert_eq!((&id[..], &path[..]), ("a@x.service", "/usr/a@.service"));
        assert_eq!(names, ["a@x.service", "b@x.service"]);
        assert_eq!(found(&catalogue, "c").unwrap().0, "a@one.service");
        assert_eq!(found(&catalogue, "a@").unwrap().0, "a@.service");
        // A template that is another's name is no name of what has a file of its own, and all are listed.
        assert_eq!(found(&catalogue, "a@own").unwrap().2, ["a@own.service", "b@own.service"]);
        let names: Vec<_> = catalogue.names().map(UnitName::as_str).collect();
        assert_eq!(
            names,
            ["a@.service", "a@own.service", "b@.service", "c.service", "d@.service", "e@.service"]
        );
    }

    #[test]
    fn links_in_a_circle_lead_nowhere() {
        assert_eq!(found(&catalogue(&[("/", "a", "b"), ("/", "b", "a")]), "a"), None);
    }
}
