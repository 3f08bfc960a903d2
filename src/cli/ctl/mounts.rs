//! The options of `kubensctl mounts`.

use std::os::unix::ffi::OsStrExt;
use std::path::{self, PathBuf};

use clap::Args;

use crate::model::json::Layout;
use crate::model::mounts::columns::Column;
use crate::model::mounts::listing::{Filter, Which};

/// `mounts`
#[derive(Args, Default)]
// Each is a flag of its own on the command line, too.
#[allow(clippy::struct_excessive_bools)]
pub struct Mounts {
    /// List the mounts of both sides
    #[arg(long, conflicts_with = "host")]
    all: bool,
    /// List what the host has and the namespace lacks
    #[arg(long)]
    host: bool,
    /// Show which mount stands on which
    #[arg(long, conflicts_with = "json")]
    pub tree: bool,
    /// Tell each change from now on, until interrupted
    #[arg(long, conflicts_with_all = ["tree", "sort"])]
    pub watch: bool,
    /// Only mounts of this pod
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pod: Option<String>,
    /// Only mounts of containers of this name
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
    /// Only file systems of these types
    #[arg(short = 't', long = "type", value_name = "TYPE", value_delimiter = ',')]
    types: Vec<String>,
    /// Show these columns, instead of the usual ones
    #[arg(short, long, value_name = "COLUMN", value_delimiter = ',', value_parser = column, conflicts_with = "json")]
    pub output: Vec<Column>,
    /// Sort by a column
    #[arg(long, value_name = "COLUMN", value_parser = column)]
    pub sort: Option<Column>,
    /// Print no headings
    #[arg(short, long)]
    pub noheadings: bool,
    /// List them in JSON
    #[arg(long, value_name = "LAYOUT", num_args = 0..=1, require_equals = true, default_missing_value = "short")]
    pub json: Option<Layout>,
    /// Only mounts at this path and below it
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
}

fn column(word: &str) -> Result<Column, String> {
    let named = |column: &Column| column.name().eq_ignore_ascii_case(word);
    Column::ALL.into_iter().find(named).ok_or_else(|| {
        let names = Column::ALL.map(Column::name).join(", ");
        format!("it is one of {names}")
    })
}

impl Mounts {
    /// All there are.
    pub fn of_both_sides(json: Option<Layout>) -> Self {
        Mounts { all: true, json, ..Mounts::default() }
    }

    /// Of which side.
    pub fn which(&self) -> Which {
        match (self.all, self.host) {
            (true, _) => Which::All,
            (false, true) => Which::Host,
            (false, false) => Which::Inside,
        }
    }

    /// Which of them.
    pub fn filter(&self) -> Filter {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let absolute = |path: &PathBuf| path::absolute(path).unwrap_or_else(|_| path.clone());
        Filter {
            types: self.types.iter().map(|kind| bytes(kind)).collect(),
            path: self.path.as_ref().map(|path| absolute(path).as_os_str().as_bytes().to_vec()),
            pod: self.pod.as_deref().map(|pod| match pod.split_once('/') {
                Some((namespace, name)) => (Some(bytes(namespace)), bytes(name)),
                None => (None, bytes(pod)),
            }),
            container: self.container.as_deref().map(bytes),
        }
    }
}
