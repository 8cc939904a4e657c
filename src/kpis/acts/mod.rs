//! The deliberate acts that decide how a series is read, each with its period, its reason and its author: a recalculation
//! gives it a new mean and limits, and an exclusion leaves a point out of every calculation but still shows it.
//! Nothing recalculates by itself.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
