//! Targets: what a KPI's values should be, from a period on. One may hold for every organisation or for a single one,
//! which then goes before; of two that hold at once, the one that began later wins.

pub mod http;
pub mod ops;
pub mod store;
