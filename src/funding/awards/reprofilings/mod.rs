//! Reprofilings: what an award commits moves between financial years, and its amount stays. One never changes.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
