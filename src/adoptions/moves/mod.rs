//! The moves of an adoption from stage to stage, each with its day, and the stage that they make of every day. A move can be entered
//! late, corrected and withdrawn; what was wrong stays, marked as withdrawn.

pub mod asked;
pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
