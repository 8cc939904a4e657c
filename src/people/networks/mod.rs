//! Peer networks: communities of people who learn from each other. How many members they have is a series of counts.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
