//! The funding report: money by fund, funder, programme, place or financial year.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
