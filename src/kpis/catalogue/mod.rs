//! The catalogue: what each KPI means, in which unit and calendar, broken down by what. A definition is proposed, agreed
//! and goes live; once it is live, what its values rely on cannot change, and every definition it ever had stays readable.
//! A KPI's code is written in lower case and found in any.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
