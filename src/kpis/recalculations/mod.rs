//! Recalculations: the deliberate acts by which the mean and limits of a series begin anew, each with its period, its
//! reason and its author. Nothing recalculates by itself.

pub mod http;
pub mod ops;
pub mod store;
