//! How many members a network had, day by day, with how sure the count is.

pub mod http;
pub mod ops;
pub mod store;
