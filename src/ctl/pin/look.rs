//! What is there: the host's mounts, what covers the pin's directory, and what is pinned.

use std::ffi::CStr;
use std::io;
use std::os::fd::OwnedFd;

use super::say::Task;
use crate::model::mounts::table::Mount;
use crate::model::namespace::PinState;
use crate::model::pin::Pin;
use crate::model::pin::place::{self as judged, Top};
use crate::model::pin::plan::{self, Inside, Pinned};
use crate::model::text::Shown;
use crate::sys::denied::{Denied, Doing};
use crate::sys::mounts::{self, Proc};
use crate::sys::namespace::{self, Link, MountNamespace};
use crate::sys::place::{self, Found};
use crate::sys::processes;
use crate::sys::trust::{Owner, Realm, Trusted};

/// The side that this process is on, and comes back to.
pub(super) struct Host {
    pub(super) namespace: MountNamespace,
    pub(super) realm: Realm,
    pub(super) proc: Proc,
    pub(super) mounts: Vec<Mount>,
    pub(super) root: Option<Mount>,
}

impl Host {
    pub(super) fn look() -> Result<Self, Denied> {
        let namespace = namespace::own().doing("open", c"/proc/self/ns/mnt")?;
        let realm = Realm::of_init().doing("look at", c"/proc/1/ns/user")?;
        let proc = mounts::proc().doing("open", c"/proc")?;
        let mounts = proc.mounts().doing("read", c"/proc/self/mountinfo")?;
        let root = proc.root(&mounts).doing("find the mount of", c"/")?;
        Ok(Host { namespace, realm, proc, mounts, root })
    }

    /// All mounts that this process sees, where it is now.
    pub(super) fn again(&self) -> Result<Vec<Mount>, Denied> {
        self.proc.mounts().doing("read", c"/proc/self/mountinfo")
    }

    /// Whether something is mounted at this path, now.
    pub(super) fn is_mounted(&self, path: &CStr) -> Result<bool, Denied> {
        Ok(self.again()?.iter().any(|mount| mount.target == path.to_bytes()))
    }

    /// Does something in another namespace and comes back, whatever came of it.
    pub(super) fn within<T>(
        &self,
        namespace: &Trusted,
        act: impl FnOnce() -> Result<T, Denied>,
    ) -> Result<T, Denied> {
        namespace.join().doing("join", c"the mount namespace")?;
        let end = act();
        self.come_back()?;
        end
    }

    /// Back from wherever this process is. Tried twice: what was begun on the host cannot be taken back from
    /// elsewhere.
    pub(super) fn come_back(&self) -> Result<(), Denied> {
        let again = |_| self.namespace.join();
        self.namespace.join().or_else(again).doing("join", c"the host's mount namespace")
    }
}

/// Whether this process is where PID 1 is: in its mount namespace, and in its user namespace, which owns what it makes.
pub(super) fn is_on_host() -> Result<bool, Denied> {
    let own = processes::namespace(c"/proc/self/ns/mnt").doing("look at", c"/proc/self/ns/mnt")?;
    let first = processes::namespace(c"/proc/1/ns/mnt").doing("look at", c"/proc/1/ns/mnt")?;
    let user = Realm::of_caller().doing("look at", c"/proc/self/ns/user")?;
    Ok(own == first && user.is(&Realm::of_init().doing("look at", c"/proc/1/ns/user")?))
}

/// The directory around the pin's. Refuses one that others than root can change, or change the way to.
pub(super) fn parent(task: &Task) -> anyhow::Result<OwnedFd> {
    place::parent(&task.pin)
        .map_err(|denied| task.denied(&denied))?
        .map_err(|above| task.unfit(&format!("{}, above it, is not root's alone", Shown(above.to_bytes()))))
}

/// Refuses a directory that something else than a pin is in, or that others than root can change.
pub(super) fn fit(task: &Task, host: &Host) -> anyhow::Result<()> {
    let denied = |denied: Denied| task.denied(&denied);
    task.check_cover(&host.mounts)?;
    match judged::topmost(&task.pin, &host.mounts) {
        Top::Cover | Top::Alien => Ok(()),
        Top::Nothing | Top::Pin => match place::look(&task.pin).map_err(denied)? {
            Found::Unfit(why) => Err(task.unfit(why)),
            Found::Missing | Found::Directory(_) => Ok(()),
        },
    }
}

impl Task {
    /// Refuses a directory that something else than a pin is mounted on.
    pub(super) fn check_cover(&self, mounts: &[Mount]) -> anyhow::Result<()> {
        match judged::topmost(&self.pin, mounts) {
            Top::Nothing | Top::Pin => Ok(()),
            Top::Alien => Err(self.unfit("it is the mount point of something else")),
            Top::Cover => match place::stranger(&self.pin).map_err(|denied| self.denied(&denied))? {
                Some(name) => Err(self.unfit(&format!("in the tmpfs on it is {} as well", Shown(&name)))),
                None => Ok(()),
            },
        }
    }
}

/// Whether both files are as they should be.
pub(super) fn files(pin: &Pin) -> bool {
    place::has_files(pin)
}

/// The namespace at the bind point, if there is one.
pub(super) fn opened(pin: &Pin) -> Result<Option<MountNamespace>, Denied> {
    match namespace::open(&pin.point(), Link::Refuse) {
        PinState::Live(namespace) => Ok(Some(namespace)),
        PinState::Absent(_) | PinState::Vacant | PinState::Foreign(_) => Ok(None),
        PinState::Unknown(error) => Err(error).doing("open", &pin.point()),
    }
}

/// What is at the bind point.
pub(super) fn pinned(pin: &Pin, host: &Host, root: &Mount) -> Result<Pinned<Trusted>, Denied> {
    match namespace::open(&pin.point(), Link::Refuse) {
        PinState::Absent(_) | PinState::Vacant => Ok(Pinned::Nothing(None)),
        PinState::Foreign(what) => Ok(Pinned::Nothing(Some(what))),
        PinState::Unknown(error) => Err(error).doing("open", &pin.point()),
        PinState::Live(namespace) => {
            match host.realm.ask(namespace).doing("ask for the owner of", &pin.point())? {
                Owner::Foreign(_) => {
                    Ok(Pinned::Nothing(Some("a mount namespace that another user namespace owns")))
                }
                Owner::Ours(namespace) => {
                    let inside = visit(host, root, &namespace)?.1;
                    Ok(Pinned::Namespace(namespace, inside))
                }
            }
        }
    }
}

/// A namespace's mounts, and what it is like, seen from within.
pub(super) fn visit(host: &Host, root: &Mount, namespace: &Trusted) -> Result<(Vec<Mount>, Inside), Denied> {
    host.within(namespace, || {
        let mounts = host.again()?;
        let own = host.proc.root(&mounts).doing("find the mount of", c"/")?;
        let inside = own.map_or(Inside::Foreign("it has no root"), |own| plan::judge_inside(root, &own));
        Ok((mounts, inside))
    })
}

/// What was found of a process's task that has not ended.
pub(super) fn unless_ended<T>(pid: i32, task: i32, found: io::Result<T>) -> Result<Option<T>, Denied> {
    processes::unless_ended(pid, task, found).doing("look at a process in", c"/proc")
}
