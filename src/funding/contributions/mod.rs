//! Contributions: what the NHS, charities and industry put into a fund. They are never changed.

pub mod http;
pub mod ops;
pub mod store;
