//! The judgement: from what was seen of a node to a verdict. What was not seen never counts as good: the verdict is
//! then unknown, unless what was seen is bad whatever the rest may be.

pub mod evidence;
mod verdict;

pub use verdict::{Missing, Trouble, Verdict};

use super::catalogue::Role;
use super::members::Count;
use crate::model::mounts::compare::Propagation;

/// What a verdict rests on.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What is pinned. The places of the parts are told from that namespace.
    pub pin: Pin,
    /// What systemd says of kubens.service; `None`: systemd could not be asked, about any unit.
    pub service: Option<Service>,
    /// The runtimes, the kubelets and the containers' shims.
    pub parts: Vec<Part>,
    /// Whether there are processes whose namespace could not be seen.
    pub blind: bool,
    /// Which way mounts go between the namespace and the host.
    pub propagation: Option<Propagation>,
    /// How many mounts of containers and volumes the host has got since the namespace was pinned.
    pub outside: Option<usize>,
}

/// What is pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    /// A namespace, at the pin's path.
    Here,
    /// A namespace, by container-mount-namespace.service, and in the place that that uses.
    Older,
    /// Nothing, and services live in a namespace that once was.
    Lost,
    /// A namespace that belongs to another user namespace than the host's.
    Foreign,
    /// Nothing.
    Nothing,
    /// It could not be seen.
    Unseen,
}

/// What systemd says of kubens.service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// It does not run, and will not with the next boot.
    Off,
    /// It does not run, and will with the next boot.
    Enabled,
    /// It is being started.
    Starting,
    /// It is active.
    Active,
    /// It has failed.
    Failed,
    /// It may not start.
    Masked,
}

/// A service, or a process without one, that decides on which side containers and their volumes are mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The unit, else the program.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// Where its processes are that decide. None: it does not run.
    pub places: Count,
    /// What systemd says of the unit.
    pub run: Run,
    /// Whether its next start is inside; `None`: systemd could not be asked.
    pub enters: Option<bool>,
}

/// What systemd says of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// It runs or does not, or there is no unit.
    Settled,
    /// It is being started or stopped.
    Changing,
    /// It has failed, or fails again and again.
    Failed,
}

fn covers(role: Role, half: Role) -> bool {
    role == half || (role == Role::Both && half != Role::Shim)
}

/// Of the runtime and the kubelet, those that a role stands for.
fn halves(role: Role) -> impl Iterator<Item = Role> {
    [Role::Runtime, Role::Kubelet].into_iter().filter(move |half| covers(role, *half))
}

/// Judges.
pub fn judge(seen: &Evidence) -> Verdict {
    let troubles = troubles(seen);
    if !troubles.is_empty() {
        return Verdict::Degraded(troubles);
    }
    let missing = missing(seen);
    if missing.is_empty() { calm(seen) } else { Verdict::Unknown(missing) }
}

impl Evidence {
    /// Whether there is a namespace that services are to be in, and that anybody can enter.
    fn is_pinned(&self) -> bool {
        matches!(self.pin, Pin::Here | Pin::Older)
    }

    fn running(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.places.all() > 0)
    }

    /// The runtimes and the kubelets that run.
    fn mains(&self) -> impl Iterator<Item = &Part> {
        self.running().filter(|part| part.is_main())
    }

    /// Whether a part of this kind runs.
    fn runs(&self, role: Role) -> bool {
        self.mains().any(|part| covers(part.role, role))
    }

    /// Parts that do not run, and for which nothing else does what they would do.
    fn absent(&self, run: Run) -> bool {
        self.parts.iter().any(|part| {
            part.run == run && part.places.all() == 0 && halves(part.role).any(|half| !self.runs(half))
        })
    }
}

impl Part {
    /// Whether it is a runtime or a kubelet.
    pub fn is_main(&self) -> bool {
        self.role != Role::Shim
    }

    /// Whether a process of it is inside.
    pub fn is_inside(&self) -> bool {
        self.places.inside > 0
    }

    /// Whether a process of it is seen elsewhere.
    pub fn is_outside(&self) -> bool {
        self.places.host + self.places.elsewhere > 0
    }
}

