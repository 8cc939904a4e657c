//! Funds: money of one currency for one purpose, and its position at this moment.

pub(crate) mod http;
pub mod ops;
pub(crate) mod rules;
pub(crate) mod store;
