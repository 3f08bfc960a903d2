//! `kubensctl metrics`: for a node exporter's textfile directory.

use std::io;
use std::path::Path;

use anyhow::anyhow;

use super::judged::{Ask, judged};
use crate::exit::Report;
use crate::model::node::telling::metrics::{self, Format};
use crate::model::text::{Shown, reason};
use crate::sys::survey;
use crate::sys::textfile::{self, Target};

pub(super) fn metrics(dir: &Path, output: Option<&Path>, format: Format) -> anyhow::Result<Report> {
    let text =
        judged(dir, survey::glance, Ask::IfNeeded, |view, verdict| metrics::text(view, &verdict, format))?;
    let Some(path) = output.filter(|path| *path != Path::new("-")) else {
        return Ok(Report::done(text));
    };
    let cannot =
        |error: &io::Error, more: &str| anyhow!("cannot write {}: {}{more}", Shown::of(path), reason(error));
    let unchanged = " (what was there is unchanged)";
    match textfile::find(path).map_err(|error| cannot(&error, unchanged))? {
        Target::Stream(stream) => {
            textfile::write(&stream, text.as_bytes()).map_err(|error| cannot(&error, ""))?;
        }
        Target::File(file) => {
            textfile::replace(&file, text.as_bytes()).map_err(|error| cannot(&error, unchanged))?;
        }
    }
    Ok(Report::done(""))
}
