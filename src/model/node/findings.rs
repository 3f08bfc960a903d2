//! What is wrong with a node, each trouble in one place: what was found, what follows from it, and the cure, which is
//! the next thing to do as the node is now. `verdict` has those because of which encapsulation does not hold.

pub mod covered;
pub mod mounts;
pub mod selinux;
pub mod units;
pub mod verdict;

use serde::Serialize;

/// A trouble.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Finding {
    /// Its name, for programs.
    pub name: &'static str,
    /// Whether encapsulation does not hold because of it.
    pub degrades: bool,
    /// What was found.
    pub found: String,
    /// What follows.
    pub consequence: &'static str,
    /// What to do.
    pub cure: String,
}

#[cfg(test)]
mod tests;
