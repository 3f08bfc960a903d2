//! What is said: a line a unit for people, the difference for `--dry-run`, JSON for programs.

mod document;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::site::Site;
use super::{failed, listed};
use crate::cli::ctl::Place;
use crate::exit::{Exit, Report};
use crate::log::info;
use crate::model::diff;
use crate::model::json::{self, Layout};
use crate::model::text::{Shown, reason};
use crate::model::units::name::UnitName;
use crate::model::units::switch::{End, Planned};
use crate::sys::generated;
use crate::sys::switch::{LATE, Switch};
use crate::sys::systemd::{self, Loaded};

/// One unit's part.
pub(super) struct Unit {
    pub(super) name: UnitName,
    pub(super) rank: Option<usize>,
    pub(super) result: Outcome,
    because: Vec<PathBuf>,
    warnings: Vec<String>,
    /// What systemd says of it.
    pub(super) loaded: Option<Loaded>,
}

/// What becomes of it.
#[derive(PartialEq, Eq)]
pub(super) enum Outcome {
    /// It starts inside.
    Inside,
    /// It gets inside by itself, by this file.
    ByItself(PathBuf),
    /// It is where this daemon is.
    ByDaemon(&'static str),
    /// It is not there, and starts inside once it is.
    Later,
    /// It starts on the host, for this reason.
    Not(String),
    /// It starts on the host, as before or again.
    Outside,
    /// Nobody had asked for it.
    Never,
}

impl From<&Planned> for Unit {
    fn from(planned: &Planned) -> Self {
        let result = match &planned.end {
            End::Wrapped => Outcome::Inside,
            End::Inside(by) => Outcome::ByItself(by.clone()),
            End::ByDaemon(daemon) => Outcome::ByDaemon(daemon),
            End::Absent => Outcome::Later,
            End::Refused(why) | End::Held(why) => Outcome::Not(why.clone()),
        };
        let (because, warnings) = (planned.because.clone(), planned.warnings.clone());
        Unit { name: planned.unit.clone(), rank: planned.rank, result, because, warnings, loaded: None }
    }
}

impl Unit {
    pub(super) fn outside(planned: &Planned) -> Self {
        Unit { result: Outcome::Outside, warnings: Vec::new(), ..Unit::from(planned) }
    }

    pub(super) fn never(name: &UnitName) -> Self {
        let (name, result) = (name.clone(), Outcome::Never);
        Unit { name, rank: None, result, because: Vec::new(), warnings: Vec::new(), loaded: None }
    }

    fn line(&self) -> String {
        let (name, by) = (&self.name, listed(&self.because));
        match &self.result {
            Outcome::Inside => format!("{name}: runs inside from its next start on, by {by}"),
            Outcome::ByItself(file) => {
                format!("{name}: gets inside by itself, by {}; not wrapped", Shown::of(&file))
            }
            Outcome::ByDaemon(daemon) => {
                format!("{name}: {daemon} starts its container, which is where that is")
            }
            Outcome::Later => format!("{name}: is not there yet, and runs inside once it is, by {by}"),
            Outcome::Not(why) => format!("{name}: runs on the host: {why}"),
            Outcome::Outside => format!("{name}: runs on the host from its next start on"),
            Outcome::Never => format!("{name}: is not wrapped"),
        }
    }
}

pub(super) struct Told {
    json: Option<Layout>,
    dry_run: bool,
    pub(super) changed: bool,
    file: String,
    result: &'static str,
    pub(super) units: Vec<Unit>,
    diff: Option<String>,
    pub(super) restarted: Vec<String>,
    /// What is left to do.
    next: Vec<String>,
    running: bool,
}

impl Told {
    pub(super) fn new(
        site: &Site,
        place: &Place,
        file: &Path,
        texts: (Option<&str>, Option<&str>),
        units: Vec<Unit>,
    ) -> Self {
        for unit in &units {
            for warning in &unit.warnings {
                info!("{}: {warning}", unit.name);
            }
        }
        let result = match texts {
            (old, new) if old == new => "kept",
            (_, Some(_)) => "written",
            (_, None) => "removed",
        };
        Told {
            json: place.json,
            dry_run: place.dry_run,
            changed: false,
            file: site.shown(file),
            result,
            units,
            diff: place.dry_run.then(|| diff::unified(&Shown::of(file).to_string(), texts.0, texts.1)),
            restarted: Vec::new(),
            next: Vec::new(),
            running: site.is_running(),
        }
    }

