//! The audit trail as a list: who did what, when; and whether it is as it was written. What it shows is recorded by
//! [`crate::events`].

pub mod checkpoints;
pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
