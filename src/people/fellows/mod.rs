//! Fellows: the people who bring innovations into use, each with a profile.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
