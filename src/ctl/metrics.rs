//! `kubensctl metrics`: OpenMetrics, for a node exporter's textfile directory.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::judged::judged;
use crate::exit::{Exit, Failure, Report};
use crate::model::node::telling::metrics;
use crate::model::text::{Shown, reason};
use crate::sys::{survey, textfile};

pub(super) fn metrics(dir: &Path, output: Option<&Path>) -> Result<Report, Failure> {
    let text = judged(dir, survey::glance, |view, verdict| metrics::text(view, &verdict))?;
    let Some(path) = output else {
        return Ok(Report::done(text));
    };
    textfile::replace(path, text.as_bytes()).map_err(|error| {
        let (path, why) = (Shown(path.as_os_str().as_bytes()), reason(&error));
        Failure::new(Exit::Failed, format!("cannot write {path}: {why} (what was there is unchanged)"))
    })?;
    Ok(Report::done(""))
}
