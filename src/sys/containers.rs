//! The mounts of containers, as each of them sees its own.

use std::collections::HashSet;

use super::mounts;
use crate::model::mounts::owner;
use crate::model::mounts::table::Mount;
use crate::model::node::facts::Node;

/// The tables of the containers of a node, one of each namespace. Who has ended meanwhile has none.
pub fn tables(node: &Node) -> Vec<Vec<Mount>> {
    let mut known: HashSet<_> =
        [node.host, node.pinned()].into_iter().flatten().map(|id| (id.dev, id.ino)).collect();
    let mut tables = Vec::new();
    for process in node.processes() {
        if process.namespace.is_some_and(|id| known.insert((id.dev, id.ino))) {
            let table = mounts::of(process.pid).ok();
            tables.extend(table.filter(|table| owner::is_of_a_container(table)));
        }
    }
    tables
}
