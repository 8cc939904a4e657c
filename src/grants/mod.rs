//! From a token to what its bearer may do: a token says who, grants in the database say what.

pub mod http;
pub mod keys;
pub mod ops;
pub mod store;
pub mod tokens;
