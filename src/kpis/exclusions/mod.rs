//! Exclusions: points of a series that are shown but left out of every calculation, each by a deliberate act with its
//! reason and its author.

pub mod http;
pub mod ops;
pub mod store;
