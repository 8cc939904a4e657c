//! Totals: several series become one, by the KPI's own way of adding up, and each period says how much of what was expected
//! it holds. Charts of places are drawn of these very totals.

pub mod answer;
pub mod apportioning;
pub mod asked;
pub mod by;
pub mod http;
pub mod notes;
pub mod ops;
pub mod protection;
pub mod rules;
pub mod standing;
pub mod store;
pub mod summaries;
