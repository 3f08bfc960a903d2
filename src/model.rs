//! The floor that knows: takes facts and returns decisions. std only; no files, no environment, no clock.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod diff;
pub mod dropin;
pub mod json;
pub mod members;
pub mod mounts;
pub mod namespace;
pub mod pin;
pub mod resolve;
pub mod sandbox;
pub mod search;
pub mod services;
pub mod text;
pub mod unit;
