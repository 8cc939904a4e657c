//! Funds: money of one currency for one purpose, and its position at this moment.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
