//! A node and its verdict, for the verbs that tell it.

use std::mem::discriminant;
use std::path::Path;

use super::{looked, pin_in};
use crate::model::node::facts::{Node, View};
use crate::model::node::judgement::{Service, Trouble, Verdict, judge};
use crate::model::node::manager::{KUBENS, service};
use crate::model::pin::Pin;
use crate::model::text::reason;
use crate::sys::tables::Stranded;
use crate::sys::{manager, systemd};

/// How often a node is looked at before something bad, or that nothing is known, is said of it. What it is made of is
/// read one after the other, and meanwhile it goes on.
const LOOKS: usize = 3;

/// When systemd is asked, which takes as long as all the rest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// Where its word may make a difference to the verdict.
    IfNeeded,
    /// In any case.
    Always,
}

/// Looks until the answer is one, and has it told.
pub(super) fn judged<T>(
    dir: &Path,
    look: fn(&Pin) -> Result<Node, Stranded>,
    when: Ask,
    tell: impl FnOnce(&View<'_>, Verdict) -> T,
) -> anyhow::Result<T> {
    let pin = pin_in(dir)?;
    let mut lasting: Option<Vec<Trouble>> = None;
    let mut round = 0;
    loop {
        round += 1;
        let mut node = looked(look(&pin))?;
        let mut verdict = judge(&node.view().evidence);
        if when == Ask::Always || verdict != Verdict::InEffect {
            ask(&mut node);
            verdict = judge(&node.view().evidence);
        }
        if let Verdict::Degraded(troubles) = &mut verdict {
            // What was there each time is so. Where nothing was, the last look has to do.
            let last = lasting.get_or_insert_with(|| troubles.clone());
            last.retain(|old| troubles.iter().any(|new| discriminant(old) == discriminant(new)));
            let lasts = |new: &Trouble| last.iter().any(|old| discriminant(old) == discriminant(new));
            if troubles.iter().any(lasts) {
                troubles.retain(lasts);
            }
        }
        if round == LOOKS || !matches!(verdict, Verdict::Degraded(_) | Verdict::Unknown(_)) {
            return Ok(tell(&node.view(), verdict));
        }
    }
}

/// Has systemd say what it knows: of what is in effect as far as the kernel tells, its word changes nothing.
fn ask(node: &mut Node) {
    match manager::units(node) {
        Ok(units) => {
            if service(&units) == Service::Failed {
                node.last_words = systemd::last_words(KUBENS);
            }
            node.units = Some(units);
        }
        Err(error) => node.blind.push(format!("systemd's units: {}", reason(&error))),
    }
}
