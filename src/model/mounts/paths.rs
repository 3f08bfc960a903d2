//! Which mounts of a table paths lead to, and which lie hidden under others.

use std::collections::{HashMap, HashSet};

use crate::model::mounts::table::Mount;

/// Whether `path` is `directory` or lies below it.
pub fn is_below(path: &[u8], directory: &[u8]) -> bool {
    match path.strip_prefix(directory) {
        Some(rest) => rest.is_empty() || rest[0] == b'/' || directory.ends_with(b"/"),
        None => false,
    }
}

/// The mount that a path leads to at `target`: of several there, the topmost.
pub fn top<'a>(table: &'a [Mount], target: &[u8]) -> Option<&'a Mount> {
    let here: Vec<_> = table.iter().filter(|mount| mount.target == target).collect();
    here.iter()
        .rev()
        .find(|mount| !here.iter().any(|other| other.parent == mount.id && other.id != mount.id))
        .copied()
}

/// The path of a mount in the file system of its parent.
pub fn place(mount: &Mount, parent: &Mount) -> Vec<u8> {
    let below = mount.target.strip_prefix(parent.target.as_slice()).unwrap_or(&mount.target);
    let mut place = Vec::new();
    for word in [&parent.root, below].iter().flat_map(|path| path.split(|&byte| byte == b'/')) {
        if !word.is_empty() {
            place.extend([b"/", word].concat());
        }
    }
    place
}

/// The mounts of a table, by number and by place.
pub struct Tree<'a> {
    index: HashMap<u32, &'a Mount>,
    places: HashMap<(u32, &'a [u8]), &'a Mount>,
}

impl<'a> Tree<'a> {
    /// Of this table.
    pub fn new(table: &'a [Mount]) -> Self {
        let standing = table.iter().filter(|mount| mount.parent != mount.id);
        let place = |mount: &'a Mount| ((mount.parent, mount.target.as_slice()), mount);
        Tree {
            index: table.iter().map(|mount| (mount.id, mount)).collect(),
            places: standing.map(place).collect(),
        }
    }

    /// A mount, the one that it is mounted on, and so on.
    pub fn line(&self, mount: &'a Mount) -> impl Iterator<Item = &'a Mount> + use<'a, '_> {
        // No table has more generations than mounts.
        std::iter::successors(Some(mount), |mount| self.parent(mount)).take(self.index.len())
    }

    /// What hides it: mounts on itself, or over a directory on the way to it.
    pub fn over(&self, mount: &'a Mount) -> impl Iterator<Item = &'a Mount> + use<'a, '_> {
        let itself = self.places.get(&(mount.id, mount.target.as_slice())).copied();
        let over = move |mount: &'a Mount| {
            let parent = self.parent(mount).into_iter();
            parent.flat_map(move |parent| {
                let between =
                    ancestors(&mount.target).take_while(|directory| directory.len() >= parent.target.len());
                between.filter_map(|directory| self.places.get(&(parent.id, directory)).copied())
            })
        };
        itself.into_iter().chain(self.line(mount).flat_map(over))
    }

    fn parent(&self, mount: &Mount) -> Option<&'a Mount> {
        self.index.get(&mount.parent).filter(|parent| parent.id != mount.id).copied()
    }
}

/// The numbers of the mounts that no path leads to any more: something was mounted over them, or over a
/// directory on the way to them.
pub fn shadowed(table: &[Mount]) -> HashSet<u32> {
    let tree = Tree::new(table);
    table.iter().filter(|mount| tree.over(mount).next().is_some()).map(|mount| mount.id).collect()
}

/// The directories above a path, the nearest first, `/` last.
pub fn ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = path;
    std::iter::from_fn(move || {
        if rest.len() <= 1 {
            return None;
        }
        let slash = rest.iter().rposition(|&byte| byte == b'/')?;
        rest = &rest[..slash.max(1)];
        Some(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(id: u32, parent: u32, target: &str) -> Mount {
        Mount { id, parent, target: target.as_bytes().to_vec(), ..Mount::default() }
    }

    fn lost(table: &[Mount]) -> Vec<u32> {
        let mut lost: Vec<_> = shadowed(table).into_iter().collect();
        lost.sort_unstable();
        lost
    }

    #[test]
    fn a_mount_is_shadowed_by_what_is_mounted_on_it_or_above_it() {
        let tree = [at(1, 0, "/"), at(2, 1, "/a"), at(3, 2, "/a/b"), at(4, 1, "/ab")];
        assert_eq!(lost(&tree), [0; 0]);
        let on_top = [&tree[..], &[at(5, 2, "/a")]].concat();
        assert_eq!(lost(&on_top), [2, 3]);
        let above = [at(1, 0, "/"), at(2, 1, "/a/b/c"), at(3, 2, "/a/b/c/d"), at(4, 1, "/a")];
        assert_eq!(lost(&above), [2, 3]);
        let stacked = [at(1, 0, "/"), at(2, 1, "/a"), at(3, 2, "/a"), at(4, 3, "/a"), at(5, 4, "/a/x")];
        assert_eq!(lost(&stacked), [2, 3]);
    }

    #[test]
    fn the_topmost_mount_is_what_a_path_leads_to() {
        let table = [at(1, 0, "/"), at(2, 1, "/a"), at(9, 2, "/a"), at(7, 9, "/a")];
        assert_eq!(top(&table, b"/a").map(|mount| mount.id), Some(7));
        assert_eq!(top(&table, b"/b"), None);
    }

    #[test]
    fn a_root_that_is_its_own_parent_ends_every_search() {
        assert_eq!(lost(&[at(1, 1, "/"), at(2, 3, "/a"), at(3, 2, "/a/b")]), [0; 0]);
    }

    #[test]
    fn below_is_by_whole_names() {
        assert!(is_below(b"/a/b", b"/a") && is_below(b"/a", b"/a") && is_below(b"/a", b"/"));
        assert!(!is_below(b"/ab", b"/a") && !is_below(b"/", b"/a"));
    }
}
