//! Mounts: the kernel's table of them, two tables compared, and to which pod or container one belongs.

pub mod changes;
pub mod columns;
pub mod compare;
pub mod ending;
pub mod kinds;
pub mod left;
pub mod listing;
pub mod owner;
pub mod paths;
pub mod peers;
pub mod pods;
pub mod spec;
pub mod table;
