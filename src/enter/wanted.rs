//! The namespace that is wanted: who named it, where it is looked for, and what is said about it. Scripts match
//! these texts, so they change only with kubensenter(1).

use std::borrow::Cow;
use std::ffi::{CStr, CString};
use std::io::{self, ErrorKind};

use anyhow::anyhow;

use crate::cli::enter::Target;
use crate::log::{debug, info};
use crate::model::namespace::{NamespaceId, PinState};
use crate::model::pin;
use crate::model::resolve::{Choice, NamedBy, Place, Refusal, Sight, Stay, Unpinned};
use crate::model::text::{Shown, reason};
use crate::sys::caller;
use crate::sys::namespace::{self, Link, MountNamespace};
use crate::sys::trust::{self, Owner};

/// PID 1's root, through which a pin can be reached from a copy of the host's mount namespace.
const HOST_ROOT: &CStr = c"/proc/1/root";

pub(super) struct Wanted {
    choice: Choice,
    path: Cow<'static, CStr>,
}

impl Wanted {
    /// What the command line names, else what the environment names, else the default pin.
    pub(super) fn new(target: Option<&Target>, variable: impl Fn(&CStr) -> Option<&'static CStr>) -> Self {
        let (choice, path) = match target {
            Some(Target::Mount(path)) => (Choice::Named(NamedBy::Mount), Cow::Owned(path.clone())),
            Some(Target::Process(pid)) => (Choice::Named(NamedBy::Target), Cow::Owned(namespace::path(*pid))),
            Some(Target::Host) => (Choice::Named(NamedBy::Host), Cow::Borrowed(c"/proc/1/ns/mnt")),
            None => {
                let named = variable(c"KUBENSMNT").map(|path| (Choice::Named(NamedBy::Environment), path));
                let default =
                    || (Choice::Default, variable(c"DEFAULT_KUBENSMNT").unwrap_or(pin::DEFAULT_POINT));
                let (choice, path) = named.unwrap_or_else(default);
                (choice, Cow::Borrowed(path))
            }
        };
        if choice == Choice::Named(NamedBy::Environment) {
            debug!("Autodetect: $KUBENSMNT already set");
        }
        Wanted { choice, path }
    }

    pub(super) fn choice(&self) -> Choice {
        self.choice
    }

    /// Asks where the caller is, and looks at the path.
    ///
    /// A live pin at the default place is never the caller's own namespace: the kernel binds no mount namespace
    /// within itself, and drops such binds from a copy. So the question is left out there; it would be the
    /// costliest system call on the way.
    pub(super) fn look(&self) -> (Option<NamespaceId>, Sight<MountNamespace>) {
        if self.choice == Choice::Default && *self.path == *pin::DEFAULT_POINT {
            let sight = self.sight();
            let caller = if matches!(sight.here, PinState::Live(_)) { None } else { caller::namespace() };
            (caller, sight)
        } else {
            (caller::namespace(), self.sight())
        }
    }

    /// Looks at the path and, where autodetection finds no namespace there, at the same path of PID 1's root.
    fn sight(&self) -> Sight<MountNamespace> {
        if self.choice != Choice::Default {
            let here = namespace::open(&self.path, Link::Follow);
            return Sight { here, beyond: None };
        }
        let here = namespace::open(&self.path, Link::Refuse);
        let beyond = match here {
            PinState::Live(_) | PinState::Unknown(_) => None,
            PinState::Absent(_) | PinState::Vacant | PinState::Foreign(_) => {
                let absolute = self.path.to_bytes().starts_with(b"/");
                absolute.then(|| namespace::open_in(HOST_ROOT, &self.path))
            }
        };
        Sight { here, beyond }
    }

    fn beyond(&self) -> CString {
        // Both halves are free of NUL.
        CString::new([HOST_ROOT.to_bytes(), self.path.to_bytes()].concat()).unwrap_or_default()
    }

    fn at(&self, place: Place) -> String {
        match place {
            Place::Here => Shown(self.path.to_bytes()).to_string(),
            Place::Beyond => Shown(self.beyond().to_bytes()).to_string(),
        }
    }

    pub(super) fn announce_join(&self, place: Place) {
        match (self.choice, place) {
            (Choice::Default, Place::Here) => {
                info!("Autodetect: kubens.service namespace found at {}", self.at(place));
            }
            (Choice::Default, Place::Beyond) => info!(
                "Autodetect: kubens.service namespace found at {}; the private mounts of this sandbox (PrivateTmp=, ProtectSystem= and the like) do not come along",
                self.at(place)
            ),
            (Choice::Named(_), _) => {}
        }
        debug!("Joining mount namespace in {}", self.at(place));
    }

