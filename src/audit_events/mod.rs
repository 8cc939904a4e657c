//! The audit trail as a list: who did what, when. What it shows is recorded by [`crate::events`].

pub mod http;
pub mod store;
