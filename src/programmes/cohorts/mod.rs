//! Cohorts: the waves in which a programme takes its fellows, numbered from one.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
