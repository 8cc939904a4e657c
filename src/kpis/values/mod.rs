//! Reading KPI values: who may see which, which small counts are suppressed, and the revisions of each value.

pub mod http;
pub mod ops;
pub mod provisional;
pub mod rows;
pub mod rules;
pub mod store;
