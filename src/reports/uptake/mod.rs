//! The uptake of an innovation: of the organisations it is meant for, how many have adopted it, day by day; who has not; and which
//! people are left out.

pub mod answer;
pub mod chart;
pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
pub mod study;
