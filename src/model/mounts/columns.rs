//! The columns in which `kubensctl mounts` lists mounts.

use crate::model::mounts::changes::Action;
use crate::model::mounts::listing::{self, Row, Which, told};
use crate::model::mounts::pods::{Pods, Told};
use crate::model::table::{self, Cut};
use crate::model::text::Shown;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The pod's namespace.
    Namespace,
    /// The pod's name, or its UID where that is not known.
    Pod,
    /// What of the pod it is: the container or the volume; or whose else.
    Part,
    /// The container's name.
    Container,
    /// The volume's name.
    Volume,
    /// All of these in a sentence.
    Owner,
    /// Where it is mounted.
    Target,
    /// The device, or what the file system calls its source, and the directory of it.
    Source,
    /// The file system's type.
    Type,
    /// The mount's options.
    Options,
    /// `inside`, `both`, `host`.
    Side,
    /// What it is to either side.
    State,
    /// What is to be said of it.
    Note,
    /// Its number.
    Id,
    /// The number of the mount that it stands on.
    Parent,
}

/// Those that are shown unless others are named: the owner first, which nobody else can tell.
pub const USUAL: [Column; 8] = [
    Column::Namespace,
    Column::Pod,
    Column::Part,
    Column::Target,
    Column::Source,
    Column::Type,
    Column::Options,
    Column::Note,
];

impl Column {
    /// All of them.
    pub const ALL: [Column; 15] = [
        Column::Namespace,
        Column::Pod,
        Column::Part,
        Column::Container,
        Column::Volume,
        Column::Owner,
        Column::Target,
        Column::Source,
        Column::Type,
        Column::Options,
        Column::Side,
        Column::State,
        Column::Note,
        Column::Id,
        Column::Parent,
    ];

    /// Its heading, by which it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Column::Namespace => "NAMESPACE",
            Column::Pod => "POD",
            Column::Part => "CONTAINER/VOLUME",
            Column::Container => "CONTAINER",
            Column::Volume => "VOLUME",
            Column::Owner => "OWNER",
            Column::Target => "TARGET",
            Column::Source => "SOURCE",
            Column::Type => "TYPE",
            Column::Options => "OPTIONS",
            Column::Side => "SIDE",
            Column::State => "STATE",
            Column::Note => "NOTE",
            Column::Id => "ID",
            Column::Parent => "PARENT",
        }
    }

    fn cut(self) -> Cut {
        match self {
            Column::Target => Cut::Start,
            Column::Namespace
            | Column::Pod
            | Column::Part
            | Column::Container
            | Column::Volume
            | Column::Owner
            | Column::Source
            | Column::Options => Cut::End,
            Column::Type | Column::Side | Column::State | Column::Note | Column::Id | Column::Parent => {
                Cut::Nothing
            }
        }
    }

    fn cell(self, row: &Row<'_>, told: Option<Told<'_>>, which: Which) -> String {
        let mount = row.mount;
        let pod = told.and_then(|told| told.pod);
        let name = |name: Option<&[u8]>| name.map_or(String::new(), |name| Shown(name).to_string());
        match self {
            Column::Namespace => name(pod.map(|pod| &pod.namespace[..])),
            Column::Pod => name(pod.map(|pod| &pod.name[..]).or_else(|| told.and_then(|told| told.uid()))),
            Column::Part => told.map_or(String::new(), |told| told.part()),
            Column::Container => name(told.and_then(|told| told.container)),
            Column::Volume => name(told.and_then(|told| told.volume())),
            Column::Owner => told.map_or(String::new(), |told| told.to_string()),
            Column::Target => Shown(&mount.target).to_string(),
            // As findmnt shows it.
            Column::Source if mount.root == b"/" => Shown(&mount.source).to_string(),
            Column::Source => format!("{}[{}]", Shown(&mount.source), Shown(&mount.root)),
            Column::Type => Shown(&mount.kind).to_string(),
            Column::Options => Shown(&mount.options).to_string(),
            Column::Side => row.side().to_owned(),
            Column::State => row.state().to_owned(),
            Column::Note => row.note(which),
            Column::Id => mount.id.to_string(),
            Column::Parent => mount.parent.to_string(),
        }
    }
}

/// How the list is laid out.
#[derive(Debug, Default)]
pub struct Form {
    /// The columns; none: the usual ones.
    pub columns: Vec<Column>,
    /// As a tree.
    pub tree: bool,
    /// No headings.
    pub bare: bool,
    /// Within so many columns of a terminal.
    pub width: Option<usize>,
}

impl Form {
    fn shown(&self) -> &[Column] {
        if self.columns.is_empty() { &USUAL } else { &self.columns }
    }

    fn heads(&self) -> impl Iterator<Item = table::Column> {
        self.shown().iter().map(|column| table::Column { head: column.name(), cut: column.cut() })
    }
}

/// Sorts by a column: numbers as numbers, all else as text, and what has nothing there at the end.
pub fn sort(rows: &mut [Row<'_>], column: Column, which: Which, pods: &Pods) {
    rows.sort_by_cached_key(|row| {
        let cell = column.cell(row, told(row, pods), which);
        (cell.is_empty(), cell.parse::<u32>().ok(), cell)
    });
}

/// Tells what became of the mounts of a list, in the columns of a table that grows.
pub struct Watched<'a> {
    form: &'a Form,
    /// Of the columns, as far as they were printed: none before the headings.
    widths: Vec<usize>,
}

impl<'a> Watched<'a> {
    /// Of this form.
    pub fn new(form: &'a Form) -> Self {
        Watched { form, widths: Vec::new() }
    }

    /// These changes, under headings where they are the first.
    pub fn text(&mut self, changes: &[(Action, Row<'_>, &Pods)], which: Which) -> String {
        let action = table::Column { head: "ACTION", cut: Cut::Nothing };
        let heads: Vec<_> = [action].into_iter().chain(self.form.heads()).collect();
        let cells = |(action, row, pods): &(Action, Row<'_>, &Pods)| -> Vec<String> {
            let told = told(row, pods);
            let cells = self.form.shown().iter().map(|column| column.cell(row, told, which));
            [action.name().to_owned()].into_iter().chain(cells).collect()
        };
        let cells: Vec<_> = changes.iter().map(cells).collect();
        let first = self.widths.is_empty() && !self.form.bare;
        table::more(&heads, &cells, first, self.form.width, &mut self.widths)
    }
}

/// The list as a table.
pub fn text(rows: &[Row<'_>], which: Which, pods: &Pods, form: &Form) -> String {
    let order = if form.tree {
        listing::tree(rows)
    } else {
        (0..rows.len()).map(|place| (place, String::new())).collect()
    };
    let cells = |(place, branch): &(usize, String)| -> Vec<String> {
        let told = told(&rows[*place], pods);
        let cell = |column: &Column| {
            let cell = column.cell(&rows[*place], told, which);
            if *column == Column::Target { format!("{branch}{cell}") } else { cell }
        };
        form.shown().iter().map(cell).collect()
    };
    let mut cells: Vec<_> = order.iter().map(cells).collect();
    let mut heads: Vec<_> = form.heads().collect();
    // Nothing to note is no column.
    if form.columns.is_empty() && cells.iter().all(|cells| cells.last().is_some_and(String::is_empty)) {
        heads.pop();
        for cells in &mut cells {
            cells.pop();
        }
    }
    table::columns(&heads, &cells, !form.bare, form.width)
}
