//! Puts peer groups together again, in a copy of the host's namespace that is a slave of it, not shared yet, and that
//! nobody else is in.

use std::collections::{HashMap, HashSet};
use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{self, OFlag};
use nix::sys::stat::{self, Mode};

use super::denied::{Denied, Doing};
use super::mount::{directory, magic_link, path, propagate};
use super::raw::mount::{self as raw, Setting};
use crate::model::mounts::paths::Tree;
use crate::model::mounts::peers::{Family, Kin};
use crate::model::mounts::table::Mount;

/// A family that could not be put together.
pub struct Refused {
    /// Its group on the host.
    pub group: u32,
    /// Why.
    pub denied: Denied,
}

/// Whether the kernel can do that at all.
pub fn can_be_joined() -> bool {
    raw::has_join_group()
}

/// Puts these families together, of the namespace's table. A mount that lies hidden under others is reached by moving
/// those aside meanwhile.
pub fn join(families: &[Family<'_>], table: &[Mount]) -> Result<(), Refused> {
    let mut aside = Aside { tree: Tree::new(table), lifted: Vec::new(), spare: None };
    for family in families {
        for mount in members(family) {
            aside.uncover(mount, table.len()).map_err(|denied| Refused { group: family.group, denied })?;
        }
    }
    // Nothing can be moved back to a mount that is shared by then: its peers would get a copy.
    let places: HashSet<u32> = aside.lifted.iter().map(|lifted| lifted.mount.parent).collect();
    let mut later = Vec::new();
    for family in families {
        let refused = |denied| Refused { group: family.group, denied };
        if members(family).any(|mount| places.contains(&mount.id)) {
            let mut held = HashMap::new();
            for mount in members(family).filter(|mount| aside.tree.over(mount).next().is_some()) {
                held.insert(mount.id, aside.reach(mount).map_err(refused)?);
            }
            later.push((family, held));
        } else {
            unite(family, |mount| aside.reach(mount)).map_err(refused)?;
        }
    }
    let group = families.first().map_or(0, |family| family.group);
    aside.put_back().map_err(|denied| Refused { group, denied })?;
    for (family, mut held) in later {
        unite(family, |mount| held.remove(&mount.id).map_or_else(|| path(&target(mount)), Ok))
            .map_err(|denied| Refused { group: family.group, denied })?;
    }
    Ok(())
}

fn members<'a>(family: &Family<'a>) -> impl Iterator<Item = &'a Mount> {
    std::iter::once(family.head).chain(family.others.iter().map(|(mount, _)| *mount))
}

fn unite(
    family: &Family<'_>,
    mut reach: impl FnMut(&Mount) -> Result<OwnedFd, Denied>,
) -> Result<(), Denied> {
    let head = reach(family.head)?;
    propagate(&head, libc::MS_SHARED, false).doing("make shared", &target(family.head))?;
    for (mount, kin) in &family.others {
        let (fd, name) = (reach(mount)?, target(mount));
        propagate(&fd, libc::MS_PRIVATE, false).doing("make private", &name)?;
        raw::join_group(head.as_fd(), fd.as_fd()).doing("join the peers of", &name)?;
        if *kin == Kin::Slave {
            propagate(&fd, libc::MS_SLAVE, false).doing("make a slave of", &name)?;
        }
    }
    Ok(())
}

/// What was moved out of the way.
struct Aside<'a> {
    tree: Tree<'a>,
    lifted: Vec<Lifted<'a>>,
    /// A tmpfs on top of the root, where no path leads.
    spare: Option<OwnedFd>,
}

struct Lifted<'a> {
    mount: &'a Mount,
    fd: OwnedFd,
    place: OwnedFd,
}

impl<'a> Aside<'a> {
    /// Moves away whatever hides this mount. `depth`: more than can lie over one another.
    fn uncover(&mut self, mount: &'a Mount, depth: usize) -> Result<(), Denied> {
        let over: Vec<_> = self.tree.over(mount).collect();
        for over in over {
            if self.is_lifted(over) {
                continue;
            }
            let depth = depth.checked_sub(1).ok_or(Errno::ELOOP).doing("uncover", &target(mount))?;
            self.uncover(over, depth)?;
            self.lift(over)?;
        }
        Ok(())
    }

