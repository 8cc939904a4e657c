//! The secrets of clients that cannot sign.

pub(crate) mod http;
pub mod ops;
pub(crate) mod rules;
pub(crate) mod store;
