//! Pledges: money that somebody promises a fund for a financial year. A confirmed one may be committed before it is paid.

pub(crate) mod http;
pub mod ops;
pub mod rules;
pub(crate) mod store;
