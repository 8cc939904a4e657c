//! The dated edges of the hierarchy: they begin, end, and are taken back where they were mistakes.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
