//! `kubensctl metrics`: OpenMetrics, for a node exporter's textfile directory.

use std::path::Path;

use super::{looked, pin_in};
use crate::exit::{Exit, Failure, Report};
use crate::model::node::metrics;
use crate::model::node::status::Verdict;
use crate::model::text::{Shown, reason};
use crate::sys::{census, survey, textfile};
use std::os::unix::ffi::OsStrExt;

pub(super) fn metrics(dir: &Path, output: Option<&Path>) -> Result<Report, Failure> {
    let node = looked(survey::glance(&pin_in(dir)?))?;
    let view = node.view();
    let text = metrics::text(&view, &Verdict::new(&view), census::cpu_time(1));
    let Some(path) = output else {
        return Ok(Report::done(text));
    };
    textfile::replace(path, text.as_bytes()).map_err(|error| {
        let (path, why) = (Shown(path.as_os_str().as_bytes()), reason(&error));
        Failure::new(Exit::Failed, format!("cannot write {path}: {why} (what was there is unchanged)"))
    })?;
    Ok(Report::done(""))
}
