//! The uptake of an innovation: of the organisations it is meant for, how many have adopted it, day by day; and who has not.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
