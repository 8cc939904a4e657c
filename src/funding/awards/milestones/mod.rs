//! Milestones of an award: what is to be reached by when, some of them conditions of a gateway review.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
