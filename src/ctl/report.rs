//! `kubensctl report`: one file with all that the other verbs find, for a support case.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;

use crate::exit::{self, Report};
use crate::model::json::{self, Embedded, Layout, Name};
use crate::model::support;
use crate::model::text::Shown;
use crate::sys::{support as machine, systemd};

/// The last lines of kubens.service's journal.
const LINES: &str = "300";

/// What the file holds.
#[derive(Serialize)]
struct Document<'a> {
    made: u64,
    version: &'static str,
    commit: &'static str,
    kernel: Option<Name<'a>>,
    system: Option<Name<'a>>,
    systemd: Option<Name<'a>>,
    status: Embedded,
    check: Embedded,
    mounts: Embedded,
    configuration: Vec<Settings<'a>>,
    journal: Option<Vec<Name<'a>>>,
}

/// A file's assignments.
#[derive(Serialize)]
struct Settings<'a> {
    path: Name<'a>,
    settings: Vec<String>,
}

fn lines(text: &[u8]) -> Vec<Name<'_>> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(Name).collect()
}

fn first_line(text: Option<&Vec<u8>>) -> Option<Name<'_>> {
    lines(text?).first().copied()
}

fn settings((path, text): &(PathBuf, Vec<u8>)) -> Settings<'_> {
    Settings { path: Name(path.as_os_str().as_bytes()), settings: support::settings(text) }
}

/// `found` is what status, check and mounts say in JSON, or why they cannot.
pub(super) fn report(file: &Path, found: [anyhow::Result<Report>; 3]) -> anyhow::Result<Report> {
    let [status, check, mounts] = found.map(|found| match found {
        Ok(report) => json::embedded(&report.text),
        Err(failure) => Embedded::Failed { failed: exit::line(&failure) },
    });
    let (kernel, systemd) = (machine::text("/proc/version"), systemd::version());
    let (os, journal) = (machine::text("/etc/os-release"), systemd::journal("kubens.service", LINES));
    let files = machine::configuration();
    let pretty = |line: Name<'_>| line.0.starts_with(b"PRETTY_NAME=");
    let document = Document {
        made: machine::now(),
        version: env!("CARGO_PKG_VERSION"),
        commit: env!("KUBENSENTER_COMMIT"),
        kernel: first_line(kernel.as_ref()),
        system: os.as_deref().and_then(|os| lines(os).into_iter().find(|line| pretty(*line))),
        systemd: first_line(systemd.as_ref()),
        status,
        check,
        mounts,
        configuration: files.iter().map(settings).collect(),
        journal: journal.as_deref().map(lines),
    };
    let text = support::without_passwords(&json::document(&document, Layout::Pretty));
    if file.as_os_str() == OsStr::new("-") {
        return Ok(Report::done(text));
    }
    let shown = Shown::of(file);
    machine::write_new(file, text.as_bytes()).with_context(|| format!("cannot write {shown}"))?;
    Ok(Report::done(format!(
        "{shown} is written. It names pods, services, paths and devices of this node, and has no arguments, no\n\
         environment and no passwords. Have a look at it before you send it to somebody.\n"
    )))
}
