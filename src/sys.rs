//! The floor that learns facts about the machine and performs acts on it: every system call. Decides nothing.

pub mod caller;
pub mod directory;
pub mod exec;
pub mod namespace;
pub mod raw;
pub mod stderr;
