//! The 360Giving export: awards as open data, in the shape of the 360Giving Data Standard 1.4, and the reasons that keep a grant
//! from being published.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
