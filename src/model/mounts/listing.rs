//! The mounts that `kubensctl mounts` lists, as a table, a tree, or JSON.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::model::json::Name;
use crate::model::mounts::compare::Origin;
use crate::model::mounts::owner::{self, Owner, Runtime};
use crate::model::mounts::paths;
use crate::model::mounts::pods::Pods;
use crate::model::mounts::table::Mount;
use crate::model::node::facts::View;
use crate::model::table;
use crate::model::text::Shown;

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
    mount: &'a Mount,
    state: State,
    shadowed: bool,
}

impl Row<'_> {
    fn side(&self) -> &'static str {
        match self.state {
            State::Inside(origin) if origin.hidden() => "inside",
            State::Inside(_) => "both",
            State::Private | State::Missing | State::Pin => "host",
        }
    }

    fn state(&self) -> &'static str {
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

    fn note(&self, which: Which) -> String {
        let what = match (which, self.state) {
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

/// The rows, in the order of the tables: each mount after the one that it is mounted on. `None`: a table that this
/// needs could not be read.
pub fn rows<'a>(view: &View<'a>, which: Which) -> Option<Vec<Row<'a>>> {
    let comparison = view.comparison.as_ref()?;
    let (inside, outside) = (view.node.inside.as_deref()?, view.node.outside.as_deref()?);
    let mut rows = Vec::new();
    if which != Which::Host {
        let wanted = |origin: Origin| which == Which::All || origin.hidden();
        let shadowed = paths::shadowed(inside);
        let found = inside.iter().zip(&comparison.inside).filter(|(_, origin)| wanted(**origin));
        rows.extend(found.map(|(mount, origin)| Row {
            mount,
            state: State::Inside(*origin),
            shadowed: shadowed.contains(&mount.id),
        }));
    }
    if which != Which::Inside {
        let shadowed = paths::shadowed(outside);
        let sharing: HashSet<_> =
            outside.iter().filter(|mount| mount.shared.is_some()).map(|mount| mount.id).collect();
        let state = |mount: &Mount| {
            if mount.target == view.node.point {
                State::Pin
            } else if sharing.contains(&mount.parent) {
                State::Missing
            } else {
                State::Private
            }
        };
        let lacking = outside.iter().zip(&comparison.arrived).filter(|(_, arrived)| !**arrived);
        rows.extend(lacking.map(|(mount, _)| Row {
            mount,
            state: state(mount),
            shadowed: shadowed.contains(&mount.id),
        }));
    }
    Some(rows)
}

/// The containers of the list: the ID and whose it is, and where something of it is mounted.
pub fn containers<'a>(rows: &'a [Row<'_>]) -> impl Iterator<Item = (&'a [u8], Runtime, &'a [u8])> {
    rows.iter().filter_map(|row| match owner::owner(&row.mount.target)? {
        Owner::Container { id, runtime, .. } => Some((id, runtime, row.mount.target.as_slice())),
        Owner::Volume { .. } | Owner::Stage { .. } | Owner::Pinned { .. } | Owner::Kubernetes => None,
    })
}

fn owner(row: &Row<'_>, pods: &Pods) -> Option<String> {
    let target = &row.mount.target;
    match (owner::owner(target), row.state) {
        (Some(owner), _) => Some(pods.told(owner).to_string()),
        (None, State::Inside(Origin::Own)) => pods.maker(target),
        (None, State::Inside(_) | State::Private | State::Missing | State::Pin) => None,
    }
}

/// The list as a table, or as a tree: then a mount stands below the one that it is mounted on, if that is listed.
pub fn text(rows: &[Row<'_>], which: Which, pods: &Pods, tree: bool) -> String {
    let order = if tree {
        let place: HashMap<_, _> =
            rows.iter().enumerate().map(|(place, row)| (row.mount.id, place)).collect();
        let parents: Vec<_> = rows.iter().map(|row| place.get(&row.mount.parent).copied()).collect();
        table::tree(&parents)
    } else {
        (0..rows.len()).map(|place| (place, String::new())).collect()
    };
    let cells: Vec<_> = order
        .into_iter()
        .map(|(place, branch)| {
            let row = &rows[place];
            [
                format!("{branch}{}", Shown(&row.mount.target)),
                source(row.mount),
                Shown(&row.mount.kind).to_string(),
                Shown(&row.mount.options).to_string(),
                owner(row, pods).unwrap_or_default(),
                row.note(which),
            ]
        })
        .collect();
    let note = if cells.iter().any(|cells| !cells[5].is_empty()) { "NOTE" } else { "" };
    table::columns(["TARGET", "SOURCE", "TYPE", "OPTIONS", "OWNER", note], &cells)
}

/// The source and, where it is not the file system's root that is mounted, the directory, as findmnt shows it.
fn source(mount: &Mount) -> String {
    let source = Shown(&mount.source);
    if mount.root == b"/" { source.to_string() } else { format!("{source}[{}]", Shown(&mount.root)) }
}

/// A row for programs; the schema is in kubensctl(8).
#[derive(Serialize)]
pub struct Entry<'a> {
    target: Name<'a>,
    source: Name<'a>,
    root: Name<'a>,
    #[serde(rename = "type")]
    kind: Name<'a>,
    options: Name<'a>,
    super_options: Name<'a>,
    owner: Option<String>,
    side: &'static str,
    state: &'static str,
    shadowed: bool,
    id: u32,
    parent: u32,
}

/// The list for programs.
pub fn entries<'a>(rows: &'a [Row<'_>], pods: &Pods) -> Vec<Entry<'a>> {
    let entry = |row: &'a Row<'_>| Entry {
        target: Name(&row.mount.target),
        source: Name(&row.mount.source),
        root: Name(&row.mount.root),
        kind: Name(&row.mount.kind),
        options: Name(&row.mount.options),
        super_options: Name(&row.mount.super_options),
        owner: owner(row, pods),
        side: row.side(),
        state: row.state(),
        shadowed: row.shadowed,
        id: row.mount.id,
        parent: row.mount.parent,
    };
    rows.iter().map(entry).collect()
}
