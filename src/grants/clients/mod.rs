//! Clients: the systems that ask for tokens, each of one organisation.

pub(crate) mod http;
pub mod ops;
pub(crate) mod rules;
pub(crate) mod store;
