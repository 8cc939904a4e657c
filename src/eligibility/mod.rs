//! Which organisations an innovation is meant for, on which days: one by one, or all of a type below a place.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
