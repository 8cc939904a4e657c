//! Points that are left out of the calculations of their series.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
