//! The catalogue: what each KPI means, its unit, calendar and breakdowns. A definition is proposed, agreed
//! and goes live. Once it is live, what its values rely on cannot change. Every past definition stays readable.
//! A KPI's code is stored in lower case and found in upper or lower case.

pub mod history;
pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
