//! Sets of KPIs: which KPIs which organisations are asked for, by place, type and time. A KPI in no set is open to every
//! organisation. A KPI in sets is open to those who are assigned to one of them ([`assigned`]).

pub mod assigned;
pub mod columns;
pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
mod template;