/// What is wrong, whatever it is that was not seen.
fn troubles(seen: &Evidence) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let any = |test: fn(&Part) -> bool| seen.running().any(test);
    match (seen.pin, seen.service) {
        (Pin::Foreign, _) => troubles.push(Trouble::Foreign),
        (Pin::Lost, _) | (Pin::Nothing, Some(Service::Active)) => troubles.push(Trouble::Lost),
        (Pin::Nothing, Some(Service::Failed)) => troubles.push(Trouble::Failed),
        (Pin::Nothing, Some(Service::Masked)) if seen.parts.iter().any(|part| part.enters == Some(true)) => {
            troubles.push(Trouble::Failed);
        }
        (Pin::Here | Pin::Older | Pin::Nothing | Pin::Unseen, _) => {}
    }
    let (inside, outside) = (any(Part::is_inside), any(Part::is_outside));
    let settled = matches!(seen.pin, Pin::Here | Pin::Older | Pin::Lost);
    if settled && inside && outside {
        troubles.push(two_sides(seen));
    }
    if seen.is_pinned() {
        match seen.propagation {
            None | Some(Propagation::Right) => {}
            Some(wrong) => troubles.push(Trouble::Propagation(wrong)),
        }
        let stays_out = |part: &Part| part.is_outside() && part.enters == Some(false);
        if !inside && seen.mains().any(stays_out) {
            troubles.push(Trouble::Unused);
        }
        // Where something is outside, or may be, so are the mounts.
        let idle = seen.running().next().is_none() && !seen.blind;
        if let Some(count @ 1..) = seen.outside.filter(|_| idle || (inside && !outside)) {
            troubles.push(Trouble::Outside(count));
        }
        if seen.absent(Run::Failed) {
            troubles.push(Trouble::NotRunning);
        }
    }
    troubles
}

fn two_sides(seen: &Evidence) -> Trouble {
    let inside = |role| seen.mains().any(|part| part.is_inside() && covers(part.role, role));
    let mut outside = seen.mains().filter(|part| part.is_outside());
    if outside.all(|part| halves(part.role).all(inside)) {
        Trouble::Half
    } else if !seen.mains().any(Part::is_inside) && !seen.mains().any(|part| part.enters == Some(true)) {
        Trouble::Leaving
    } else {
        Trouble::Split
    }
}

/// What would have to be seen before anything good is said.
fn missing(seen: &Evidence) -> Vec<Missing> {
    let mut missing = Vec::new();
    if seen.pin == Pin::Unseen {
        missing.push(Missing::Pin);
    }
    if seen.blind || seen.parts.iter().any(|part| part.places.unseen > 0) {
        missing.push(Missing::Processes);
    }
    if seen.is_pinned() && (seen.propagation.is_none() || seen.outside.is_none()) {
        missing.push(Missing::Mounts);
    }
    // Where both are seen inside, no word of systemd's changes that.
    let inside = |role| seen.mains().any(|part| part.is_inside() && covers(part.role, role));
    let whole = seen.is_pinned() && inside(Role::Runtime) && inside(Role::Kubelet);
    if seen.service.is_none() && !whole {
        missing.push(Missing::Units);
    }
    missing
}

/// What it is, where all was seen and nothing is wrong.
fn calm(seen: &Evidence) -> Verdict {
    if !seen.is_pinned() {
        let enters = seen.parts.iter().any(|part| part.enters == Some(true));
        return match seen.service {
            Some(Service::Starting) => Verdict::Starting,
            Some(Service::Enabled) => Verdict::Pending,
            _ if enters => Verdict::Pending,
            Some(Service::Off | Service::Masked | Service::Active | Service::Failed) | None => {
                Verdict::NotEnabled
            }
        };
    }
    let starting = seen.absent(Run::Changing);
    if seen.running().any(Part::is_outside) && seen.mains().next().is_some() {
        Verdict::Pending
    } else if starting {
        Verdict::Starting
    } else if seen.mains().next().is_none() {
        Verdict::Idle
    } else {
        Verdict::InEffect
    }
}

#[cfg(test)]
mod tests;