    pub(super) fn announce_stay(&self, why: Stay) {
        let (how, hidden) = match why {
            Stay::Inside(place) => {
                debug!("Already inside the mount namespace at {}; running here", self.at(place));
                return;
            }
            Stay::NotPinned { how, hidden } => (how, hidden),
        };
        let path = self.at(Place::Here);
        match how {
            Unpinned::Absent => debug!("Autodetect: No mount namespace found at {path}"),
            Unpinned::Stale => info!("Autodetect: Stale or mismatched namespace at {path}"),
        }
        // Who could not join anyway is not told that there may be more to find.
        if let Some(error) = hidden.filter(|_| how == Unpinned::Stale || caller::may_join()) {
            let why = reason(&error);
            info!("Autodetect: Cannot look through /proc/1/root: {why} (needs /proc and CAP_SYS_PTRACE)");
        }
        debug!("KUBENSMNT not set; running normally");
    }

    /// For a person who gets a shell.
    pub(super) fn greet(&self, inside: bool) {
        let path = Shown(self.path.to_bytes());
        if inside {
            info!("This shell is inside the mount namespace at {path}; exit leaves it");
        } else {
            info!("This shell is outside: no mount namespace is pinned at {path}; exit leaves it");
        }
    }

    /// Whose the namespace is. One that root did not make is entered only where somebody insists on the one that he
    /// named.
    pub(super) fn ask(
        &self,
        namespace: MountNamespace,
        place: Place,
        any_owner: bool,
    ) -> anyhow::Result<Owner> {
        if any_owner {
            return Ok(Owner::Foreign(namespace));
        }
        match trust::ask(namespace) {
            Ok(Owner::Foreign(_)) => {
                let cure = match self.choice {
                    Choice::Named(NamedBy::Mount | NamedBy::Target) => {
                        "its maker decides what runs there; --any-owner joins it all the same"
                    }
                    Choice::Named(NamedBy::Environment | NamedBy::Host) => {
                        "its maker decides what would run there"
                    }
                    Choice::Default => "its maker decides what would run there; kubensctl pin replaces it",
                };
                Err(failure(&self.at(place), "another user namespace than this one owns it", cure))
            }
            Ok(ours) => Ok(ours),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(self.not_joined(place, &error)),
            Err(error) => {
                let why = format!("whose it is cannot be seen: {}", reason(&error));
                Err(failure(&self.at(place), &why, "needs /proc"))
            }
        }
    }

    /// The kernel did not let this process join.
    pub(super) fn not_joined(&self, place: Place, error: &io::Error) -> anyhow::Error {
        let cure = match error.kind() {
            ErrorKind::PermissionDenied if caller::may_join() => {
                "both capabilities are there: another user namespace owns it, or a seccomp filter or SELinux forbids it"
            }
            ErrorKind::PermissionDenied => "needs CAP_SYS_ADMIN and CAP_SYS_CHROOT; try sudo",
            ErrorKind::InvalidInput => "this process shares its root and working directory with another one",
            _ => "see setns(2)",
        };
        failure(&self.at(place), &reason(error), cure)
    }

    pub(super) fn refused(&self, why: Refusal) -> anyhow::Error {
        let path = self.at(Place::Here);
        match why {
            Refusal::NotPinned => anyhow!(
                "no mount namespace is pinned at {path} (start kubens.service, or leave out --require to run without)"
            ),
            Refusal::Hidden(error) => {
                let why = reason(&error);
                let message = format!(
                    "cannot see whether a mount namespace is pinned at {path}: /proc/1/root: {why} (a sandbox sees an empty file where one is; needs /proc and CAP_SYS_PTRACE)"
                );
                anyhow::Error::msg(message)
            }
            Refusal::Foreign(what) => failure(&path, &format!("it is {what}"), self.source()),
            Refusal::Unreachable(error) => {
                let denied = error.kind() == ErrorKind::PermissionDenied;
                let cure = if denied { "try sudo" } else { self.source() };
                failure(&path, &reason(&error), cure)
            }
        }
    }

    /// Who is to be told when the path is not the right one.
    fn source(&self) -> &'static str {
        match self.choice {
            Choice::Named(NamedBy::Mount) => "--mount takes a pin, or /proc/PID/ns/mnt",
            Choice::Named(NamedBy::Target) => "is the process of --target still there?",
            Choice::Named(NamedBy::Host) => "--host needs a /proc with PID 1",
            Choice::Named(NamedBy::Environment) => {
                "$KUBENSMNT names it: correct it, or unset it to autodetect"
            }
            Choice::Default => "a namespace may be pinned there, so nothing was run",
        }
    }
}

fn failure(path: &str, why: &str, cure: &str) -> anyhow::Error {
    anyhow!("cannot join the mount namespace at {path}: {why} ({cure})")
}
