//! Decides what `kubensctl pin` keeps of what it finds, and what it makes anew.

use std::fmt::{self, Display, Formatter};

use crate::model::mounts::table::Mount;
use crate::model::namespace::{Identified, NamespaceId};

/// What a mount namespace is like, seen from within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// The host's mounts arrive, its own stay, and its containers pass mounts to one another.
    Right,
    /// Made from the host's, and its root's propagation is not yet right, in this way.
    HalfMade(&'static str),
    /// Never made for this purpose, or for another host root.
    Foreign(&'static str),
}

/// What is pinned.
#[derive(Debug)]
pub enum Pinned<N> {
    /// Nothing; where something else lies at the bind point, it is this.
    Nothing(Option<&'static str>),
    /// This namespace.
    Namespace(N, Inside),
}

/// The namespace that is to be pinned.
#[derive(Debug, PartialEq, Eq)]
pub enum Choice<N> {
    /// The one that is pinned, as it is.
    Keep(N),
    /// The one that is pinned, once its propagation is set right: processes live in it.
    Mend(N, &'static str),
    /// One that is not pinned, or not topmost, and in which processes live that belong to the pinned one.
    Find(N),
    /// A new one. What was pinned, if that was a namespace, is given up for this reason.
    Make(Option<&'static str>),
}

/// A namespace that is not the one pinned topmost, in which processes live, and which may belong there.
#[derive(Clone, Copy, Debug)]
pub struct Other<N> {
    /// Which.
    pub namespace: N,
    /// What it is like.
    pub inside: Inside,
    /// By what it is known.
    pub known: Known,
    /// When the oldest process in it started that is a container runtime's or a kubelet's.
    pub crew: Option<u64>,
}

/// By what a namespace is known that was pinned. Only who is root where PID 1 is can have made any of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// It is pinned, under something else.
    Pinned,
    /// It has the mark of the tmpfs that is on the directory. So has each copy of it.
    Marked,
    /// It has the mark of another such tmpfs.
    MarkedBefore,
    /// Both a container runtime and a kubelet live in it. Units of their own share no namespace that systemd made.
    Crew,
}

impl Display for Inside {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Inside::Right => f.write_str("the host's mounts arrive and its own stay"),
            Inside::HalfMade(why) | Inside::Foreign(why) => f.write_str(why),
        }
    }
}

impl<N: Identified> Display for Pinned<N> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Pinned::Nothing(None) => f.write_str("nothing is pinned"),
            Pinned::Nothing(Some(what)) => write!(f, "nothing is pinned: {what}"),
            Pinned::Namespace(namespace, inside) => write!(f, "{} is pinned: {inside}", namespace.id()),
        }
    }
}

impl<N: Identified> Display for Other<N> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let known = match self.known {
            Known::Pinned => "is pinned under something else",
            Known::Marked => "has the pin's mark",
            Known::MarkedBefore => "has an earlier pin's mark",
            Known::Crew => "has a runtime and a kubelet",
        };
        let crew = if self.crew.is_some() { ", and Kubernetes lives in it" } else { "" };
        write!(f, "{} {known}{crew}: {}", self.namespace.id(), self.inside)
    }
}

/// Why nothing is chosen: processes would be cut off from those that come after them.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// They live in this one, which cannot be pinned as it is.
    InUse(NamespaceId, &'static str),
    /// They live in several, and nothing tells which is the right one.
    Several(Vec<NamespaceId>),
}

/// Compares a namespace's root with the host's, which is shared.
pub fn judge_inside(host: &Mount, root: &Mount) -> Inside {
    if (&host.device, &host.root) != (&root.device, &root.root) {
        return Inside::Foreign("its root is not the host's");
    }
    let group = host.shared;
    if root.shared.is_some() && root.shared == group {
        Inside::HalfMade("its mounts reach the host")
    } else if root.master.is_none() || root.master != group {
        Inside::Foreign("the host's mounts do not reach it")
    } else if root.shared.is_none() {
        Inside::HalfMade("its root is not shared")
    } else {
        Inside::Right
    }
}

