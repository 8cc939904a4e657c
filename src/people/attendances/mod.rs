//! Attendances: who was invited to a learning event, and who attended.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
