//! External investments: what others put into an innovation, or into what a fellow carries. Leverage is their sum by
//! what the programme invested.

pub mod http;
pub mod ops;
pub mod store;