    fn is_lifted(&self, mount: &Mount) -> bool {
        self.lifted.iter().any(|lifted| lifted.mount.id == mount.id)
    }

    /// The mount, now that nothing hides it.
    fn reach(&self, mount: &'a Mount) -> Result<OwnedFd, Denied> {
        let name = target(mount);
        for above in self.tree.line(mount) {
            let Some(lifted) = self.lifted.iter().find(|lifted| lifted.mount.id == above.id) else {
                continue;
            };
            let below = mount.target.strip_prefix(above.target.as_slice()).unwrap_or_default();
            let below = below.strip_prefix(b"/").unwrap_or(below);
            if below.is_empty() {
                return lifted.fd.try_clone().doing("hold", &name);
            }
            let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            return fcntl::openat(&lifted.fd, below, flags, Mode::empty()).doing("open", &name);
        }
        path(&name)
    }

    fn lift(&mut self, mount: &'a Mount) -> Result<(), Denied> {
        let (fd, name) = (self.reach(mount)?, target(mount));
        let number = self.lifted.len().to_string();
        let kind = stat::fstat(&fd).doing("look at", &name)?.st_mode & libc::S_IFMT;
        let spare = self.spare()?;
        if kind == libc::S_IFDIR {
            stat::mkdirat(spare, number.as_str(), Mode::S_IRWXU).doing("make a place for", &name)?;
        } else {
            let flags = OFlag::O_CREAT | OFlag::O_WRONLY | OFlag::O_CLOEXEC;
            fcntl::openat(spare, number.as_str(), flags, Mode::S_IRUSR).doing("make a place for", &name)?;
        }
        let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
        let there =
            fcntl::openat(spare, number.as_str(), flags, Mode::empty()).doing("open a place for", &name)?;
        raw::attach(fd.as_fd(), there.as_fd()).doing("move away", &name)?;
        // What is at the mount's path now is where it was.
        let parent = self.tree.line(mount).nth(1).unwrap_or(mount);
        let place = self.reach_in(parent, mount)?;
        self.lifted.push(Lifted { mount, fd, place });
        Ok(())
    }

    /// Where in `parent` a mount was.
    fn reach_in(&self, parent: &'a Mount, mount: &'a Mount) -> Result<OwnedFd, Denied> {
        let name = target(mount);
        let below = mount.target.strip_prefix(parent.target.as_slice()).unwrap_or_default();
        let below = below.strip_prefix(b"/").unwrap_or(below);
        let parent = self.reach(parent)?;
        if below.is_empty() {
            return Ok(parent);
        }
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        fcntl::openat(&parent, below, flags, Mode::empty()).doing("open", &name)
    }

    fn spare(&mut self) -> Result<&OwnedFd, Denied> {
        let spare = if let Some(spare) = self.spare.take() {
            spare
        } else {
            let context = raw::fsopen(c"tmpfs").doing("open", c"tmpfs")?;
            raw::fsconfig(context.as_fd(), Setting::Create).doing("configure", c"tmpfs")?;
            let spare = raw::fsmount(context.as_fd()).doing("make a mount of", c"tmpfs")?;
            raw::attach(spare.as_fd(), directory(c"/")?.as_fd()).doing("attach a tmpfs to", c"/")?;
            spare
        };
        Ok(self.spare.insert(spare))
    }

    /// All of it, the last one first.
    fn put_back(&mut self) -> Result<(), Denied> {
        while let Some(Lifted { mount, fd, place }) = self.lifted.pop() {
            raw::attach(fd.as_fd(), place.as_fd()).doing("move back", &target(mount))?;
        }
        match self.spare.take() {
            Some(spare) => super::mount::detach_descriptor(&spare).doing("unmount", &magic_link(&spare)),
            None => Ok(()),
        }
    }
}

/// Where a mount is, as the table says: the kernel's names hold no NUL.
fn target(mount: &Mount) -> CString {
    CString::new(mount.target.clone()).unwrap_or_default()
}
