//! What this machine's service manager says of the units that a verdict may rest on.

use std::io;
use std::path::Path;

use super::systemd;
use crate::model::node::facts::Node;
use crate::model::node::manager::{PROPERTIES, Told, parse, patterns};

/// What systemd makes when it is the init, here or, for a caller in a sandbox or a container, at PID 1's root.
const BOOTED: [&str; 2] = ["/run/systemd/system", "/proc/1/root/run/systemd/system"];

/// Whether systemd is the machine's init (sd_booted(3)).
pub fn is_booted() -> bool {
    BOOTED.iter().any(|path| Path::new(path).is_dir())
}

/// What systemd says of kubens.service, of the units of Kubernetes, and of those in which something was seen; none,
/// where systemd is not this machine's.
///
/// # Errors
/// It cannot be asked.
pub fn units(node: &Node) -> io::Result<Vec<Told>> {
    if !is_booted() {
        return Ok(Vec::new());
    }
    let members = node.processes().iter().filter(|process| process.role.is_some());
    let seen = members.filter_map(|process| process.unit.clone()).filter(|unit| unit.ends_with(".service"));
    let mut names: Vec<_> = patterns().chain(seen).collect();
    names.sort_unstable();
    names.dedup();
    Ok(parse(&systemd::show(PROPERTIES, &names)?))
}
