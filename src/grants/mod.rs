//! From a token to what its bearer may do: a token says who, grants in the database say what.

pub(crate) mod http;
pub mod keys;
pub mod ops;
pub(crate) mod store;
pub(crate) mod tokens;
