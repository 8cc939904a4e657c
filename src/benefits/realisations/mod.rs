//! What was achieved of a claim, year by year, as somebody of another body confirmed it.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
