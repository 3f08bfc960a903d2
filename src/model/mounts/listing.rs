//! The mounts that `kubensctl mounts` lists, as a table, a tree, or JSON.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::model::json::Name;
use crate::model::mounts::changes::Action;
use crate::model::mounts::compare::Origin;
use crate::model::mounts::owner::{self, Runtime};
use crate::model::mounts::paths;
use crate::model::mounts::pods::{Pods, Told};
use crate::model::mounts::table::Mount;
use crate::model::node::facts::View;
use crate::model::table;

/// Which mounts are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that only the namespace has.
    Inside,
    /// Those that only the host has.
    Host,
    /// All of both.
    All,
}

/// What a mount is to either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Inside(Origin),
    /// The host has it and the namespace does not: its parent passes nothing on.
    Private,
    /// The host has it, its parent passes it on, and yet the namespace does not have it.
    Missing,
    /// The pin itself, which never goes inside.
    Pin,
}

/// A mount of the list.
pub struct Row<'a> {
    pub(super) mount: &'a Mount,
    state: State,
    shadowed: bool,
    /// Whether it is one of those that were asked for; if not, one of them may stand on it.
    listed: bool,
}

impl Row<'_> {
    /// Whether it was asked for.
    pub fn is_wanted(&self, filter: &Filter, pods: &Pods) -> bool {
        self.listed && filter.takes(self, pods)
    }

    pub(super) fn side(&self) -> &'static str {
        match self.state {
            State::Inside(origin) if origin.hidden() => "inside",
            State::Inside(_) => "both",
            State::Private | State::Missing | State::Pin => "host",
        }
    }

    pub(super) fn state(&self) -> &'static str {
        match self.state {
            State::Inside(Origin::Arrived) => "arrived",
            State::Inside(Origin::Copied) => "copied",
            State::Inside(Origin::Leaking) => "leaking",
            State::Inside(Origin::Own) => "own",
            State::Inside(Origin::Lingering) => "lingering",
            State::Private => "private",
            State::Missing => "missing",
            State::Pin => "pin",
        }
    }

    pub(super) fn note(&self, which: Which) -> String {
        let what = match (which, self.state) {
            _ if !self.listed => "both",
            (Which::Inside, State::Inside(Origin::Own)) => "",
            (Which::All, State::Inside(Origin::Own)) => "inside",
            (Which::All, State::Inside(Origin::Arrived)) => "both",
            (Which::All, State::Private | State::Missing | State::Pin) => "host",
            (Which::Inside | Which::Host | Which::All, _) => self.state(),
        };
        match (what, self.shadowed) {
            (what, false) => what.to_owned(),
            ("", true) => "shadowed".to_owned(),
            (what, true) => format!("{what}, shadowed"),
        }
    }
}

/// The rows, in the order of the tables: each mount after the one that it is mounted on. Those that are not wanted are
/// among them, for a tree. `None`: a table that this needs could not be read.
pub fn rows<'a>(view: &View<'a>, which: Which) -> Option<Vec<Row<'a>>> {
    let comparison = view.comparison.as_ref()?;
    let (inside, outside) = (view.node.inside.as_deref()?, view.node.outside.as_deref()?);
    let mut rows = Vec::new();
    if which != Which::Host {
        let shadowed = paths::shadowed(inside);
        rows.extend(inside.iter().zip(&comparison.inside).map(|(mount, origin)| Row {
            mount,
            state: State::Inside(*origin),
            shadowed: shadowed.contains(&mount.id),
            listed: which == Which::All || origin.hidden(),
        }));
    }
    if which != Which::Inside {
        let shadowed = paths::shadowed(outside);
        let sharing: HashSet<_> =
            outside.iter().filter(|mount| mount.shared.is_some()).map(|mount| mount.id).collect();
        let state = |mount: &Mount, arrived: bool| {
            if arrived {
                State::Inside(Origin::Arrived)
            } else if mount.target == view.node.point {
                State::Pin
            } else if sharing.contains(&mount.parent) {
                State::Missing
            } else {
                State::Private
            }
        };
        rows.extend(outside.iter().zip(&comparison.arrived).map(|(mount, arrived)| Row {
            mount,
            state: state(mount, *arrived),
            shadowed: shadowed.contains(&mount.id),
            listed: !arrived,
        }));
    }
    Some(rows)
}

/// What of the rows is wanted; empty: all.
#[derive(Debug, Default)]
pub struct Filter {
    /// File systems' types.
    pub types: Vec<Vec<u8>>,
    /// Mounts at this path or below it.
    pub path: Option<Vec<u8>>,
    /// A pod's namespace, if it is said, and name.
    pub pod: Option<(Option<Vec<u8>>, Vec<u8>)>,
    /// A container's name.
    pub container: Option<Vec<u8>>,
}

