//! The floor that knows: takes facts and returns decisions. No files, no environment, no clock.
#![warn(clippy::wildcard_enum_match_arm)]

pub mod diff;
pub mod json;
pub mod look;
pub mod mounts;
pub mod namespace;
pub mod node;
pub mod pager;
pub mod pin;
pub mod resolve;
pub mod search;
pub mod support;
pub mod table;
pub mod text;
pub mod time;
pub mod units;
