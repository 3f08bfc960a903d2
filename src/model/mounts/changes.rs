//! What became of the mounts of a list between two looks at them.

use std::collections::HashMap;

use super::listing::Row;
use super::table::Mount;

/// What happened to a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is there now.
    Mount,
    /// It is gone.
    Umount,
    /// It has other options.
    Remount,
    /// It is somewhere else.
    Move,
}

impl Action {
    /// As `findmnt --poll` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Action::Mount => "mount",
            Action::Umount => "umount",
            Action::Remount => "remount",
            Action::Move => "move",
        }
    }
}

/// What changed: first what is gone, the last that was mounted first, and then what is there, in the order of its table.
/// What came and went between the looks was never seen.
pub fn changes<'a>(before: Vec<Row<'a>>, now: Vec<Row<'a>>) -> Vec<(Action, Row<'a>)> {
    let known = |rows: &[Row<'a>]| -> HashMap<u32, &'a Mount> {
        rows.iter().map(|row| (row.mount.id, row.mount)).collect()
    };
    let (old, new) = (known(&before), known(&now));
    let gone = |row: &Row<'_>| new.get(&row.mount.id).is_none_or(|mount| !is_same(mount, row.mount));
    let gone = before.into_iter().rev().filter(gone).map(|row| (Action::Umount, row));
    let there = now.into_iter().filter_map(|row| {
        let action = match old.get(&row.mount.id).filter(|mount| is_same(mount, row.mount)) {
            None => Action::Mount,
            Some(mount) if mount.target != row.mount.target => Action::Move,
            Some(mount) if options(mount) != options(row.mount) => Action::Remount,
            Some(_) => return None,
        };
        Some((action, row))
    });
    gone.chain(there).collect()
}

/// Whether it is one mount: the kernel gives a number that is free to the next.
fn is_same(one: &Mount, other: &Mount) -> bool {
    one.device == other.device && what(one) == what(other)
}

fn what(mount: &Mount) -> [&[u8]; 3] {
    [&mount.kind, &mount.root, &mount.source]
}

fn options(mount: &Mount) -> [&[u8]; 2] {
    [&mount.options, &mount.super_options]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mounts::listing::{Which, rows};
    use crate::model::node::fixture_tests::with;

    fn told(before: &str, now: &str) -> Vec<String> {
        let (before, now) = (with("", before), with("", now));
        let (before, now) = (before.view(), now.view());
        let list = |view| rows(view, Which::Inside).unwrap();
        let told = |(action, row): &(Action, Row<'_>)| {
            format!("{} {}", action.name(), String::from_utf8_lossy(&row.mount.target))
        };
        changes(list(&before), list(&now)).iter().map(told).collect()
    }

    #[test]
    fn every_change_is_told_and_nothing_else() {
        const A: &str = "40 11 0:70 / /a rw shared:40 - tmpfs t rw\n";
        const B: &str = "41 40 0:71 / /a/b rw shared:41 - tmpfs t rw\n";
        assert_eq!(told(A, A), [""; 0]);
        assert_eq!(told("", &[A, B].concat()), ["mount /a", "mount /a/b"]);
        assert_eq!(told(&[A, B].concat(), ""), ["umount /a/b", "umount /a"]);
        assert_eq!(told(A, &A.replace("/a rw", "/a ro")), ["remount /a"]);
        assert_eq!(told(A, &A.replace("t rw", "t ro")), ["remount /a"]);
        assert_eq!(told(A, &A.replace("/a", "/c")), ["move /c"]);
        // Another mount, to which the kernel has given the number.
        assert_eq!(told(A, &A.replace("0:70", "0:72")), ["umount /a", "mount /a"]);
    }
}
