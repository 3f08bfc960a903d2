//! `kubensctl enable`, `disable`, `wrap` and `unwrap`: who runs inside. Each changes one configuration file, has systemd
//! read its units again, which runs the generator, and asks systemd whether it holds.

mod now;
mod site;
mod told;

use std::path::{Path, PathBuf};

use crate::cli::ctl::{Disable, Enable, Place, Unwrap, Wrap};
use crate::exit::{Exit, Report};
use crate::log::info;
use crate::model::pin;
use crate::model::text::Shown;
use crate::model::units::config::{self, Config, OF_ENABLE, OF_WRAP};
use crate::model::units::name::{BadName, UnitName};
use crate::model::units::switch::{End, Planned};
use crate::sys::switch::Switch;
use site::Site;
use told::{Told, Unit};

pub(super) fn enable(asked: &Enable, pin: &Path) -> anyhow::Result<Report> {
    let verb = Verb { name: "enable", file: OF_ENABLE, place: &asked.place, pin };
    verb.run(|_, _| Ok((Some(config::of_enable()), Subject::Kubernetes)))
}

pub(super) fn disable(asked: &Disable, pin: &Path) -> anyhow::Result<Report> {
    if asked.place.now && !asked.force {
        now::may_leave(pin)?;
    }
    let verb = Verb { name: "disable", file: OF_ENABLE, place: &asked.place, pin };
    verb.run(|_, _| Ok((None, Subject::Kubernetes)))
}

pub(super) fn wrap(asked: &Wrap, pin: &Path) -> anyhow::Result<Report> {
    let names = names(&asked.units)?;
    let verb = Verb { name: "wrap", file: OF_WRAP, place: &asked.place, pin };
    verb.run(|site, old| {
        let names = names.iter().map(|name| site.own_name(name)).collect::<Result<Vec<_>, _>>()?;
        let (mut units, mut execs) = (old.entries(), old.execs(Path::new(OF_WRAP)).to_vec());
        units.extend(names.iter().map(ToString::to_string));
        execs.extend(&asked.also);
        Ok((config::of_wrap(units, execs), Subject::These(names)))
    })
}

pub(super) fn unwrap(asked: &Unwrap, pin: &Path) -> anyhow::Result<Report> {
    let names = names(&asked.units)?;
    let verb = Verb { name: "unwrap", file: OF_WRAP, place: &asked.place, pin };
    verb.run(|site, old| {
        // By the name that it was given, should the unit be gone or have another one by now.
        let own =
            names.iter().map(|name| site.own_name(name).unwrap_or_else(|_| name.clone())).collect::<Vec<_>>();
        let mut units = old.entries();
        units.retain(|unit| !names.iter().chain(&own).any(|name| name.as_str() == unit));
        Ok((config::of_wrap(units, old.execs(Path::new(OF_WRAP)).to_vec()), Subject::These(own)))
    })
}

/// Whom a verb is about.
enum Subject {
    /// Whatever belongs to Kubernetes.
    Kubernetes,
    /// These units.
    These(Vec<UnitName>),
}

/// A verb that changes one file.
struct Verb<'a> {
    name: &'static str,
    file: &'static str,
    place: &'a Place,
    pin: &'a Path,
}

impl Verb<'_> {
    /// `change` gets what the file says, and gives the text that it is to have.
    fn run(
        &self,
        change: impl Fn(&Site, &Config) -> anyhow::Result<(Option<String>, Subject)>,
    ) -> anyhow::Result<Report> {
        if self.pin != Path::new(pin::DEFAULT_DIR) {
            let message = format!(
                "--dir has no part in {} (services enter the namespace at {})",
                self.name,
                pin::DEFAULT_DIR
            );
            return Err(Exit::Usage.because(message));
        }
        let (file, dry_run) = (Path::new(self.file), self.place.dry_run);
        let site = Site::open(self.place.root.as_deref())?;
        let _lock = site.lock(dry_run)?;
        let old = site.text(file)?;
        let mut said = Config::default();
        said.read(file, old.as_deref().unwrap_or_default().as_bytes());
        let (new, subject) = change(&site, &said)?;
        let legacy = site.legacy(&subject)?;
        // Those of Kubernetes, too, that an earlier call has left to their next start.
        let enabled = config::of_enable();
        let before = match subject {
            Subject::Kubernetes => site.decide(Some((file, Some(&enabled))), &legacy)?,
            Subject::These(_) => site.decide(None, &[])?,
        };
        let after = site.decide(Some((file, new.as_deref())), &legacy)?;
        for complaint in &after.complaints {
            info!("{complaint}");
        }
        if new.is_some() {
            refuse(&after, &subject)?;
        }
        let units = units(&before, &after, &subject);
        let mut told = Told::new(&site, self.place, file, (old.as_deref(), new.as_deref()), units);
        if dry_run {
            told.differences(&site, &after, &legacy);
            return Ok(told.report());
        }
        told.changed = old != new || !legacy.is_empty();
        site.apply(file, (old.as_deref(), new.as_deref()), &legacy)?;
        if site.reload()? {
            told.ask()?;
        }
        if self.place.now {
            now::now(&site, &mut told, &after)?;
        }
        told.say_what_is_left(self.name, self.place.now);
        Ok(told.report())
    }
}

