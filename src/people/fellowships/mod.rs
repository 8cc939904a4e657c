//! Fellowships: a fellow's time in a cohort of a programme, with the innovations carried in it (many to many), the host,
//! and for a joint post the industry partner.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
