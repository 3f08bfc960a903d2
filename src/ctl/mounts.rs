//! `kubensctl mounts`: the mounts that only the namespace has, and whose they are.

use std::path::Path;

use anyhow::{Context, bail};

use super::{looked, pin_in};
use crate::cli::ctl::mounts::Mounts;
use crate::exit::Report;
use crate::model::json;
use crate::model::mounts::changes::{Action, changes};
use crate::model::mounts::columns::{self, Form, Watched};
use crate::model::mounts::listing::{self, Row, Which};
use crate::model::mounts::pods::Pods;
use crate::model::node::facts::{Pinning, View};
use crate::model::text::Shown;
use crate::sys::screen::{self, Screen};
use crate::sys::{pods, survey, watch};

pub(super) fn mounts(dir: &Path, asked: &Mounts, screen: Screen) -> anyhow::Result<Report> {
    let which = asked.which();
    let form = Form {
        columns: asked.output.clone(),
        tree: asked.tree,
        bare: asked.noheadings,
        width: screen.width(),
    };
    if asked.watch {
        return watch(dir, asked, &form);
    }
    let node = looked(survey::look_at_mounts(&pin_in(dir)?))?;
    let view = node.view();
    let rows = rows(&view, which)?;
    let pods = pods::names(listing::containers(&rows));
    let mut rows = listing::wanted(rows, &asked.filter(), &pods, asked.tree);
    if let Some(column) = asked.sort {
        columns::sort(&mut rows, column, which, &pods);
    }
    Ok(Report::done(match asked.json {
        Some(layout) => json::document(&listing::entries(&rows, &pods), layout),
        None => columns::text(&rows, which, &pods, &form),
    }))
}

fn rows<'a>(view: &View<'a>, which: Which) -> anyhow::Result<Vec<Row<'a>>> {
    let node = view.node;
    if let Some(rows) = listing::rows(view, which) {
        return Ok(rows);
    }
    let point = Shown(&node.point);
    let why = match &node.pinning {
        Pinning::Nothing(_) => {
            bail!("no mount namespace is pinned at {point} (kubensctl pin creates one)")
        }
        Pinning::Unknown(why) => format!("{why} (try sudo)"),
        Pinning::Foreign(_) => {
            "it belongs to another user namespace, and nothing in it is what it seems".to_owned()
        }
        Pinning::Pinned(_) => format!("cannot see {} (try sudo)", node.blind.join("; ")),
    };
    let message = format!("cannot list the mounts of the namespace at {point}: {why}");
    Err(anyhow::Error::msg(message))
}

/// Tells what changes, until nobody reads it or the pin is not what it was.
fn watch(dir: &Path, asked: &Mounts, form: &Form) -> anyhow::Result<Report> {
    let (pin, which, filter) = (pin_in(dir)?, asked.which(), asked.filter());
    // Opened first: what changes from then on ends the first wait.
    let tables = looked(survey::tables(&pin))?;
    let mut before = looked(survey::look_at_mounts(&pin))?;
    let mut known = pods::names(listing::containers(&rows(&before.view(), which)?));
    let point = Shown(&before.point).to_string();
    let tables = tables.with_context(|| format!("cannot watch the mounts of the namespace at {point}"))?;
    let mut table = Watched::new(form);
    loop {
        watch::wait(&tables).context("cannot wait for a mount table to change")?;
        let now = looked(survey::look_at_mounts(&pin))?;
        let (old, new) = (before.view(), now.view());
        let there = rows(&new, which)?;
        if now.pinned() != before.pinned() {
            bail!("another mount namespace is pinned at {point} now (start again to watch that)");
        }
        let pods = pods::names(listing::containers(&there));
        let text = {
            let changes = changes(rows(&old, which)?, there).into_iter();
            // Who is gone is known by what was seen before.
            let pods = |action| if action == Action::Umount { &known } else { &pods };
            let changes = changes.map(|(action, row)| (action, row, pods(action)));
            let changes: Vec<_> = changes.filter(|(_, row, pods)| row.is_wanted(&filter, pods)).collect();
            match asked.json {
                Some(layout) => {
                    let told = |(action, row, pods): &(Action, Row<'_>, &Pods)| {
                        json::document(&listing::changed(*action, row, pods), layout)
                    };
                    changes.iter().map(told).collect()
                }
                None if changes.is_empty() => String::new(),
                None => table.text(&changes, which),
            }
        };
        if !screen::print(text.as_bytes()).context("cannot write to standard output")? {
            return Ok(Report::done(""));
        }
        (before, known) = (now, pods);
    }
}
