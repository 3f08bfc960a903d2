//! A Kubernetes node: which services make it one, what was seen of it, and what follows from that.

// Until processes and units are looked up by program.
#[allow(dead_code)]
pub mod catalogue;
pub mod facts;
pub mod findings;
pub mod members;
pub mod metrics;
pub mod services;
pub mod status;
