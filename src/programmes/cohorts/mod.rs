//! Cohorts: the waves a programme takes its fellows in, numbered from one.

pub mod http;
pub mod ops;
pub mod store;
