//! Who may still send periods that are locked, until when and why.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
