//! What changed, in order, for those who keep a copy in step: the numbered events as their readers may see them.

pub mod feed;
pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