/// Chooses. `host` is the host's own namespace, `members` how many processes live in the pinned one, and `others`
/// are those besides.
pub fn choose<N: Identified>(
    host: NamespaceId,
    pinned: Pinned<N>,
    members: usize,
    others: Vec<Other<N>>,
) -> Result<Choice<N>, Refusal> {
    let why = match pinned {
        Pinned::Nothing(_) => None,
        Pinned::Namespace(namespace, _) if namespace.id() == host => Some("it is the host's own"),
        Pinned::Namespace(namespace, inside) if members > 0 => {
            let below =
                others.iter().filter(|other| other.known == Known::Pinned).map(|other| other.namespace.id());
            let several: Vec<_> = [namespace.id()].into_iter().chain(below).collect();
            return match inside {
                _ if several.len() > 1 => Err(Refusal::Several(several)),
                Inside::Right => Ok(Choice::Keep(namespace)),
                Inside::HalfMade(why) => Ok(Choice::Mend(namespace, why)),
                Inside::Foreign(why) => Err(Refusal::InUse(namespace.id(), why)),
            };
        }
        Pinned::Namespace(namespace, Inside::Right) => {
            // Nobody lives in it: it gives way only to one that Kubernetes lives in, or that was pinned before it.
            let better =
                others.into_iter().filter(|other| other.crew.is_some() || other.known == Known::Pinned);
            return Ok(pick(better.collect())?.unwrap_or(Choice::Keep(namespace)));
        }
        Pinned::Namespace(_, Inside::HalfMade(why) | Inside::Foreign(why)) => Some(why),
    };
    Ok(pick(others)?.unwrap_or(Choice::Make(why)))
}

