//! `kubensctl enable` and `disable`: the whole switch for a node. What enable wrote says so in its header, and
//! how it found kubens.service; so disable takes back exactly that, and either goes on where it was interrupted.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::site::{Site, joined};
use super::step::{self, Step};
use super::told::Told;
use super::{all, failed};
use crate::cli::ctl::{Disable, Enable};
use crate::exit::Report;
use crate::model::node::services::{SERVICES, chosen};
use crate::model::text::Shown;
use crate::model::text::reason;
use crate::model::units::dropin::plan::Order;
use crate::model::units::dropin::{Author, DIRECTORY, Exec, Kind};
use crate::model::units::name::UnitName;
use crate::sys::systemd;
use crate::sys::units::Library;

pub(crate) fn enable(asked: &Enable, pin: &Path) -> anyhow::Result<Report> {
    let (place, kubens) = (&asked.place, UnitName::kubens());
    let site = Site::open(place.root.as_deref())?;
    let _lock = site.lock(place.dry_run)?;
    let library = site.library()?;
    if !library.has(&kubens) {
        return Err(failed(format!("there is no {kubens} (install it first); nothing was changed")));
    }
    let found = found(&library, asked.runtime.as_deref())?;

    let enabled = systemd::is_enabled(site.root(), &kubens).map_err(|error| unknown(&error))?;
    let recorded = ours(&site)?.into_iter().find_map(|ours| match ours.by {
        Author::Enable { was_enabled } => Some(was_enabled),
        Author::Wrap => None,
    });
    let by = Author::Enable { was_enabled: recorded.unwrap_or(enabled) };
    let names: Vec<_> = found.iter().map(|(name, _)| name.clone()).collect();
    let kind_of = |name: &UnitName| found.iter().find(|(other, _)| other == name).map(|(_, kind)| *kind);
    let steps = all(&names, |name| {
        let kind = kind_of(name).unwrap_or(Kind::Wrapper);
        let order = Order { kind, execs: vec![Exec::Start], by, pin: pin.to_owned() };
        step::wrap(&site, &library, name, &order).map(|step| vec![step])
    })?;
    if steps.iter().any(|step| step.kind == Kind::Wrapper && step.writes()) {
        site.require_wrapper()?;
    }

    step::warn(&steps);
    let mut told = Told::new(&steps, place.dry_run);
    if place.dry_run {
        if !enabled {
            told.besides.push(format!("{kubens}: would be enabled"));
        }
        return Ok(told.report(place.json));
    }
    told.reloaded = site.apply(&steps)?;
    if enabled {
        told.besides.push(format!("{kubens}: is enabled already"));
    } else {
        systemd::set_enabled(site.root(), &kubens, true).map_err(|error| half(&error, "enable"))?;
        told.besides.push(format!("{kubens}: starts with the machine from now on"));
    }
    if asked.now {
        now(&site, &steps, &mut told)?;
    } else if !site.is_running() {
        told.next.push("boot it".to_owned());
    } else if !site.stale(&steps).is_empty() || !systemd::is_active(&kubens) {
        let units = joined(&steps.iter().map(|step| &step.unit).collect::<Vec<_>>());
        told.next.push(format!(
            "drain this node and reboot it, or: systemctl start {kubens} && systemctl restart {units}"
        ));
    }
    Ok(told.report(place.json))
}

/// Starts kubens.service, and restarts what runs and is changed, the runtime before the kubelet.
fn now(site: &Site, steps: &[Step], told: &mut Told<'_>) -> anyhow::Result<()> {
    let kubens = UnitName::kubens();
    let was_active = systemd::is_active(&kubens);
    systemd::start(&kubens).map_err(|error| half(&error, "enable --now"))?;
    // Those that were wrapped before, but started while nothing was pinned, are outside too.
    let units: Vec<_> = if was_active {
        site.stale(steps)
    } else {
        steps.iter().map(|step| &step.unit).filter(|unit| systemd::is_active(unit)).collect()
    };
    for unit in units {
        systemd::restart(unit).map_err(|error| half(&error, "enable --now"))?;
        told.besides.push(format!("{unit}: was restarted"));
    }
    told.next
        .push("containers that ran before keep their mounts on the host until this node reboots".to_owned());
    Ok(())
}

