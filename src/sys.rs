//! The floor that learns facts about the machine and performs acts on it: every system call. Decides nothing.

pub mod affinity;
pub mod caller;
pub mod census;
pub mod denied;
pub mod directory;
pub mod exec;
pub mod files;
pub mod installed;
pub mod lock;
pub mod mount;
pub mod mounts;
pub mod namespace;
pub mod pager;
pub mod place;
pub mod pods;
pub mod processes;
pub mod raw;
pub mod screen;
pub mod stderr;
pub mod survey;
pub mod systemd;
pub mod tables;
pub mod textfile;
pub mod tree;
pub mod trust;
pub mod units;
