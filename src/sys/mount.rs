//! Mounts, unmounts, and sets propagation: by the mount API of Linux 5.2, and by mount(2) where it is missing.

use std::ffi::{CStr, CString, c_ulong};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{self, OFlag};
use nix::mount::{self, MntFlags, MsFlags};
use nix::sys::stat::Mode;

use super::denied::{Denied, Doing};
use super::lock;
use super::place;
use super::raw::mount::{self as raw, Setting};
use super::trust::Trusted;
use crate::log::debug;
use crate::model::pin::Pin;

/// mount(2) takes no path, source, kind or data where it only changes a mount.
const NONE: Option<&CStr> = None;

/// The way in which this kernel is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// fsopen(2), move_mount(2) and their like: a mount is complete before anyone sees it.
    Descriptors,
    /// mount(2): a mount is made in its place, and then put right there.
    Paths,
}

/// A pin's tmpfs before it is in its place.
pub enum Cover {
    /// Complete, and attached nowhere.
    Detached(OwnedFd),
    /// To be made in its place.
    Later,
}

impl Api {
    /// The better one of those that the kernel has.
    pub fn of_kernel() -> Self {
        if raw::has_mount_api() {
            return Api::Descriptors;
        }
        debug!("This kernel's newer mount calls are missing or forbidden; using mount(2)");
        Api::Paths
    }

    /// Makes a pin's tmpfs, complete with its files and read-only as a file system, as far as that is possible
    /// before it is in its place.
    pub fn cover(self, pin: &Pin, label: Option<&[u8]>) -> Result<Cover, Denied> {
        match self {
            Api::Paths => Ok(Cover::Later),
            Api::Descriptors => {
                let context = raw::fsopen(c"tmpfs").doing("open", c"tmpfs")?;
                let set = |setting| raw::fsconfig(context.as_fd(), setting).doing("configure", c"tmpfs");
                set(Setting::Value(c"source", c"kubens"))?;
                set(Setting::Value(c"mode", c"755"))?;
                set(Setting::Value(c"size", c"64k"))?;
                set(Setting::Value(c"nr_inodes", c"16"))?;
                set(Setting::Create)?;
                let root = raw::fsmount(context.as_fd()).doing("make a mount of", c"tmpfs")?;
                place::fill(pin, &root, label)?;
                set(Setting::Flag(c"ro"))?;
                set(Setting::Reconfigure)?;
                Ok(Cover::Detached(root))
            }
        }
    }

    /// Cuts this process's namespace off from the one that it was copied from, in the one direction: mounts
    /// still arrive, and none go out.
    pub fn enslave(self) -> Result<(), Denied> {
        self.propagate_all(libc::MS_SLAVE).doing("make a recursive slave of", c"/")
    }

    /// Has whatever is copied from this process's namespace share with it.
    pub fn share_all(self) -> Result<(), Denied> {
        self.propagate_all(libc::MS_SHARED).doing("make recursively shared", c"/")
    }

    fn propagate_all(self, propagation: libc::c_ulong) -> Result<(), Errno> {
        match self {
            Api::Descriptors => {
                let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
                let root = fcntl::open(c"/", flags, Mode::empty())?;
                propagate(&root, propagation, true)
            }
            Api::Paths => change(c"/", MsFlags::MS_REC | MsFlags::from_bits_truncate(propagation)),
        }
    }

    /// Mounts a file on itself.
    pub fn mount_on_itself(self, file: &CStr) -> Result<(), Denied> {
        let there = path(file)?;
        self.bind(&there, &there, file, false)
    }

    /// Pins a namespace.
    pub fn pin(self, namespace: &Trusted, point: &CStr) -> Result<(), Denied> {
        self.bind(namespace, &path(point)?, point, false)
    }

    fn bind(self, from: impl AsFd, to: &OwnedFd, name: &CStr, recursive: bool) -> Result<(), Denied> {
        match self {
            Api::Descriptors => {
                let mount = raw::clone_mount(from.as_fd(), recursive).doing("clone a mount for", name)?;
                raw::attach(mount.as_fd(), to.as_fd()).doing("attach a mount to", name)
            }
            Api::Paths => {
                let depth = if recursive { MsFlags::MS_REC } else { MsFlags::empty() };
                let (from, to) = (magic_link(from), magic_link(to));
                mount::mount(Some(&*from), &*to, NONE, MsFlags::MS_BIND | depth, NONE)
                    .doing("mount something on", name)
            }
        }
    }

