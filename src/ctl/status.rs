//! `kubensctl status`: is encapsulation in effect, and who is where?

use std::path::Path;

use super::judged::judged;
use crate::exit::{Exit, Report};
use crate::model::json::{self, Layout};
use crate::model::node::findings;
use crate::model::node::judgement::Verdict;
use crate::model::node::telling;
use crate::sys::screen::Screen;
use crate::sys::survey;

pub(super) fn status(
    dir: &Path,
    layout: Option<Layout>,
    quiet: bool,
    screen: Screen,
) -> anyhow::Result<Report> {
    judged(dir, survey::glance, |view, verdict| {
        let exit = match verdict {
            Verdict::InEffect => Exit::Done,
            Verdict::NotEnabled | Verdict::Pending | Verdict::Starting | Verdict::Idle => Exit::NotPinned,
            Verdict::Degraded(_) => Exit::Failed,
            Verdict::Unknown(_) => Exit::Unknown,
        };
        let troubles = findings::verdict::of(view, &verdict);
        let text = match (quiet, layout) {
            (true, _) => String::new(),
            (false, Some(layout)) => {
                json::document(&telling::json::status(view, &verdict, &troubles), layout)
            }
            (false, None) => telling::text(view, &verdict, &troubles, screen.is_coloured()),
        };
        Report { exit, text }
    })
}
