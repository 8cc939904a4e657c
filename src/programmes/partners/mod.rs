//! Partners: which organisations carry a programme, in which role, from when to when. One that left stays on record.

pub mod http;
pub mod ops;
pub mod store;
