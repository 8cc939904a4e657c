//! Gateway reviews of an award: programme managers and evaluators recommend, a national administrator decides whether
//! it continues, continues with conditions, pauses or stops.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
