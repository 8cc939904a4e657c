//! What adoptions counted, day by day: sites, users and patients. A count of a later day stands beside the earlier ones, and one of the
//! same day takes its place, which stays, marked as withdrawn.

pub mod http;
pub mod rules;
pub mod store;
