//! The public keys that clients sign their assertions with.

pub(crate) mod http;
pub mod ops;
pub(crate) mod rules;
pub(crate) mod store;
