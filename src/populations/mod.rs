//! How many people places have, by day and by group, and how many of them an innovation is meant for.

pub mod http;
pub mod input;
pub mod ops;
pub mod rules;
pub mod store;
