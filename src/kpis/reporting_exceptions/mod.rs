//! Where a series is not expected, and why: an organisation that does not provide what a KPI counts, or a collection that
//! was paused. Silence alone ends nothing.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