pub(crate) fn disable(asked: &Disable) -> anyhow::Result<Report> {
    let (place, kubens) = (&asked.place, UnitName::kubens());
    let site = Site::open(place.root.as_deref())?;
    let _lock = site.lock(place.dry_run)?;
    let by_enable = |ours: &Ours| ours.by != Author::Wrap;
    let found: Vec<_> = ours(&site)?.into_iter().filter(by_enable).collect();
    let names: Vec<_> = found.iter().map(|ours| ours.unit.clone()).collect();
    let steps = all(&names, |name| {
        let of_it = found.iter().filter(|ours| ours.unit == *name);
        of_it
            .map(|ours| step::removal(&site, &ours.unit, ours.kind, ours.path.clone(), ours.text.clone()))
            .collect()
    })?;

    let mut told = Told::new(&steps, place.dry_run);
    // Its package may be gone before this.
    let turns_off = found.iter().any(|ours| ours.by == Author::Enable { was_enabled: false })
        && site.library()?.has(&kubens)
        && systemd::is_enabled(site.root(), &kubens).map_err(|error| unknown(&error))?;
    if found.is_empty() {
        told.besides.push("there is nothing of kubensctl enable to take back".to_owned());
    }
    if place.dry_run {
        if turns_off {
            told.besides.push(format!("{kubens}: would be disabled"));
        }
        return Ok(told.report(place.json));
    }
    // This first: the drop-ins say that it is to be done, until they are gone.
    if turns_off {
        systemd::set_enabled(site.root(), &kubens, false).map_err(|error| half(&error, "disable"))?;
        told.besides.push(format!("{kubens}: no longer starts with the machine"));
    }
    told.reloaded = site.apply(&steps)?;
    let stale = site.stale(&steps);
    if !stale.is_empty() {
        told.next.push(format!(
            "drain this node and reboot it, or: systemctl restart {} && systemctl stop {kubens}",
            joined(&stale)
        ));
    }
    Ok(told.report(place.json))
}

fn unknown(error: &std::io::Error) -> anyhow::Error {
    failed(format!("{}; nothing was changed", reason(error)))
}

fn half(error: &std::io::Error, verb: &str) -> anyhow::Error {
    let why = reason(error);
    failed(format!("{why} (what was done before that stays; kubensctl {verb} goes on from there)"))
}

/// The known services that are there.
fn found(library: &Library<'_>, runtime: Option<&str>) -> anyhow::Result<Vec<(UnitName, Kind)>> {
    if let Some(name) = runtime.filter(|name| !SERVICES.iter().any(|s| s.is_runtime && s.name == *name)) {
        let known: Vec<_> = SERVICES.iter().filter(|s| s.is_runtime).map(|s| s.name).collect();
        let (name, known) = (Shown::of(name), known.join(", "));
        return Err(failed(format!(
            "{name} is no runtime that is known here ({known}); nothing was changed"
        )));
    }
    let mut found = Vec::new();
    let mut has_runtime = false;
    for service in chosen(runtime) {
        let units = service.units.iter().filter_map(|unit| UnitName::new(unit).ok());
        for unit in units.filter(|unit| library.has(unit)) {
            has_runtime |= service.is_runtime;
            found.push((unit, service.kind));
        }
    }
    if has_runtime {
        return Ok(found);
    }
    let what = runtime.unwrap_or("container runtime that is known here");
    Err(failed(format!("there is no {what} (for another one: kubensctl wrap UNIT); nothing was changed")))
}

/// A drop-in that kubensctl wrote, edited or not.
struct Ours {
    unit: UnitName,
    kind: Kind,
    path: PathBuf,
    text: Vec<u8>,
    by: Author,
}

/// All of them.
fn ours(site: &Site) -> anyhow::Result<Vec<Ours>> {
    let directory = Path::new(DIRECTORY);
    let mut names = site.tree.list(directory).with_context(|| format!("cannot read {DIRECTORY}"))?;
    names.sort();
    let mut found = Vec::new();
    for name in names {
        let unit = name.to_str().and_then(|name| UnitName::new(name.strip_suffix(".service.d")?).ok());
        for (unit, kind) in unit.iter().flat_map(|unit| Kind::ALL.map(|kind| (unit, kind))) {
            let path = kind.path(unit);
            let text = site.text(&path).map_err(failed)?;
            if let Some(text) = text
                && let Some(by) = step::author(&text)
            {
                found.push(Ours { unit: unit.clone(), kind, path, text, by });
            }
        }
    }
    Ok(found)
}
