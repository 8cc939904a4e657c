//! What becomes of people's data: what they asked, their erasure in every place, what is kept
//! sealed, and for how long.

pub mod http;
pub mod ops;
pub mod requests;
pub mod rules;
pub mod store;
