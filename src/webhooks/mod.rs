//! Webhooks: readers of the feed that are told of changes at an address of their own, in order, signed, at least once.

pub mod delivery;
pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
