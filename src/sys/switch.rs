//! Looks at the configuration and at the units, and has it decided which of them run inside: for the generator, which
//! then writes that, and for kubensctl, which says it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::selinux::Policy;
use super::tree::{Content, Tree};
use super::units::{Library, Lookup};
use crate::model::node::catalogue;
use crate::model::text::{Shown, reason};
use crate::model::units::command::{self, WRAPPER};
use crate::model::units::config::{Config, FILE, PLACES};
use crate::model::units::entering;
use crate::model::units::name::UnitName;
use crate::model::units::switch::{self, End, Planned, dropin};
use crate::model::units::unit::Unit;

/// The generators' late directory.
pub const LATE: &str = "/run/systemd/generator.late";

/// Where to look, for what the generator is to do: it knows systemd's usual directories, and has no manager to ask.
pub struct Ground<'a> {
    /// In which tree.
    pub tree: &'a Tree,
    /// The directory for what generators write.
    pub late: &'a Path,
    /// A configuration file that counts as having this text, or as gone.
    pub instead: Option<(&'a Path, Option<&'a str>)>,
    /// Drop-ins that count as gone.
    pub without: &'a [PathBuf],
}

/// What was decided.
#[derive(Default)]
pub struct Switch {
    /// Each unit that is to run inside, in the order of the names.
    pub planned: Vec<Planned>,
    /// What was found wrong with the configuration, a line each.
    pub complaints: Vec<String>,
}

/// Looks and decides.
///
/// # Errors
/// The configuration or the directories of units cannot be read.
pub fn decide(ground: &Ground<'_>) -> io::Result<Switch> {
    let config = configuration(ground)?;
    let mut switch = Switch { complaints: config.complaints.clone(), ..Switch::default() };
    if config.is_empty() {
        return Ok(switch);
    }
    let library = Library::open(ground.tree, None)?;
    // An image has another machine's policy.
    let policy = if ground.tree.is_image() { None } else { Policy::loaded().unwrap_or_default() };
    let mut names: Vec<_> = library.names().chain(config.named()).collect();
    // Templates first: the drop-in of an instance must not sort before its template's.
    names.sort_by(|a, b| b.is_template().cmp(&a.is_template()).then_with(|| a.cmp(b)));
    let mut seen = BTreeSet::new();
    for name in names {
        let own = library.own_name(&name).unwrap_or(name);
        if seen.insert(own.clone()) {
            switch.planned.extend(one(ground, &library, policy.as_ref(), &config, &own, &switch.planned));
        }
    }
    if !switch.planned.is_empty() {
        let startable = ground.tree.is_image() || ground.tree.is_program(Path::new(WRAPPER));
        let obstacle = switch::obstacle(startable, |path| ground.tree.has(path));
        switch::all_or_none(&mut switch.planned, obstacle.as_deref());
    }
    Ok(switch)
}

fn configuration(ground: &Ground<'_>) -> io::Result<Config> {
    let mut config = Config::default();
    let places = || PLACES.split_ascii_whitespace().map(Path::new);
    let mut files = Vec::new();
    // Of each name the first counts, and a mask is one; the main file before all others.
    files.extend(places().map(|place| place.join(FILE)).find(|path| exists(ground, path)));
    let mut fragments = BTreeMap::<OsString, PathBuf>::new();
    for directory in places().map(|place| place.join(format!("{FILE}.d"))) {
        let listed = ground.tree.list(&directory).map_err(|error| at(&directory, &error))?;
        let mut names: Vec<_> = listed.into_iter().map(|listed| listed.name).collect();
        if let Some((path, Some(_))) = ground.instead
            && path.parent() == Some(&directory)
        {
            names.extend(path.file_name().map(ToOwned::to_owned));
        }
        for name in names {
            let path = directory.join(&name);
            let text = name.as_encoded_bytes();
            if text.ends_with(b".conf") && !text.starts_with(b".") && exists(ground, &path) {
                fragments.entry(name).or_insert(path);
            }
        }
    }
    files.extend(fragments.into_values());
    for path in files {
        match ground.instead {
            Some((other, Some(text))) if other == path => config.read(&path, text.as_bytes()),
            _ => match ground.tree.read(&path) {
                Ok(Some(Content::Text(text))) => config.read(&path, &text),
                Ok(Some(Content::Masked) | None) => {}
                Ok(Some(Content::Strange)) => {
                    config.complaints.push(format!("{}: it is no plain file, ignored", Shown::of(&path)));
                }
                Err(error) => return Err(at(&path, &error)),
            },
        }
    }
    Ok(config)
}

