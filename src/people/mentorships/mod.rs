//! Mentorships: who supports a fellow, with what, and when.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
