//! External investments: money that others put into an innovation, or that a fellow raised. Leverage is their sum divided by
//! what the programme invested.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
