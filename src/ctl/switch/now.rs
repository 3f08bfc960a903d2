//! `--now`: restarts what runs on the wrong side, the runtime before the kubelet. Where a service is, its process says;
//! what does not run is not started.

use std::path::Path;

use super::failed;
use super::site::Site;
use super::told::{Outcome, Told, Unit};
use crate::model::text::{Shown, reason};
use crate::model::units::name::UnitName;
use crate::sys::switch::Switch;
use crate::sys::{processes, systemd};

/// Restarts them. Nothing is stopped that cannot be moved.
pub(super) fn now(site: &Site, told: &mut Told, after: &Switch) -> anyhow::Result<()> {
    if !site.is_running() {
        return Err(failed("no systemd runs here; --now is for a running machine (the file is changed)"));
    }
    let kubens = UnitName::kubens();
    let inside = after.planned.iter().any(|planned| planned.drop_in.is_some());
    if inside {
        systemd::start(&kubens).map_err(|error| half(&error))?;
    }
    // Where nothing was pinned until now, all of them are outside.
    let moved: Vec<UnitName> = on_the_wrong_side(&told.units).map(|unit| unit.name.clone()).collect();
    for unit in &moved {
        systemd::restart(unit).map_err(|error| half(&error))?;
        told.restarted.push(unit.to_string());
    }
    // Nobody wants it any more. It keeps the pin for whoever still lives inside.
    if !inside {
        systemd::stop(&kubens).map_err(|error| half(&error))?;
    }
    Ok(())
}

/// Whether the node's services may leave the namespace: not while pods have mounts there that they would not find outside.
pub(super) fn may_leave(dir: &Path) -> anyhow::Result<()> {
    let pods = super::super::pods_inside(&super::super::pin_in(dir)?)?;
    if pods.is_empty() {
        return Ok(());
    }
    let pods: Vec<_> = pods.iter().map(|pod| Shown(pod.as_bytes()).to_string()).collect();
    Err(failed(format!(
        "pods have mounts inside that a kubelet and a runtime outside would not find: {} (drain the node first; --force does it all the same); nothing was changed",
        pods.join(", ")
    )))
}

/// The units that run where their next start will not put them.
pub(super) fn on_the_wrong_side(units: &[Unit]) -> impl Iterator<Item = &Unit> {
    units.iter().filter(|unit| {
        let pid = unit.loaded.as_ref().and_then(|loaded| loaded.main_pid);
        let on_the_host = pid.and_then(processes::is_on_the_host);
        match unit.result {
            Outcome::Inside | Outcome::ByItself(_) => on_the_host == Some(true),
            Outcome::Outside | Outcome::Never => on_the_host == Some(false),
            Outcome::ByDaemon(_) | Outcome::Later | Outcome::Not(_) => false,
        }
    })
}

fn half(error: &std::io::Error) -> anyhow::Error {
    failed(format!(
        "{} (what was done before that stays; the same command goes on from there)",
        reason(error)
    ))
}