fn exists(ground: &Ground<'_>, path: &Path) -> bool {
    match ground.instead {
        Some((other, text)) if other == path => text.is_some(),
        _ => ground.tree.has(path),
    }
}

/// Decides for one unit; `None`: nobody wants it inside.
fn one(
    ground: &Ground<'_>,
    library: &Library<'_>,
    policy: Option<&Policy>,
    config: &Config,
    name: &UnitName,
    before: &[Planned],
) -> Option<Planned> {
    let by_name = catalogue::by_name(name.as_str());
    let unread = |end: End, may_hold: bool| {
        let wish = config.wish(std::slice::from_ref(name), by_name.is_some())?;
        let because = wish.files.iter().map(|file| (*file).to_owned()).collect();
        Some(Planned::unread(name, wish.with_kubernetes && may_hold, because, end))
    };
    if !config.wants_kubernetes() {
        config.wish(&library.all_names(name), false)?;
    }
    let is_ignored = |path: &Path, text: &[u8]| {
        ground.without.iter().any(|without| without == path)
            || path.starts_with(ground.late) && dropin::is_ours(text)
    };
    let is_named = || config.named().any(|named| named == *name);
    let by_names = config.wish(&library.all_names(name), by_name.is_some()).is_some();
    let interesting = |text: &[u8]| by_names || catalogue::may_name(text);
    let (unit, names) = match library.load_if(name, is_ignored, interesting) {
        Ok(Lookup::Unit(unit, names)) => (unit, names),
        // Kubernetes' units are wanted where they are there.
        Ok(Lookup::Missing) if is_named() => return unread(End::Absent, false),
        Ok(Lookup::Masked(path)) if is_named() => {
            return unread(End::Refused(format!("it is masked by {}", Shown::of(&path))), false);
        }
        Ok(Lookup::Missing | Lookup::Masked(_) | Lookup::Dull) => return None,
        Err(error) => return unread(End::Refused(reason(&error)), true),
    };
    let member = catalogue::by_unit(&unit);
    let wish = config.wish(&names, member.is_some())?;
    let template = name.template().and_then(|template| before.iter().find(|one| one.unit == template));
    let behind = template
        .and_then(|template| template.drop_in.as_ref())
        .map(|drop_in| drop_in.file.as_encoded_bytes());
    // Who cannot ask says nothing about it; check does, and whether it could.
    let domains = policy.and_then(|policy| policy.apart(&unit).ok()?);
    let mut planned = switch::plan(&unit, &wish, behind, is_confined(ground.tree, &unit), domains.as_ref());
    planned.rank = member.map(|member| member.rank);
    Some(planned)
}

/// Whether the unit starts a snap that is confined, as far as that can be seen: snaps are mounted late.
fn is_confined(tree: &Tree, unit: &Unit) -> bool {
    let commands = unit.list("ExecStart").into_iter().flat_map(|set| command::words(set.value));
    let snaps =
        commands.filter_map(|words| entering::snap(&words.iter().map(Vec::as_slice).collect::<Vec<_>>()));
    let mut snaps = snaps.filter(|snap| !snap.contains('/'));
    snaps.any(|snap| match tree.read(&Path::new("/snap").join(&snap).join("current/meta/snap.yaml")) {
        Ok(Some(Content::Text(yaml))) => entering::is_confined(&yaml),
        Ok(_) | Err(_) => entering::is_known_confined(&snap),
    })
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("read {}: {}", Shown::of(&path), reason(error)))
}
