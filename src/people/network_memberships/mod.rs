//! How many members a network had on a day, and how certain the count is.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
