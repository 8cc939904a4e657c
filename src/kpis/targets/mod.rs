//! Targets: what a KPI's values should be, from a period on. A target is for every organisation or for a single one,
//! which then comes first. Where two apply, the one that began later wins.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
