//! What people asked about their data, when it must be decided, and how it was.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
