//! Contributions: money that the NHS, charities and industry put into a fund. A contribution never changes, and
//! one that was wrong is taken back.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
