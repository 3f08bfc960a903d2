//! What a judgement comes to.

use crate::model::mounts::compare::Propagation;

/// Whether encapsulation is in effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    InEffect,
    /// Nothing is pinned, and nobody expects it to be.
    NotEnabled,
    /// It is switched on, and will be in effect from the next boot, or the services' next start, on.
    Pending,
    /// The services are being started.
    Starting,
    /// A namespace is pinned, and neither a runtime nor a kubelet runs: there is nothing to judge yet.
    Idle,
    /// It should be and is not, or not wholly, for these reasons.
    Degraded(Vec<Trouble>),
    /// It cannot be known, because these were not seen.
    Unknown(Vec<Missing>),
}

/// Why encapsulation does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The pinned namespace belongs to another user namespace than the host's.
    Foreign,
    /// Nothing is pinned any more.
    Lost,
    /// kubens.service did not pin.
    Failed,
    /// Mounts go the wrong way.
    Propagation(Propagation),
    /// Runtime and kubelet are on two sides.
    Split,
    /// Both are inside, and something else of the same role, or the shims of older containers, is not.
    Half,
    /// Both are outside, as their units say, and older containers are still inside.
    Leaving,
    /// Nothing is inside.
    Unused,
    /// Containers' and volumes' mounts are made on the host.
    Outside(usize),
    /// The runtime or the kubelet has failed.
    NotRunning,
}

/// What was not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The pin.
    Pin,
    /// The mount namespaces of some processes.
    Processes,
    /// The mounts inside, or the host's.
    Mounts,
    /// What systemd says of its units.
    Units,
}

impl Verdict {
    /// Whether runtime, kubelet and shims are in more than one namespace; `None`: that cannot be known.
    pub fn is_split(&self) -> Option<bool> {
        match self {
            Verdict::Degraded(troubles) => Some(troubles.iter().any(|trouble| trouble.is_split())),
            Verdict::Unknown(_) => None,
            Verdict::InEffect
            | Verdict::NotEnabled
            | Verdict::Pending
            | Verdict::Starting
            | Verdict::Idle => Some(false),
        }
    }
}

impl Trouble {
    fn is_split(self) -> bool {
        match self {
            Trouble::Split | Trouble::Half | Trouble::Leaving => true,
            Trouble::Foreign
            | Trouble::Lost
            | Trouble::Failed
            | Trouble::Propagation(_)
            | Trouble::Unused
            | Trouble::Outside(_)
            | Trouble::NotRunning => false,
        }
    }
}
