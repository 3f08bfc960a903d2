//! `kubensctl mounts`: the mounts that only the namespace has, and whose they are.

use std::path::Path;

use super::{looked, pin_in};
use crate::exit::Report;
use crate::model::json::{self, Layout};
use crate::model::mounts::listing::{self, Which};
use crate::model::node::facts::Pinning;
use crate::model::text::Shown;
use crate::sys::{pods, survey};

pub(super) fn mounts(
    dir: &Path,
    (all, host): (bool, bool),
    tree: bool,
    json: Option<Layout>,
) -> anyhow::Result<Report> {
    let which = match (all, host) {
        (true, _) => Which::All,
        (false, true) => Which::Host,
        (false, false) => Which::Inside,
    };
    let node = looked(survey::look_at_mounts(&pin_in(dir)?))?;
    let view = node.view();
    let Some(rows) = listing::rows(&view, which) else {
        let why = match &node.pinning {
            Pinning::Nothing(what) => format!("it is {what} (kubensctl pin makes it)"),
            Pinning::Unknown(why) => format!("{why} (try sudo)"),
            Pinning::Foreign(_) => {
                "it belongs to another user namespace, and nothing in it is what it seems".to_owned()
            }
            Pinning::Pinned(_) => format!("cannot see {} (try sudo)", node.blind.join("; ")),
        };
        let message = format!("cannot list the mounts of the namespace at {}: {why}", Shown(&node.point));
        return Err(anyhow::Error::msg(message));
    };
    let pods = pods::names(listing::containers(&rows));
    Ok(Report::done(match json {
        Some(layout) => json::document(&listing::entries(&rows, &pods), layout),
        None => listing::text(&rows, which, &pods, tree),
    }))
}
