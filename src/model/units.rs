//! systemd's units, read as systemd reads them, and the drop-ins that put their commands inside.

pub mod catalogue;
pub mod command;
pub mod config;
pub mod domains;
pub mod entering;
pub mod exec;
pub mod legacy;
pub mod name;
pub mod pattern;
pub mod sandbox;
pub mod switch;
pub mod text;
pub mod unit;
pub mod words;