impl Filter {
    fn takes(&self, row: &Row<'_>, pods: &Pods) -> bool {
        let is_pod = |(namespace, name): &(Option<Vec<u8>>, Vec<u8>)| {
            told(row, pods).and_then(|told| told.pod).is_some_and(|pod| {
                pod.name == *name && namespace.as_ref().is_none_or(|it| pod.namespace == *it)
            })
        };
        let is_container = |name: &Vec<u8>| told(row, pods).is_some_and(|told| told.container == Some(name));
        (self.types.is_empty() || self.types.contains(&row.mount.kind))
            && self.path.as_ref().is_none_or(|path| paths::is_below(&row.mount.target, path))
            && self.pod.as_ref().is_none_or(is_pod)
            && self.container.as_ref().is_none_or(is_container)
    }
}

/// The rows that are wanted, and with `ancestors` also those on which they stand.
pub fn wanted<'a>(mut rows: Vec<Row<'a>>, filter: &Filter, pods: &Pods, ancestors: bool) -> Vec<Row<'a>> {
    for row in &mut rows {
        row.listed = row.is_wanted(filter, pods);
    }
    let place: HashMap<_, _> = rows.iter().enumerate().map(|(place, row)| (row.mount.id, place)).collect();
    let mut kept: Vec<bool> = rows.iter().map(|row| row.listed).collect();
    for start in (0..rows.len()).filter(|_| ancestors) {
        let mut at = start;
        // Up to one that is kept already: a circle ends there, too.
        while let Some(&above) =
            place.get(&rows[at].mount.parent).filter(|above| rows[start].listed && !kept[**above])
        {
            kept[above] = true;
            at = above;
        }
    }
    let mut kept = kept.into_iter();
    rows.retain(|_| kept.next() == Some(true));
    rows
}

/// The containers of the list: the ID and whose it is, and where something of it is mounted.
pub fn containers<'a>(rows: &'a [Row<'_>]) -> impl Iterator<Item = (&'a [u8], Runtime, &'a [u8])> {
    rows.iter().filter_map(|row| {
        let (id, runtime) = owner::owner(&row.mount.target)?.container()?;
        Some((id, runtime, row.mount.target.as_slice()))
    })
}

/// Whose a mount is, as far as it can be told.
pub(super) fn told<'a>(row: &Row<'a>, pods: &'a Pods) -> Option<Told<'a>> {
    let target: &'a [u8] = &row.mount.target;
    match (owner::owner(target), row.state) {
        (Some(owner), _) => Some(pods.told(owner)),
        (None, State::Inside(Origin::Own)) => pods.maker(target),
        (None, State::Inside(_) | State::Private | State::Missing | State::Pin) => None,
    }
}

/// The branches of a tree, in which a mount stands below the one that it is mounted on, and the order to draw them in.
pub fn tree(rows: &[Row<'_>]) -> Vec<(usize, String)> {
    let place: HashMap<_, _> = rows.iter().enumerate().map(|(place, row)| (row.mount.id, place)).collect();
    let parents: Vec<_> = rows.iter().map(|row| place.get(&row.mount.parent).copied()).collect();
    table::tree(&parents)
}

/// A mount.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Entry<'a> {
    target: Name<'a>,
    source: Name<'a>,
    root: Name<'a>,
    #[serde(rename = "type")]
    kind: Name<'a>,
    options: Name<'a>,
    super_options: Name<'a>,
    namespace: Option<Name<'a>>,
    pod: Option<Name<'a>>,
    uid: Option<Name<'a>>,
    container: Option<Name<'a>>,
    volume: Option<Name<'a>>,
    owner: Option<String>,
    side: &'static str,
    state: &'static str,
    shadowed: bool,
    id: u32,
    parent: u32,
}

/// A row that came, went, or changed, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Changed<'a> {
    action: &'static str,
    #[serde(flatten)]
    entry: Entry<'a>,
}

/// A change for programs.
pub fn changed<'a>(action: Action, row: &Row<'a>, pods: &'a Pods) -> Changed<'a> {
    Changed { action: action.name(), entry: entry(row, pods) }
}

/// The list for programs.
pub fn entries<'a>(rows: &[Row<'a>], pods: &'a Pods) -> Vec<Entry<'a>> {
    rows.iter().map(|row| entry(row, pods)).collect()
}

fn entry<'a>(row: &Row<'a>, pods: &'a Pods) -> Entry<'a> {
    let told = told(row, pods);
    let pod = told.and_then(|told| told.pod);
    Entry {
        target: Name(&row.mount.target),
        source: Name(&row.mount.source),
        root: Name(&row.mount.root),
        kind: Name(&row.mount.kind),
        options: Name(&row.mount.options),
        super_options: Name(&row.mount.super_options),
        namespace: pod.map(|pod| Name(&pod.namespace)),
        pod: pod.map(|pod| Name(&pod.name)),
        uid: told.and_then(|told| told.uid()).map(Name),
        container: told.and_then(|told| told.container).map(Name),
        volume: told.and_then(|told| told.volume()).map(Name),
        owner: told.map(|told| told.to_string()),
        side: row.side(),
        state: row.state(),
        shadowed: row.shadowed,
        id: row.mount.id,
        parent: row.mount.parent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::schema_tests::is_documented;

    #[test]
    fn what_programs_get_is_documented() {
        is_documented::<Vec<Entry<'_>>>("mounts");
        is_documented::<Changed<'_>>("mounts-watch");
    }
}
