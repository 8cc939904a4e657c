//! The deliberate acts that decide how a series is read, each with its period, its reason and its author: one of the
//! [`recalculations`] gives it a new mean and limits, and one of the [`exclusions`] leaves a point out of every calculation but still
//! shows it. Nothing recalculates by itself. Beside them stand [`annotations`], which say something of a point and decide nothing.

pub mod annotations;
pub mod exclusions;
pub mod http;
pub mod ops;
pub mod recalculations;
pub mod rules;
pub mod store;
