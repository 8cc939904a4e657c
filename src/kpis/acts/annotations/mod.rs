//! What is to be known of a point of a series.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
