//! Reading KPI values: who may see which, what small counts are kept back, and what each value was before.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
