//! The floor that knows: takes facts and returns decisions. std only; no files, no environment, no clock.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod compare;
pub mod diff;
pub mod dropin;
pub mod findings;
pub mod json;
pub mod listing;
pub mod members;
pub mod metrics;
pub mod mounts;
pub mod namespace;
pub mod node;
pub mod owner;
pub mod paths;
pub mod pin;
pub mod pods;
pub mod resolve;
pub mod sandbox;
pub mod search;
pub mod services;
pub mod status;
pub mod table;
pub mod text;
pub mod time;
pub mod unit;
