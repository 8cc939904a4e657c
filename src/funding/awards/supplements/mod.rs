//! Supplements: a second approval, by somebody else than who proposed it, that raises the amount of the same award.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
