//! The follow-up of values that looked doubtful when they were sent: each has a flag, until somebody justifies it or another
//! value takes its place.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
