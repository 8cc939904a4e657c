//! From a token to what its bearer may do. A token says who; grants in the database say what; one table
//! ([`access::TABLE`]) says which role may do which operation, and where. Nothing is allowed that no row allows.

pub mod access;
pub mod actor;
pub mod http;
pub mod keys;
pub mod ops;
pub mod store;
pub mod tokens;

pub use access::{Answer, Role};
pub use actor::{Actor, Grant, Reach, Scope};
