//! A Kubernetes node: which services make it one, what was seen of it, and what follows from that.

pub mod facts;
pub mod findings;
pub mod members;
pub mod metrics;
pub mod services;
pub mod status;
