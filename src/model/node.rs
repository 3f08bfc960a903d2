//! A Kubernetes node: which services make it one, what was seen of it, and what follows from that.

pub mod catalogue;
pub mod facts;
pub mod findings;
pub mod judgement;
pub mod manager;
pub mod members;
pub mod telling;

#[cfg(test)]
pub mod fixture_tests;
