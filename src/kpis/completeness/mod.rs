//! Of a set, a place and a period: who was asked, what came, in time or not, and who is missing.

pub mod http;
pub mod ops;
pub mod store;
