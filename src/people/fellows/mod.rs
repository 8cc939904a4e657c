//! Fellows: the persons who carry innovations, each with a profile.

pub mod http;
pub mod ops;
pub mod store;
