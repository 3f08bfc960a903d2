//! `kubensctl wrap` and `unwrap`, and in `node` the switch for a whole node that is made of them. Gather: the
//! units as systemd reads them. Decide: a step each. Act: all steps or none.

pub(super) mod node;
mod site;
mod step;
mod told;

use std::path::Path;

use crate::cli::ctl::{Unwrap, Wrap};
use crate::exit::{Exit, Report};
use crate::model::text::Shown;
use crate::model::units::dropin::plan::Order;
use crate::model::units::dropin::{Author, Exec, Kind};
use crate::model::units::name::{BadName, UnitName};
use site::Site;
use step::Step;
use told::Told;

pub(super) fn wrap(asked: &Wrap, pin: &Path) -> anyhow::Result<Report> {
    let names = names(&asked.units)?;
    let site = Site::open(asked.place.root.as_deref())?;
    let _lock = site.lock(asked.place.dry_run)?;
    let library = site.library()?;
    let kind = if asked.env { Kind::Environment } else { Kind::Wrapper };
    let mut execs = asked.also.clone();
    execs.push(Exec::Start);
    let order = Order { kind, execs, by: Author::Wrap, pin: pin.to_owned() };
    let steps = all(&names, |name| step::wrap(&site, &library, name, &order).map(|step| vec![step]))?;
    if kind == Kind::Wrapper && steps.iter().any(Step::writes) {
        site.require_wrapper()?;
    }
    finish(&site, &asked.place, &steps)
}

pub(super) fn unwrap(asked: &Unwrap) -> anyhow::Result<Report> {
    let names = names(&asked.units)?;
    let site = Site::open(asked.place.root.as_deref())?;
    let _lock = site.lock(asked.place.dry_run)?;
    let library = site.library()?;
    let kinds = if asked.env { &[Kind::Environment][..] } else { &Kind::ALL };
    let steps = all(&names, |name| step::unwrap(&site, &library, name, kinds))?;
    finish(&site, &asked.place, &steps)
}

fn finish(site: &Site, place: &crate::cli::ctl::Place, steps: &[Step]) -> anyhow::Result<Report> {
    step::warn(steps);
    let mut told = Told::new(steps, place.dry_run);
    if !place.dry_run {
        told.reloaded = site.apply(steps)?;
        told.next = site.next(steps);
    }
    Ok(told.report(place.json))
}

/// A step each, each once; where one cannot be, all that cannot are named.
fn all(
    names: &[UnitName],
    mut one: impl FnMut(&UnitName) -> Result<Vec<Step>, String>,
) -> anyhow::Result<Vec<Step>> {
    let (mut steps, mut refused): (Vec<Step>, Vec<String>) = (Vec::new(), Vec::new());
    for name in names {
        match one(name) {
            Ok(new) => {
                let is_new = |step: &Step| !steps.iter().any(|known| known.is_same(step));
                let new: Vec<_> = new.into_iter().filter(is_new).collect();
                steps.extend(new);
            }
            Err(why) => refused.push(why),
        }
    }
    if refused.is_empty() {
        Ok(steps)
    } else {
        Err(failed(format!("{}; nothing was changed", refused.join("; "))))
    }
}

fn names(words: &[String]) -> anyhow::Result<Vec<UnitName>> {
    let name = |word: &String| {
        UnitName::new(word).map_err(|bad| {
            let why = match bad {
                BadName::OtherType => "only a service can be wrapped",
                BadName::Malformed => "it is no unit's name",
            };
            Exit::Usage.because(format!("{}: {why} (see kubensctl --help)", Shown::of(word)))
        })
    };
    words.iter().map(name).collect()
}

fn failed(message: impl Into<String>) -> anyhow::Error {
    anyhow::Error::msg(message.into())
}
