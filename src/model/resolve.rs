//! Decides where a command runs: the table "Which namespace" of kubensenter(1), as one function.

use std::io;

use crate::model::namespace::{Identified, NamespaceId, PinState};

/// How the caller chose a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Not at all: autodetection.
    Default,
    /// By name; anything but joining it is a failure.
    Named(NamedBy),
}

/// Who named the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// `--mount`
    Mount,
    /// `--target`
    Target,
    /// `--host`
    Host,
    /// `$KUBENSMNT`
    Environment,
}

/// What was found: at the path itself and, where autodetection went on, through `/proc/1/root`.
pub struct Sight<N> {
    /// At the path.
    pub here: PinState<N>,
    /// At the same path of PID 1's root. `None`: not looked at.
    pub beyond: Option<PinState<N>>,
}

/// Where the pin was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the path.
    Here,
    /// Through `/proc/1/root`.
    Beyond,
}

/// What to do, and why.
#[derive(Debug)]
pub enum Resolution<N> {
    /// Join this namespace.
    Join(N, Place),
    /// Run in the current namespace.
    Stay(Stay),
    /// Run nothing.
    Refuse(Refusal),
}

/// Why the command runs where the caller is.
#[derive(Debug)]
pub enum Stay {
    /// The caller is in the namespace already.
    Inside(Place),
    /// Nothing is pinned, as far as can be seen.
    NotPinned {
        /// What the path looked like.
        how: Unpinned,
        /// Why `/proc/1/root` could not be looked through, where that is so.
        hidden: Option<io::Error>,
    },
}

/// What the path looked like when nothing was found pinned there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpinned {
    /// Nothing had the name.
    Absent,
    /// What had the name was no mount namespace.
    Stale,
}

/// Why the command is not run.
#[derive(Debug)]
pub enum Refusal {
    /// What was named cannot be looked at, or is not there.
    Unreachable(io::Error),
    /// What was named is this, and no mount namespace.
    Foreign(&'static str),
    /// There is an empty file, as a copied mount namespace has one in a pin's place, and the caller, who could join,
    /// is not allowed to look where the pin would be seen.
    Hidden(io::Error),
    /// `--require`, and nothing is pinned.
    NotPinned,
}

/// Decides. `caller` is the caller's own namespace; `None` where that cannot be known (no `/proc`), and then
/// it counts as another one. `may_join`: whether it holds what joining takes.
pub fn resolve<N: Identified>(
    choice: Choice,
    require: bool,
    caller: Option<NamespaceId>,
    sight: Sight<N>,
    may_join: impl FnOnce() -> bool,
) -> Resolution<N> {
    let settle = |namespace: N, place| {
        if caller == Some(namespace.id()) {
            Resolution::Stay(Stay::Inside(place))
        } else {
            Resolution::Join(namespace, place)
        }
    };
    let vacant = matches!(sight.here, PinState::Vacant);
    let how = match (choice, sight.here) {
        (_, PinState::Live(namespace)) => return settle(namespace, Place::Here),
        (_, PinState::Unknown(error)) | (Choice::Named(_), PinState::Absent(error)) => {
            return Resolution::Refuse(Refusal::Unreachable(error));
        }
        (Choice::Named(_), PinState::Vacant) => {
            return Resolution::Refuse(Refusal::Foreign("an empty plain file"));
        }
        (Choice::Named(_), PinState::Foreign(what)) => {
            return Resolution::Refuse(Refusal::Foreign(what));
        }
        (Choice::Default, PinState::Absent(_)) => Unpinned::Absent,
        (Choice::Default, PinState::Vacant | PinState::Foreign(_)) => Unpinned::Stale,
    };
    let hidden = match sight.beyond {
        Some(PinState::Live(namespace)) => return settle(namespace, Place::Beyond),
        // Without a /proc there is nothing that could be allowed.
        Some(PinState::Unknown(error)) if vacant && error.kind() != io::ErrorKind::NotFound && may_join() => {
            return Resolution::Refuse(Refusal::Hidden(error));
        }
        Some(PinState::Unknown(error)) => Some(error),
        Some(PinState::Absent(_) | PinState::Vacant | PinState::Foreign(_)) | None => None,
    };
    if require {
        Resolution::Refuse(Refusal::NotPinned)
    } else {
        Resolution::Stay(Stay::NotPinned { how, hidden })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: NamespaceId = NamespaceId { dev: 4, ino: 1 };
    const PINNED: NamespaceId = NamespaceId { dev: 4, ino: 2 };

    fn error() -> io::Error {
        io::Error::from(io::ErrorKind::PermissionDenied)
    }

    fn every_state() -> [PinState<NamespaceId>; 6] {
        [
            PinState::Absent(error()),
            PinState::Vacant,
            PinState::Foreign("a directory"),
            PinState::Unknown(error()),
            PinState::Live(OWN),
            PinState::Live(PINNED),
        ]
    }

    /// The decision in one word, for a table that can be read.
    fn word(resolution: &Resolution<NamespaceId>) -> &'static str {
        match resolution {
            Resolution::Join(PINNED, Place::Here) => "join",
            Resolution::Join(PINNED, Place::Beyond) => "join-beyond",
            Resolution::Join(..) => "join-own",
            Resolution::Stay(Stay::Inside(Place::Here)) => "inside",
            Resolution::Stay(Stay::Inside(Place::Beyond)) => "inside-beyond",
            Resolution::Stay(Stay::NotPinned { how, hidden }) => match (how, hidden) {
                (Unpinned::Absent, None) => "absent",
                (Unpinned::Absent, Some(_)) => "absent-hidden",
                (Unpinned::Stale, None) => "stale",
                (Unpinned::Stale, Some(_)) => "stale-hidden",
            },
            Resolution::Refuse(Refusal::Unreachable(_)) => "unreachable",
            Resolution::Refuse(Refusal::Foreign(_)) => "foreign",
            Resolution::Refuse(Refusal::Hidden(_)) => "hidden",
            Resolution::Refuse(Refusal::NotPinned) => "not-pinned",
        }
    }

    fn decide(choice: Choice, require: bool, sight: Sight<NamespaceId>) -> &'static str {
        word(&resolve(choice, require, Some(OWN), sight, || false))
    }

