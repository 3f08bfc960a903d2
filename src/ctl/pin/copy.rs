//! Makes the namespace: a copy of the host's, cut off in one direction, in which those are peers that are peers on the
//! host. Nobody enters it before it is complete.

use std::collections::HashSet;
use std::io::ErrorKind;

use super::look::Host;
use crate::log::info;
use crate::model::mounts::peers::{self, Family};
use crate::model::mounts::table::Mount;
use crate::model::pin::{Pin, SHARED_ON_HOST};
use crate::sys::affinity::{self, Affinity};
use crate::sys::denied::{Denied, Doing};
use crate::sys::mount::{self, Api};
use crate::sys::namespace::{self, MountNamespace};
use crate::sys::peers::{self as joining, Refused};
use crate::sys::trust::{Owner, Trusted};

/// How often a copy is made again because the host's mounts changed meanwhile, or a group refused.
const TRIES: u32 = 16;

/// A copy of the host's namespace that can be pinned.
pub(super) fn make(api: Api, pin: &Pin, host: &Host) -> Result<Trusted, Denied> {
    let namespace = on_some_cpu(api, pin, host)?;
    match host.realm.ask(namespace).doing("ask for the owner of", c"the new mount namespace")? {
        Owner::Ours(namespace) => Ok(namespace),
        // This process is in PID 1's user namespace.
        Owner::Foreign(_) => Err(ErrorKind::PermissionDenied).doing("own", c"the new mount namespace"),
    }
}

/// On another CPU where this one gives no number for that.
fn on_some_cpu(api: Api, pin: &Pin, host: &Host) -> Result<MountNamespace, Denied> {
    if let Some(namespace) = attempt(api, pin, host)? {
        return Ok(namespace);
    }
    let affinity = Affinity::remember().doing("read", c"the CPU affinity")?;
    for cpu in affinity.cpus() {
        affinity::run_on(cpu).doing("change", c"the CPU affinity")?;
        if let Some(namespace) = attempt(api, pin, host)? {
            return Ok(namespace);
        }
    }
    Err(affinity::no_cpu()).doing("find a CPU for", c"the mount namespace")
}

/// `None`: its number is too low.
fn attempt(api: Api, pin: &Pin, host: &Host) -> Result<Option<MountNamespace>, Denied> {
    let can_be_joined = api == Api::Descriptors && joining::can_be_joined();
    let mut but = HashSet::new();
    for left in (0..TRIES).rev() {
        namespace::leave().doing("copy", c"the host's mount namespace")?;
        let end = namespace::own().doing("open", c"/proc/self/ns/mnt").and_then(|namespace| {
            if namespace.number() < host.namespace.number() {
                return Ok(Some(None));
            }
            let whole = cut_off(api, host, can_be_joined.then_some(&mut but), left == 0)?;
            if whole {
                api.mount_on_itself(&pin.point())?;
            }
            Ok(whole.then_some(Some(namespace)))
        });
        host.come_back()?;
        if let Some(end) = end? {
            return Ok(end);
        }
    }
    Ok(None)
}

/// Cuts this process's namespace off. `false`: it is to be made again, without the groups of `but`.
fn cut_off(api: Api, host: &Host, but: Option<&mut HashSet<u32>>, last: bool) -> Result<bool, Denied> {
    let table = host.again()?;
    api.enslave()?;
    let can_be_joined = but.is_some();
    let families = but.as_ref().filter(|_| !last).map(|but| peers::families(&table, but)).unwrap_or_default();
    uncover(&table, &families)?;
    if let Err(Refused { group, denied }) = joining::join(&families, &table) {
        info!("Mounts that are peers on the host will not be inside: cannot {denied}");
        but.map(|but| but.insert(group));
        return Ok(false);
    }
    api.share_all()?;
    if last && can_be_joined {
        info!("Mounts that are peers on the host will not be inside: the host's mounts change all the time");
    }
    // Who is put into a group misses what is mounted at that moment.
    Ok(families.is_empty() || numbers(&table) == numbers(&host.again()?))
}

/// What does not become a peer of the directory beneath it, and shows nothing else, would hide what comes there by that
/// one: it goes.
fn uncover(table: &[Mount], families: &[Family<'_>]) -> Result<(), Denied> {
    for name in SHARED_ON_HOST {
        let cover = peers::mounted_on_itself(table, name.to_bytes());
        if cover.is_some_and(|cover| families.iter().all(|family| Some(family.group) != cover.shared)) {
            mount::detach(name)?;
        }
    }
    Ok(())
}

fn numbers(table: &[Mount]) -> HashSet<u32> {
    table.iter().map(|mount| mount.id).collect()
}
