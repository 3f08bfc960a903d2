//! `kubensctl status`: is encapsulation in effect, and who is where?

use std::path::Path;

use super::{looked, pin_in};
use crate::exit::{Exit, Failure, Report};
use crate::model::json::{self, Layout};
use crate::model::node::status::{self, Verdict};
use crate::sys::screen::Screen;
use crate::sys::survey;

pub(super) fn status(
    dir: &Path,
    json: Option<Layout>,
    quiet: bool,
    screen: Screen,
) -> Result<Report, Failure> {
    let node = looked(survey::glance(&pin_in(dir)?))?;
    let view = node.view();
    let verdict = Verdict::new(&view);
    let exit = match verdict {
        Verdict::InEffect => Exit::Done,
        Verdict::NotEnabled => Exit::NotPinned,
        Verdict::Degraded(_) => Exit::Failed,
    };
    let text = match (quiet, json) {
        (true, _) => String::new(),
        (false, Some(layout)) => json::document(&status::json(&view, &verdict), layout),
        (false, None) => status::text(&view, &verdict, screen.is_coloured()),
    };
    Ok(Report { exit, text })
}
