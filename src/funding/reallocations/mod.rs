//! Reallocations: money moved from one fund to another. Each posts a pair of movements that add up to zero.

pub(crate) mod http;
pub mod ops;
pub mod rules;
pub(crate) mod store;
