//! `kubensctl mounts`: the mounts that only the namespace has, and whose they are.

use std::path::Path;

use anyhow::bail;

use super::{looked, pin_in};
use crate::cli::ctl::mounts::Mounts;
use crate::exit::Report;
use crate::model::json;
use crate::model::mounts::columns::{self, Form};
use crate::model::mounts::listing;
use crate::model::node::facts::Pinning;
use crate::model::text::Shown;
use crate::sys::screen::Screen;
use crate::sys::{pods, survey};

pub(super) fn mounts(dir: &Path, asked: &Mounts, screen: Screen) -> anyhow::Result<Report> {
    let which = asked.which();
    let node = looked(survey::look_at_mounts(&pin_in(dir)?))?;
    let view = node.view();
    let Some(rows) = listing::rows(&view, which) else {
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
        return Err(anyhow::Error::msg(message));
    };
    let pods = pods::names(listing::containers(&rows));
    let mut rows = listing::wanted(rows, &asked.filter(), &pods, asked.tree);
    if let Some(column) = asked.sort {
        columns::sort(&mut rows, column, which, &pods);
    }
    let form = Form {
        columns: asked.output.clone(),
        tree: asked.tree,
        bare: asked.noheadings,
        width: screen.width(),
    };
    Ok(Report::done(match asked.json {
        Some(layout) => json::document(&listing::entries(&rows, &pods), layout),
        None => columns::text(&rows, which, &pods, &form),
    }))
}
