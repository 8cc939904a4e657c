//! Everything that is held about one person, from every feature that holds anything.

pub mod http;
pub mod ops;
