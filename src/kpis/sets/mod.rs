//! Sets of KPIs: which KPIs are asked of which organisations, each with all below it. A KPI that is in no set is open to
//! every organisation; one that is in sets is open to theirs alone.

pub mod http;
pub mod ops;
pub mod store;
