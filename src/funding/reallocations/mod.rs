//! Reallocations: what one fund has available becomes another's. Each posts a pair that sums to zero.

pub mod http;
pub mod ops;
pub mod store;
