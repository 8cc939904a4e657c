//! Attendances: who was invited to a learning event, and who came.

pub mod http;
pub mod ops;
pub mod store;