    /// What the generator would write, against what it has written.
    pub(super) fn differences(&mut self, site: &Site, after: &Switch, legacy: &[PathBuf]) {
        let mut text = self.diff.take().unwrap_or_default();
        for path in legacy {
            let old = site.text(path).ok().flatten();
            text += &diff::unified(&Shown::of(path).to_string(), old.as_deref(), None);
        }
        let late = Path::new(LATE);
        let mut both: BTreeMap<PathBuf, (Option<String>, Option<&str>)> = BTreeMap::new();
        for (path, old) in generated::all(late).into_iter().filter(|_| self.running) {
            both.entry(path).or_default().0 = Some(old);
        }
        for planned in &after.planned {
            if let Some(drop_in) = &planned.drop_in {
                let path = late.join(format!("{}.d", planned.unit)).join(&drop_in.file);
                both.entry(path).or_default().1 = Some(&drop_in.text);
            }
        }
        for (path, (old, new)) in &both {
            text += &diff::unified(&Shown::of(path).to_string(), old.as_deref(), *new);
        }
        self.diff = Some(text);
    }

    /// Asks systemd what it has loaded, and whether that is what was meant.
    pub(super) fn ask(&mut self) -> anyhow::Result<()> {
        let names: Vec<_> =
            self.units.iter().map(|unit| &unit.name).filter(|name| !name.is_template()).collect();
        let mut loaded = systemd::loaded(&names).map_err(|error| failed(reason(&error)))?;
        for unit in &mut self.units {
            unit.loaded = loaded.remove(unit.name.as_str());
        }
        let astray: Vec<_> = self
            .units
            .iter()
            .filter(|unit| unit.result == Outcome::Inside)
            .filter(|unit| unit.loaded.as_ref().is_some_and(|loaded| !loaded.enters))
            .map(|unit| unit.name.as_str())
            .collect();
        if astray.is_empty() {
            return Ok(());
        }
        let generator = "/usr/lib/systemd/system-generators/kubens-generator";
        Err(failed(format!(
            "systemd would still start {} on the host (is {generator} there? journalctl -b -t kubens-generator -t systemd)",
            astray.join(", ")
        )))
    }

    pub(super) fn say_what_is_left(&mut self, verb: &str, now: bool) {
        if !self.running {
            if self.changed {
                self.next.push("boot it".to_owned());
            }
            return;
        }
        let wrong: Vec<_> =
            super::now::on_the_wrong_side(&self.units).map(|unit| unit.name.to_string()).collect();
        if now {
            if !self.restarted.is_empty() {
                self.next.push(
                    "containers that ran before keep their mounts where they were until this node reboots"
                        .to_owned(),
                );
            }
        } else if !wrong.is_empty() {
            self.next.push(format!(
                "drain this node and reboot it, or: kubensctl {verb} --now, which restarts {}",
                wrong.join(" ")
            ));
        }
    }

    pub(super) fn report(&self) -> Report {
        let text = match self.json {
            Some(layout) => json::document(&self.document(), layout),
            None => self.text(),
        };
        let missed = self.units.iter().any(|unit| matches!(unit.result, Outcome::Not(_)));
        Report { exit: if missed { Exit::Failed } else { Exit::Done }, text }
    }

    fn text(&self) -> String {
        if let Some(diff) = &self.diff {
            return diff.clone();
        }
        let mut text = match self.result {
            "kept" => String::new(),
            result => format!("{}: {result}\n", self.file),
        };
        for unit in &self.units {
            text.extend([&unit.line(), "\n"]);
        }
        if self.units.is_empty() {
            text +=
                "nothing of Kubernetes is there; what comes later is seen to when systemd reads its units\n";
        }
        for unit in &self.restarted {
            text.extend([unit, ": was restarted\n"]);
        }
        for line in &self.next {
            text.extend(["next: ", line, "\n"]);
        }
        text
    }
}
