//! Partners: which organisations take part in a programme, in which role, from when to when. A partner that left stays on
//! record.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
