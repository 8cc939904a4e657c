//! The deliberate acts that decide how a series is read, each with its period, its reason and its author: a recalculation
//! begins its mean and limits anew, and an exclusion leaves a point out of every calculation though it is still shown.
//! Nothing recalculates by itself.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