    #[test]
    fn the_default_path_decides_by_the_table() {
        let beyond = ["absent", "absent", "absent", "absent-hidden", "inside-beyond", "join-beyond"];
        let stale = ["stale", "stale", "stale", "stale-hidden", "inside-beyond", "join-beyond"];
        for (here, expected) in [
            (0, beyond),
            (1, stale),
            (2, stale),
            (3, ["unreachable"; 6]),
            (4, ["inside"; 6]),
            (5, ["join"; 6]),
        ] {
            for (there, expected) in expected.into_iter().enumerate() {
                for require in [false, true] {
                    let sight = Sight {
                        here: every_state().into_iter().nth(here).unwrap(),
                        beyond: every_state().into_iter().nth(there),
                    };
                    let unpinned = expected.starts_with("absent") || expected.starts_with("stale");
                    let expected = if require && unpinned { "not-pinned" } else { expected };
                    let found = decide(Choice::Default, require, sight);
                    assert_eq!(found, expected, "{here} {there} {require}");
                }
            }
        }
    }

    #[test]
    fn a_named_namespace_is_joined_or_refused_and_never_replaced() {
        let expected = ["unreachable", "foreign", "foreign", "unreachable", "inside", "join"];
        for by in [NamedBy::Mount, NamedBy::Target, NamedBy::Host, NamedBy::Environment] {
            for (here, expected) in every_state().into_iter().zip(expected) {
                for require in [false, true] {
                    let here = match &here {
                        PinState::Absent(_) => PinState::Absent(error()),
                        PinState::Vacant => PinState::Vacant,
                        PinState::Foreign(what) => PinState::Foreign(what),
                        PinState::Unknown(_) => PinState::Unknown(error()),
                        PinState::Live(id) => PinState::Live(*id),
                    };
                    let sight = Sight { here, beyond: None };
                    assert_eq!(decide(Choice::Named(by), require, sight), expected);
                }
            }
        }
    }

    #[test]
    fn a_caller_that_does_not_know_where_it_is_joins() {
        let sight = Sight { here: PinState::Live(PINNED), beyond: None };
        assert_eq!(word(&resolve(Choice::Default, false, None, sight, || true)), "join");
    }

    #[test]
    fn who_could_join_does_not_stay_where_a_pin_may_be_hidden() {
        for (here, expected) in [(0, "absent-hidden"), (1, "hidden"), (2, "stale-hidden")] {
            let here = every_state().into_iter().nth(here).unwrap();
            let sight = Sight { here, beyond: Some(PinState::Unknown(error())) };
            assert_eq!(word(&resolve(Choice::Default, false, Some(OWN), sight, || true)), expected);
        }
    }

    #[test]
    fn the_same_inode_of_another_device_is_another_namespace() {
        let other = NamespaceId { dev: 5, ..PINNED };
        let sight = Sight { here: PinState::Live(PINNED), beyond: None };
        let found = resolve(Choice::Default, false, Some(other), sight, || true);
        assert_eq!(word(&found), "join");
    }
}
