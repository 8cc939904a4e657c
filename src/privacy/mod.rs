//! What becomes of people's data: their erasure in every place, what is kept sealed, and for how long.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