    /// Makes the directory a shared mount. `is_mounted` says whether it is a mount now. Locked as ip-netns(8)
    /// does it with its own directory.
    pub fn share(self, name: &CStr, is_mounted: impl FnOnce() -> Result<bool, Denied>) -> Result<(), Denied> {
        match place::make_directory(name) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno).doing("make the directory", name),
        }
        let locked = File::from(directory(name)?);
        lock::honour(&locked, name)?;
        if !is_mounted()? {
            let there = path(name)?;
            self.bind(&there, &there, name, true)?;
        }
        match self {
            Api::Descriptors => propagate(&path(name)?, libc::MS_SHARED, true),
            Api::Paths => change(name, MsFlags::MS_REC | MsFlags::MS_SHARED),
        }
        .doing("make shared", name)
    }
}

impl Cover {
    /// Puts the tmpfs in its place, private: in a mount that is shared with others nothing can be pinned.
    pub fn attach(self, pin: &Pin, label: Option<&[u8]>) -> Result<(), Denied> {
        match self {
            Cover::Detached(root) => {
                let place = path(pin.dir())?;
                raw::attach(root.as_fd(), place.as_fd()).doing("attach a tmpfs to", pin.dir())?;
                // Only now: under a shared mount the attached one became shared as well.
                propagate(&root, libc::MS_PRIVATE, false).doing("make private", pin.dir())
            }
            Cover::Later => {
                let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
                let data = Some(c"mode=755,size=64k,nr_inodes=16");
                mount::mount(Some(c"kubens"), pin.dir(), Some(c"tmpfs"), flags, data)
                    .doing("mount a tmpfs on", pin.dir())?;
                change(pin.dir(), MsFlags::MS_PRIVATE).doing("make private", pin.dir())?;
                let root = directory(pin.dir())?;
                place::fill(pin, &root, label)?;
                change(pin.dir(), MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | flags)
                    .doing("make read-only", pin.dir())
            }
        }
    }
}

/// Takes away what is mounted topmost at `path`, with all below it, whoever still uses it.
pub fn detach(path: &CStr) -> Result<(), Denied> {
    mount::umount2(path, MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW).doing("unmount", path)
}

/// Takes away the mount whose root the descriptor is, wherever it is, with all below it.
pub(super) fn detach_descriptor(root: &OwnedFd) -> Result<(), Errno> {
    mount::umount2(&*magic_link(root), MntFlags::MNT_DETACH)
}

/// Sets the propagation of the mount behind `fd`, and with `recursive` of all below it. By mount(2) where the youngest
/// of the calls, mount_setattr(2), is missing, or unknown to a seccomp filter as those of systemd before 249 are.
pub(super) fn propagate(fd: &OwnedFd, propagation: c_ulong, recursive: bool) -> Result<(), Errno> {
    let depth = if recursive { MsFlags::MS_REC } else { MsFlags::empty() };
    raw::propagate(fd.as_fd(), propagation, recursive)
        .or_else(|_| change(&magic_link(fd), depth | MsFlags::from_bits_truncate(propagation)))
}

fn change(path: &CStr, flags: MsFlags) -> Result<(), Errno> {
    mount::mount(NONE, path, NONE, flags, NONE)
}

/// What is at the path now, whatever is mounted there later.
pub(super) fn path(path: &CStr) -> Result<OwnedFd, Denied> {
    let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    fcntl::open(path, flags, Mode::empty()).doing("open", path)
}

pub(super) fn directory(path: &CStr) -> Result<OwnedFd, Denied> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    fcntl::open(path, flags, Mode::empty()).doing("open", path)
}

/// A descriptor's path, for a call that takes no descriptor.
pub(super) fn magic_link(fd: impl AsFd) -> CString {
    // Digits and slashes hold no NUL.
    CString::new(format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd())).unwrap_or_default()
}
