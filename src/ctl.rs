//! kubensctl: one file a verb.

mod check;
mod completion;
mod judged;
mod metrics;
mod mounts;
mod offer;
mod pin;
mod report;
mod status;
mod switch;

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{self, Path};

use anyhow::Context;

use crate::cli::ctl::mounts::Mounts;
use crate::cli::ctl::{Asked, Status, Verb};
use crate::exit::{Exit, Report};
use crate::log::Voice;
use crate::model::json::Layout;
use crate::model::mounts::left;
use crate::model::mounts::listing::{self, Which};
use crate::model::pin::Pin;
use crate::model::text::{Shown, reason};
use crate::sys::installed;
use crate::sys::pods;
use crate::sys::screen::Screen;
use crate::sys::survey;
use crate::sys::tables::Stranded;

/// Does what was asked.
///
/// # Errors
/// Status 1, unless the verb says otherwise.
pub fn run(asked: &Asked, voice: Voice, screen: Screen) -> anyhow::Result<Report> {
    voice.start(1 + i64::from(asked.verbose) - i64::from(asked.quiet));
    match &asked.verb {
        Verb::Completion { shell, command } => Ok(completion::completion(*shell, *command)),
        Verb::Offer { command, words } => Ok(offer::run(*command, words)),
        Verb::Dependents => dependents(),
        Verb::Pin { json } => pin::pin(&asked.dir, *json),
        Verb::Unpin { force, json } => pin::unpin(&asked.dir, *force, *json),
        Verb::Tidy { wait: Some(seconds), .. } => pin::tidy_until_done(&asked.dir, *seconds),
        Verb::Tidy { dry_run, json, .. } => pin::tidy(&asked.dir, *dry_run, *json),
        Verb::Wrap(wrap) => switch::wrap(wrap, &asked.dir),
        Verb::Unwrap(unwrap) => switch::unwrap(unwrap, &asked.dir),
        Verb::Enable(enable) => switch::enable(enable, &asked.dir),
        Verb::Disable(disable) => switch::disable(disable, &asked.dir),
        Verb::Status(status) => status::status(&asked.dir, status, asked.quiet > 0, screen),
        Verb::Mounts(asked_for) => mounts::mounts(&asked.dir, asked_for, screen),
        Verb::Check { json } => check::check(&asked.dir, *json, screen),
        Verb::Report { file } => {
            let json = Some(Layout::Short);
            let whole = Status { whom: None, members: true, json };
            let status = status::status(&asked.dir, &whole, false, screen);
            let mounts = mounts::mounts(&asked.dir, &Mounts::of_both_sides(json), screen);
            report::report(file, [status, check::check(&asked.dir, json, screen), mounts])
        }
        Verb::Metrics { output, format } => metrics::metrics(&asked.dir, output.as_deref(), *format),
    }
}

/// The pin in the directory that `--dir` names.
fn pin_in(dir: &Path) -> anyhow::Result<Pin> {
    // Resolved once, and compared resolved ever after: the kernel's tables know no links. The last word is kept: a link
    // there is no directory of the pin's.
    let absolute = path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let resolved = absolute
        .parent()
        .zip(absolute.file_name())
        .and_then(|(parent, name)| parent.canonicalize().ok().map(|parent| parent.join(name)));
    Pin::new(resolved.unwrap_or(absolute).as_os_str().as_bytes()).ok_or_else(|| {
        let dir = Shown(dir.as_os_str().as_bytes());
        Exit::Usage.because(format!("--dir {dir} names no directory of its own"))
    })
}

/// What pods have mounted in the pinned namespace and nowhere else, each with its pod: what a runtime and a kubelet outside
/// would not find, and what goes with the namespace.
fn pods_inside(pin: &Pin) -> anyhow::Result<BTreeSet<String>> {
    let node = looked(survey::look_at_mounts(pin))?;
    let view = node.view();
    let rows = listing::rows(&view, Which::Inside).unwrap_or_default();
    let pods = pods::names(listing::containers(&rows));
    let (inside, comparison) = (node.inside.as_deref().unwrap_or_default(), view.comparison.as_ref());
    let origins = comparison.map_or(&[][..], |comparison| &comparison.inside);
    let own = inside.iter().zip(origins).filter(|(_, origin)| origin.hidden());
    Ok(left::of_pods(own.map(|(mount, _)| mount), &pods))
}

/// What was seen of the node.
fn looked<T>(seen: Result<T, Stranded>) -> anyhow::Result<T> {
    seen.map_err(|Stranded(error)| {
        let why = reason(&error);
        let message =
            format!("cannot come back from the pinned namespace: {why} (nothing was changed; try again)");
        anyhow::Error::msg(message)
    })
}

/// The files that start services through this program, but for the generator's and its own units.
fn dependents() -> anyhow::Result<Report> {
    let files = installed::dependents().context("cannot look for units")?;
    Ok(Report::done(files.iter().map(|file| format!("{}\n", Shown::of(file))).collect::<Vec<_>>().concat()))
}
