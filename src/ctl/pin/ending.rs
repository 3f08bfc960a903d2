//! The machine goes down: what only the namespace has mounted is unmounted while its storage is still there. systemd
//! does that for the host's mounts and knows none of these.

use super::look::{self, Host};
use super::say::Task;
use crate::log::info;
use crate::model::mounts::compare;
use crate::model::mounts::ending;
use crate::model::namespace::Identified;
use crate::model::pin::plan::{Inside, Pinned};
use crate::model::text::reason;
use crate::sys::denied::Denied;
use crate::sys::ending::{self as doing, Ended};
use crate::sys::systemd;

/// Ends the mounts of the pinned namespace, if the machine goes down. In a machine that stays up, or of which nobody
/// knows, all of them stay.
pub(super) fn end(task: &Task, host: &Host) -> Ended {
    if !systemd::is_running() {
        return Ended::default();
    }
    match systemd::is_going_down() {
        Ok(true) => {}
        Ok(false) => return Ended::default(),
        Err(error) => {
            let why = reason(&error);
            info!("Nothing is unmounted, as it is not known whether the machine goes down: {why}");
            return Ended::default();
        }
    }
    let ended = unmount(task, host).unwrap_or_else(|denied| {
        info!("Mounts of the namespace are left: cannot {denied}");
        Ended::default()
    });
    for failed in &ended.failed {
        info!("{failed}");
    }
    ended
}

fn unmount(task: &Task, host: &Host) -> Result<Ended, Denied> {
    let Some(root) = &host.root else {
        return Ok(Ended::default());
    };
    match look::pinned(&task.pin, host, root)? {
        Pinned::Namespace(namespace, Inside::Right) if namespace.id() != host.namespace.id() => {
            host.within(&namespace, || {
                let inside = host.again()?;
                let origins = compare::compare(&inside, &host.mounts, task.pin.point().to_bytes()).inside;
                Ok(doing::end(&ending::steps(&inside, &origins)))
            })
        }
        // Of another's, or where they reach the host, none is ours to end.
        Pinned::Namespace(..) | Pinned::Nothing(_) => Ok(Ended::default()),
    }
}
