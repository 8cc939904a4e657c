//! Sets of KPIs: which KPIs which organisations are asked for, each with all below it. A KPI in no set is open to
//! every organisation. A KPI in sets is open to the organisations of those sets only.

pub mod columns;
pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
mod template;
