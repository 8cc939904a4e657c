//! Points from which a series has a new mean and limits: made by who may, or proposed by who sends the values and accepted by another.

pub mod advice;
pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