/// What is asked for and cannot be is known before anything is changed.
fn refuse(after: &Switch, subject: &Subject) -> anyhow::Result<()> {
    let why: Vec<_> = of(after, subject)
        .filter(|planned| matches!(planned.end, End::Refused(_) | End::Held(_)))
        .filter_map(|planned| Some((planned, planned.outside_because()?)))
        .collect();
    if why.is_empty() {
        return Ok(());
    }
    // Those that only wait for another one say nothing new.
    let whole = why.iter().any(|(planned, _)| matches!(planned.end, End::Refused(_)));
    let new: Vec<_> =
        why.iter().filter(|(planned, _)| !whole || matches!(planned.end, End::Refused(_))).collect();
    let told: Vec<_> =
        new.iter().map(|(planned, why)| format!("{} cannot run inside: {why}", planned.unit)).collect();
    let cure = match (subject, new.first()) {
        (Subject::Kubernetes, Some((first, _))) => {
            format!(" (Except={} in /etc/systemd/kubens.conf leaves it outside)", first.unit)
        }
        (Subject::Kubernetes | Subject::These(_), _) => String::new(),
    };
    Err(failed(format!("{}{cure}; nothing was changed", told.join("; "))))
}

/// The units that a verb is about, of those that are to run inside.
fn of<'a>(switch: &'a Switch, subject: &'a Subject) -> impl Iterator<Item = &'a Planned> {
    switch.planned.iter().filter(move |planned| match subject {
        Subject::Kubernetes => planned.with_kubernetes,
        Subject::These(names) => names.contains(&planned.unit),
    })
}

/// What becomes of each, in the order in which they start.
fn units(before: &Switch, after: &Switch, subject: &Subject) -> Vec<Unit> {
    let mut units: Vec<Unit> = of(after, subject).map(Unit::from).collect();
    let gone =
        of(before, subject).filter(|planned| !after.planned.iter().any(|now| now.unit == planned.unit));
    units.extend(gone.map(Unit::outside));
    // One that is no longer named here may be inside by another file, or belong to Kubernetes.
    let kept = of(before, subject).filter_map(|old| after.planned.iter().find(|now| now.unit == old.unit));
    for planned in kept {
        if !units.iter().any(|unit| unit.name == planned.unit) {
            units.push(Unit::from(planned));
        }
    }
    if let Subject::These(names) = subject {
        for name in names {
            if !units.iter().any(|unit| unit.name == *name) {
                units.push(Unit::never(name));
            }
        }
    }
    units.sort_by_key(|unit| (unit.rank.unwrap_or(usize::MAX), unit.name.clone()));
    units
}

fn names(words: &[String]) -> anyhow::Result<Vec<UnitName>> {
    let name = |word: &String| {
        UnitName::new(word).map_err(|bad| {
            let why = match bad {
                BadName::OtherType => "only a service can be wrapped",
                BadName::Malformed => "it is no unit's name",
            };
            Exit::Usage.because(format!("{}: {why} (see kubensctl --help)", Shown(word.as_bytes())))
        })
    };
    words.iter().map(name).collect()
}

fn failed(message: impl Into<String>) -> anyhow::Error {
    anyhow::Error::msg(message.into())
}

/// Paths in a message.
fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| Shown::of(path).to_string()).collect::<Vec<_>>().join(", ")
}
