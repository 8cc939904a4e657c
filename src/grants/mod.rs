//! From a token to what its bearer may do: a token says who, grants in the database say what.

pub mod bootstrap;
pub(crate) mod claims;
pub(crate) mod client_keys;
pub(crate) mod client_secrets;
pub mod clients;
pub mod doorkeeper;
pub(crate) mod http;
pub mod keys;
pub mod oauth2;
pub mod ops;
pub(crate) mod rules;
pub(crate) mod store;
pub(crate) mod tokens;
