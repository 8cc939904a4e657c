//! Large totals, kept: what a total of many organisations is made of is worked out beside the requests, and anew by whatever
//! changed. A total says as of which event it is, and when it is behind.

pub mod ops;
pub mod store;
pub mod upkeep;