/// The one of these: that in which the runtime or the kubelet has lived for longest, else the one that is known best.
/// How many live in one says nothing.
fn pick<N: Identified>(others: Vec<Other<N>>) -> Result<Option<Choice<N>>, Refusal> {
    let oldest = others.iter().filter_map(|other| other.crew).min();
    let best = others.iter().map(|other| other.known).min();
    let mut fit: Vec<_> = others
        .into_iter()
        .filter(|other| if oldest.is_some() { other.crew == oldest } else { Some(other.known) == best })
        .collect();
    if fit.len() > 1 {
        return Err(Refusal::Several(fit.iter().map(|other| other.namespace.id()).collect()));
    }
    fit.pop().map_or(Ok(None), |Other { namespace, inside, .. }| match inside {
        Inside::Right => Ok(Some(Choice::Find(namespace))),
        Inside::HalfMade(why) => Ok(Some(Choice::Mend(namespace, why))),
        Inside::Foreign(why) => Err(Refusal::InUse(namespace.id(), why)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mounts::table;

    const HOST: NamespaceId = NamespaceId { dev: 4, ino: 1 };
    const FIRST: NamespaceId = NamespaceId { dev: 4, ino: 2 };
    const SECOND: NamespaceId = NamespaceId { dev: 4, ino: 3 };

    fn inside(tags: &str) -> Inside {
        let host = table::parse(b"1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw").remove(0);
        let line = format!("9 8 8:1 / / rw {tags}- ext4 /dev/sda1 rw");
        judge_inside(&host, &table::parse(line.as_bytes()).remove(0))
    }

    #[test]
    fn only_a_shared_slave_of_the_host_is_right() {
        assert_eq!(inside("shared:9 master:1 "), Inside::Right);
        assert_eq!(inside("master:1 "), Inside::HalfMade("its root is not shared"));
        assert_eq!(inside("shared:1 "), Inside::HalfMade("its mounts reach the host"));
        assert_eq!(inside("shared:1 master:7 "), Inside::HalfMade("its mounts reach the host"));
        for foreign in ["", "shared:9 ", "master:7 ", "shared:9 master:7 "] {
            assert_eq!(inside(foreign), Inside::Foreign("the host's mounts do not reach it"), "{foreign}");
        }
    }

    #[test]
    fn another_root_is_another_system() {
        let host = table::parse(b"1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw").remove(0);
        for line in
            ["9 8 8:2 / / rw shared:9 master:1 - ext4 d rw", "9 8 8:1 /x / rw shared:9 master:1 - ext4 d rw"]
        {
            let root = table::parse(line.as_bytes()).remove(0);
            assert_eq!(judge_inside(&host, &root), Inside::Foreign("its root is not the host's"));
        }
    }

    fn other(namespace: NamespaceId, known: Known, crew: Option<u64>) -> Other<NamespaceId> {
        Other { namespace, inside: Inside::Right, known, crew }
    }

    fn one(known: Known) -> Vec<Other<NamespaceId>> {
        vec![other(SECOND, known, None)]
    }

    #[test]
    fn what_is_right_and_lived_in_is_kept() {
        for others in
            [vec![], one(Known::Marked), one(Known::MarkedBefore), vec![other(SECOND, Known::Crew, Some(1))]]
        {
            let pinned = Pinned::Namespace(FIRST, Inside::Right);
            assert_eq!(choose(HOST, pinned, 3, others), Ok(Choice::Keep(FIRST)));
        }
    }

    #[test]
    fn what_is_right_and_empty_gives_way_to_where_kubernetes_lives() {
        let choose = |others| choose(HOST, Pinned::Namespace(FIRST, Inside::Right), 0, others);
        assert_eq!(choose(vec![]), Ok(Choice::Keep(FIRST)));
        assert_eq!(choose(one(Known::Marked)), Ok(Choice::Keep(FIRST)));
        assert_eq!(choose(one(Known::Pinned)), Ok(Choice::Find(SECOND)));
        assert_eq!(choose(vec![other(SECOND, Known::Crew, Some(7))]), Ok(Choice::Find(SECOND)));
    }

    #[test]
    fn what_is_half_made_is_mended_for_its_members_and_else_made_anew() {
        let pinned = || Pinned::Namespace(FIRST, Inside::HalfMade("its root is not shared"));
        assert_eq!(choose(HOST, pinned(), 1, vec![]), Ok(Choice::Mend(FIRST, "its root is not shared")));
        assert_eq!(choose(HOST, pinned(), 0, vec![]), Ok(Choice::Make(Some("its root is not shared"))));
        assert_eq!(choose(HOST, pinned(), 0, one(Known::Marked)), Ok(Choice::Find(SECOND)));
    }

    #[test]
    fn what_is_foreign_gives_way_unless_somebody_lives_in_it() {
        let why = "its root is not the host's";
        let pinned = || Pinned::Namespace(FIRST, Inside::Foreign(why));
        assert_eq!(choose(HOST, pinned(), 0, vec![]), Ok(Choice::Make(Some(why))));
        assert_eq!(choose(HOST, pinned(), 0, one(Known::Marked)), Ok(Choice::Find(SECOND)));
        assert_eq!(choose(HOST, pinned(), 5, one(Known::Marked)), Err(Refusal::InUse(FIRST, why)));
    }

    #[test]
    fn the_host_s_own_namespace_is_never_mended() {
        for inside in [Inside::Right, Inside::HalfMade("its mounts reach the host")] {
            let pinned = Pinned::Namespace(HOST, inside);
            assert_eq!(choose(HOST, pinned, 9, vec![]), Ok(Choice::Make(Some("it is the host's own"))));
        }
    }

    #[test]
    fn a_lost_namespace_is_found_before_one_is_made() {
        let choose = |others| choose(HOST, Pinned::Nothing(None), 0, others);
        assert_eq!(choose(one(Known::Marked)), Ok(Choice::Find(SECOND)));
        assert_eq!(choose(vec![]), Ok(Choice::Make(None)));
        let half = vec![Other { inside: Inside::HalfMade("x"), ..one(Known::Pinned)[0] }];
        assert_eq!(choose(half), Ok(Choice::Mend(SECOND, "x")));
        let covered = vec![Other { inside: Inside::Foreign("x"), ..one(Known::Marked)[0] }];
        assert_eq!(choose(covered), Err(Refusal::InUse(SECOND, "x")));
    }

    #[test]
    fn of_several_the_best_known_is_found_and_none_by_a_guess() {
        let two = |first, second| {
            let (first, second): ((Known, Option<u64>), (Known, Option<u64>)) = (first, second);
            let others = vec![other(FIRST, first.0, first.1), other(SECOND, second.0, second.1)];
            choose(HOST, Pinned::Nothing(None), 0, others)
        };
        assert_eq!(two((Known::MarkedBefore, None), (Known::Marked, None)), Ok(Choice::Find(SECOND)));
        assert_eq!(two((Known::Pinned, None), (Known::Crew, Some(9))), Ok(Choice::Find(SECOND)));
        assert_eq!(two((Known::Pinned, Some(9)), (Known::Crew, Some(3))), Ok(Choice::Find(SECOND)));
        let several = Err(Refusal::Several(vec![FIRST, SECOND]));
        assert_eq!(two((Known::Marked, None), (Known::Marked, None)), several);
        let pinned = Pinned::Namespace(HOST, Inside::Right);
        assert_eq!(choose(FIRST, pinned, 2, one(Known::Pinned)), Err(Refusal::Several(vec![HOST, SECOND])));
    }
}
