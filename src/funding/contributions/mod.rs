//! Contributions: money that the NHS, charities and industry put into a fund. A contribution never changes.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
