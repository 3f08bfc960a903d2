//! On which CPU this process runs. Linux 6.18 numbers mount namespaces from batches of the CPUs, so that a new
//! one may get a lower number than an old one; and nobody may bind one of a lower number than his own (EINVAL).
//! The host's own namespace has the lowest of all, but a host that is itself a container has none such.
//! `tests/pin.rs` notices when it is healed: `pins_on_whatever_cpu`.

use nix::errno::Errno;
use nix::sched::{self, CpuSet};
use nix::unistd::Pid;

/// The CPUs that this process may run on; put back when this is dropped.
pub struct Affinity(CpuSet);

impl Affinity {
    /// Remembers them.
    pub fn remember() -> Result<Self, Errno> {
        Ok(Affinity(sched::sched_getaffinity(Pid::from_raw(0))?))
    }

    /// Each of them by its number.
    pub fn cpus(&self) -> impl Iterator<Item = usize> {
        (0..CpuSet::count()).filter(|&cpu| self.0.is_set(cpu).unwrap_or(false))
    }
}

/// Runs on this CPU from now on.
pub fn run_on(cpu: usize) -> Result<(), Errno> {
    let mut one = CpuSet::new();
    one.set(cpu)?;
    sched::sched_setaffinity(Pid::from_raw(0), &one)
}

/// The kernel's answer to a bind, on whatever CPU the namespace was made.
pub fn no_cpu() -> Errno {
    Errno::EINVAL
}

impl Drop for Affinity {
    fn drop(&mut self) {
        // The set was this process's own, so the kernel takes it; and the process is about to end.
        let _ = sched::sched_setaffinity(Pid::from_raw(0), &self.0);
    }
}
