//! What becomes of one unit's drop-in.

use std::path::PathBuf;

use super::site::Site;
use crate::log::info;
use crate::model::text::Shown;
use crate::model::text::reason;
use crate::model::units::dropin::plan::{self, Order, Plan};
use crate::model::units::dropin::{self, Author, Kind};
use crate::model::units::name::UnitName;
use crate::model::units::unit::{Source, Unit};
use crate::sys::files::Change;
use crate::sys::units::{Library, Lookup};

/// One unit's part.
pub(super) struct Step {
    pub(super) unit: UnitName,
    pub(super) kind: Kind,
    /// The drop-in, in the tree.
    path: PathBuf,
    /// The file to name: the drop-in as it is seen from outside, or what takes its place.
    pub(super) file: String,
    pub(super) end: End,
    pub(super) warnings: Vec<String>,
    old: Option<Vec<u8>>,
}

/// What it comes to.
#[derive(PartialEq, Eq)]
pub(super) enum End {
    /// The drop-in gets this text.
    Written(String),
    /// The drop-in is as it should be.
    Current,
    /// The service gets inside by another file; a drop-in of ours that was there goes.
    Inside,
    /// The drop-in goes.
    Removed,
    /// There is none to take back.
    Absent,
}

impl Step {
    /// What is to be done to the file.
    pub(super) fn change(&self) -> Option<Change> {
        let new = match &self.end {
            End::Written(text) => Some(text.clone().into_bytes()),
            End::Removed => None,
            End::Inside if self.old.is_some() => None,
            End::Current | End::Inside | End::Absent => return None,
        };
        Some(Change { path: self.path.clone(), old: self.old.clone(), new })
    }

    pub(super) fn writes(&self) -> bool {
        matches!(self.end, End::Written(_))
    }

    pub(super) fn is_same(&self, other: &Step) -> bool {
        self.unit == other.unit && self.kind == other.kind
    }
}

/// Says what the steps cost.
pub(super) fn warn(steps: &[Step]) {
    for step in steps {
        for warning in &step.warnings {
            info!("{}: {warning}", step.unit);
        }
    }
}

/// Plans a unit's drop-in.
pub(super) fn wrap(
    site: &Site,
    library: &Library<'_>,
    name: &UnitName,
    order: &Order,
) -> Result<Step, String> {
    let refuse = |why: String| format!("{name} cannot be wrapped: {why}");
    let kind = order.kind;
    let unit = load(library, name, |id| Some(kind.path(id))).map_err(refuse)?;
    let path = kind.path(&unit.name);
    let old = site.text(&path)?;
    let mut order = order.clone();
    let mut step = Step {
        unit: unit.name.clone(),
        kind,
        file: site.shown(&path),
        path,
        end: End::Current,
        warnings: Vec::new(),
        old,
    };
    match step.old.as_deref().map(dropin::made) {
        None => {}
        Some(Some(made)) if made.intact => {
            order.by = made.by;
            order.execs.extend(made.execs);
        }
        Some(made) => {
            // Not ours to change. Does it do the work all the same?
            let whole = load(library, name, |_| None).map_err(refuse)?;
            return match plan::plan(&whole, &order) {
                Ok(Plan::Inside(by)) => {
                    Ok(Step { file: site.shown(&by), old: None, end: End::Inside, ..step })
                }
                Ok(Plan::Write { .. }) | Err(_) => Err(refuse(not_ours(&step.file, made.is_some()))),
            };
        }
    }
    match plan::plan(&unit, &order).map_err(refuse)? {
        Plan::Inside(by) => Ok(Step { file: site.shown(&by), end: End::Inside, ..step }),
        Plan::Write { text, execs, warnings } => {
            let ours = Source::new(&step.path, text.as_bytes());
            let whole = unit
                .with(ours)
                .map_err(|other| refuse(format!("{} has the drop-in's name", site.shown(&other))))?;
            plan::holds(&whole, kind, &step.path, &execs).map_err(refuse)?;
            step.warnings = warnings;
            if step.old.as_deref() != Some(text.as_bytes()) {
                step.end = End::Written(text);
            }
            Ok(step)
        }
    }
}

/// Plans the removal of a unit's drop-ins, whether there still is such a unit or not.
pub(super) fn unwrap(
    site: &Site,
    library: &Library<'_>,
    name: &UnitName,
    kinds: &[Kind],
) -> Result<Vec<Step>, String> {
    let mut names = vec![name.clone()];
    names.extend(library.own_name(name).filter(|own| own != name));
    let mut steps = Vec::new();
    for (unit, kind) in names.iter().flat_map(|name| kinds.iter().map(move |kind| (name, *kind))) {
        let path = kind.path(unit);
        let Some(old) = site.text(&path)? else {
            continue;
        };
        steps.push(removal(site, unit, kind, path, old)?);
    }
    if steps.is_empty() {
        let (kind, path) = (kinds[0], kinds[0].path(name));
        let (unit, file, warnings) = (name.clone(), site.shown(&path), Vec::new());
        steps.push(Step { unit, kind, path, file, end: End::Absent, warnings, old: None });
    }
    Ok(steps)
}

/// Plans to remove this drop-in, if it still is what was written.
pub(super) fn removal(
    site: &Site,
    unit: &UnitName,
    kind: Kind,
    path: PathBuf,
    old: Vec<u8>,
) -> Result<Step, String> {
    let file = site.shown(&path);
    let made = dropin::made(&old);
    if made.as_ref().is_some_and(|made| made.intact && made.kind == kind) {
        let (unit, warnings) = (unit.clone(), Vec::new());
        return Ok(Step { unit, kind, path, file, end: End::Removed, warnings, old: Some(old) });
    }
    Err(format!("{unit} cannot be unwrapped: {}", not_ours(&file, made.is_some())))
}

fn not_ours(file: &str, once: bool) -> String {
    let how = if once { "was edited by hand" } else { "was not written by kubensctl" };
    format!("{file} {how} and is kept (remove it yourself if it is not wanted)")
}

/// Who wrote the drop-in that the step is about.
pub(super) fn author(old: &[u8]) -> Option<Author> {
    dropin::made(old).map(|made| made.by)
}

fn load(
    library: &Library<'_>,
    name: &UnitName,
    without: impl Fn(&UnitName) -> Option<PathBuf>,
) -> Result<Unit, String> {
    match library.load(name, without) {
        Ok(Lookup::Unit(unit)) => Ok(unit),
        Ok(Lookup::Missing) => Err("there is no such unit (see systemctl list-unit-files)".to_owned()),
        Ok(Lookup::Masked(path)) => Err(format!("it is masked by {} (systemctl unmask)", Shown::of(&path))),
        Err(error) => Err(reason(&error)),
    }
}
