//! Makes what is missing, in the order in which nothing incomplete can be entered: the place, then the namespace
//! with its propagation, then the pin, which is the one step that others see. And the way back.

use super::copy;
use super::look::Host;
use super::say::Task;
use crate::model::namespace::{Identified, NamespaceId};
use crate::model::pin::place::{self as judged, Place, Top};
use crate::model::pin::plan::Choice;
use crate::model::pin::{Pin, SHARED_ON_HOST};
use crate::sys::denied::Denied;
use crate::sys::mount::{self, Api};
use crate::sys::place::{self, Found};
use crate::sys::trust::Trusted;

/// Pins what was chosen, in a place that is right; says which namespace that is.
pub(super) fn build(
    task: &Task,
    host: &Host,
    place: Place,
    choice: Choice<Trusted>,
) -> anyhow::Result<NamespaceId> {
    let api = Api::of_kernel();
    let pin = &task.pin;
    let denied = |denied: Denied| task.denied(&denied);
    match &choice {
        // In a namespace that is there already, the new mount would hide what is mounted there.
        Choice::Make(_) => share(api, host).map_err(denied)?,
        Choice::Mend(namespace, _) => {
            host.within(namespace, || api.enslave().and_then(|()| api.share_all())).map_err(denied)?;
        }
        Choice::Keep(_) | Choice::Find(_) => {}
    }
    let mut begun = Begun { pin, directory: false, cover: false };
    match place {
        Place::Right => {
            while host.is_mounted(&pin.point()).map_err(denied)? {
                mount::detach(&pin.point()).map_err(denied)?;
            }
        }
        Place::Bare | Place::Wrong(_) => {
            sweep(task, host)?;
            begun.cover(api, task)?;
        }
    }
    let namespace = ready(api, pin, host, choice).map_err(denied)?;
    api.pin(&namespace, &pin.point()).map_err(denied)?;
    begun.complete();
    Ok(namespace.id())
}

/// Makes those directories of the host shared mounts that have to be before a namespace is copied.
fn share(api: Api, host: &Host) -> Result<(), Denied> {
    for name in SHARED_ON_HOST {
        let mounted = host.mounts.iter().rfind(|mount| mount.target == name.to_bytes());
        if mounted.is_none_or(|mount| mount.shared.is_none()) {
            api.share(name, || host.is_mounted(name))?;
        }
    }
    Ok(())
}

/// The namespace as it has to be before it is pinned.
fn ready(api: Api, pin: &Pin, host: &Host, choice: Choice<Trusted>) -> Result<Trusted, Denied> {
    match choice {
        Choice::Make(_) => copy::make(api, pin, host),
        Choice::Keep(namespace) | Choice::Find(namespace) | Choice::Mend(namespace, _) => {
            host.within(&namespace, || {
                // The tmpfs that is on the directory may be another one than before, there as well.
                let marks = judged::marks(pin, &host.again()?);
                if marks.contains(&place::device(pin)?) { Ok(()) } else { api.mount_on_itself(&pin.point()) }
            })?;
            Ok(namespace)
        }
    }
}

/// Unmounts whatever is on the directory and on the bind point; says whether there was something.
fn sweep(task: &Task, host: &Host) -> anyhow::Result<bool> {
    let denied = |denied: Denied| task.denied(&denied);
    let mut swept = false;
    loop {
        let mounts = host.again().map_err(denied)?;
        task.check_cover(&mounts)?;
        let path = match judged::topmost(&task.pin, &mounts) {
            Top::Cover => task.pin.dir().to_owned(),
            Top::Pin => task.pin.point(),
            Top::Nothing | Top::Alien => return Ok(swept),
        };
        mount::detach(&path).map_err(denied)?;
        swept = true;
    }
}

/// Removes the pin and its place; says whether there was something to remove. The directory stays unless
/// `wholly`: without it, the mount on it that members still have, and by which they can be found, would go too.
pub(super) fn remove(task: &Task, host: &Host, wholly: bool) -> anyhow::Result<bool> {
    let denied = |denied: Denied| task.denied(&denied);
    let swept = sweep(task, host)?;
    if !wholly {
        return Ok(swept);
    }
    match place::look(&task.pin).map_err(denied)? {
        // Unfit: it is not ours, and no pin is in it any more.
        Found::Missing | Found::Unfit(_) => Ok(swept),
        Found::Directory(directory) => {
            let cleared = place::clear(&task.pin, &directory).map_err(denied)?;
            Ok(swept || cleared)
        }
    }
}

/// What was made so far and is taken back unless all of it gets made.
struct Begun<'a> {
    pin: &'a Pin,
    directory: bool,
    cover: bool,
}

impl Begun<'_> {
    /// Covers the directory, which is bare, with the pin's own tmpfs.
    fn cover(&mut self, api: Api, task: &Task) -> anyhow::Result<()> {
        let denied = |denied: Denied| task.denied(&denied);
        let mut found = place::look(self.pin).map_err(denied)?;
        if let Found::Missing = found {
            place::make(self.pin).map_err(denied)?;
            self.directory = true;
            found = place::look(self.pin).map_err(denied)?;
        }
        let directory = match found {
            Found::Directory(directory) => directory,
            Found::Missing => return Err(task.unfit("somebody removes it")),
            Found::Unfit(why) => return Err(task.unfit(why)),
        };
        let label = directory.label();
        let cover = api.cover(self.pin, label.as_deref()).map_err(denied)?;
        self.cover = true;
        cover.attach(self.pin, label.as_deref()).map_err(denied)?;
        directory.guard(true);
        Ok(())
    }

    fn complete(mut self) {
        (self.directory, self.cover) = (false, false);
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        // Whatever fails here: the failure that led here is the one to report, and the next pin finds the rest.
        if self.cover {
            let _ = mount::detach(self.pin.dir());
            if let Ok(Found::Directory(directory)) = place::look(self.pin) {
                directory.guard(false);
            }
        }
        if self.directory {
            let _ = place::remove(self.pin);
        }
    }
}
