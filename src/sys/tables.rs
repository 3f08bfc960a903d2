//! Mount tables: of a process, and of a namespace in which nobody may live.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::fcntl::{self, OFlag};
use nix::sys::stat::Mode;
use nix::unistd;

use super::mounts::{self, Proc};
use super::namespace::{self, MountNamespace};
use super::raw::{listing, nsfs};
use crate::log::debug;
use crate::model::mounts::table::{Device, Mount};
use crate::model::text::reason;

/// How many mounts the namespace has, as the kernel counts them; `None` before Linux 6.12. Needs no privilege.
/// Where the machine started from an initial RAM disk, it is one more than any table shows: the kernel's first root.
pub fn count(namespace: &MountNamespace) -> Option<usize> {
    let count = nsfs::mount_count(namespace.as_fd()).ok()?;
    usize::try_from(count).ok()
}

/// How to read the table of the namespace that this process is in, or what is wanted of it.
pub type Reader<'a, T = Vec<Mount>> = &'a dyn Fn(&Proc) -> io::Result<T>;

/// As the kernel lists it, without options and sources, and without the names of mounts whose device is not one of
/// those that are `named`; the whole table where it does not list it.
///
/// # Errors
/// There is no `/proc`.
pub fn outline(proc: &Proc, named: impl Fn(Device) -> bool) -> io::Result<Vec<Mount>> {
    listing::mounts(named).or_else(|errno| {
        debug!("The kernel does not list mounts, so their table is read: {}", reason(&errno.into()));
        proc.mounts()
    })
}

/// The table of this process's own namespace.
///
/// # Errors
/// There is no `/proc`.
pub fn of_caller<T>(read: Reader<'_, T>) -> io::Result<T> {
    read(&mounts::proc()?)
}

/// A visit that did not end well: this process is left in a namespace that is not its own.
#[derive(Debug)]
pub struct Stranded(pub io::Error);

/// The table of a namespace, whether or not anybody lives in it. This process goes there, reads, and comes back to
/// its own namespace, root and working directory.
///
/// # Errors
/// The inner one: EPERM, needs `CAP_SYS_ADMIN` and `CAP_SYS_CHROOT`, or a seccomp filter forbids setns(2).
pub fn of_namespace<T>(namespace: &MountNamespace, read: Reader<'_, T>) -> Result<io::Result<T>, Stranded> {
    // Inside there may be no /proc.
    let ready = mounts::proc().and_then(|proc| Ok((proc, WayBack::new()?)));
    let (proc, way_back) = match ready {
        Ok(ready) => ready,
        Err(error) => return Ok(Err(error)),
    };
    if let Err(error) = namespace.join() {
        return Ok(Err(error));
    }
    let table = read(&proc);
    way_back.go().map_err(Stranded)?;
    Ok(table)
}

/// Where this process is, to go back to.
struct WayBack {
    namespace: MountNamespace,
    root: OwnedFd,
    directory: OwnedFd,
}

impl WayBack {
    fn new() -> io::Result<Self> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let namespace = namespace::own()?;
        let root = fcntl::open(c"/", flags, Mode::empty())?;
        let directory = fcntl::open(c".", flags, Mode::empty())?;
        Ok(WayBack { namespace, root, directory })
    }

    fn go(&self) -> io::Result<()> {
        self.namespace.join()?;
        // setns(2) went to the namespace's root, which need not be this process's.
        unistd::fchdir(&self.root)?;
        unistd::chroot(c".")?;
        Ok(unistd::fchdir(&self.directory)?)
    }
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use super::*;

    /// What an outline does not have is left out, and a file system's subtype.
    fn reduced(mounts: Vec<Mount>) -> Vec<Mount> {
        let reduce = |mut mount: Mount| {
            mount.kind = mount.kind.split(|&byte| byte == b'.').next().unwrap_or_default().to_vec();
            Mount { options: vec![], super_options: vec![], source: vec![], ..mount }
        };
        mounts.into_iter().map(reduce).collect()
    }

    #[test]
    fn the_kernels_list_is_what_mountinfo_says() {
        let listed = match listing::mounts(|_| true) {
            Err(Errno::ENOSYS) => return, // before Linux 6.8
            listed => listed.unwrap(),
        };
        assert_eq!(reduced(listed), reduced(of_caller(&Proc::mounts).unwrap()));
    }
}
