//! Innovation leaders, clinical, citizen and others, counted against the goal of 200 to 300.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
