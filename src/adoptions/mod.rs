//! Adoptions: which organisation uses which innovation, how far it has come, and since when. One live row an
//! innovation and organisation; its moves are kept with the day each took effect.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
