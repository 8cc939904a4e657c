//! Fellowships: a fellow's time in a cohort of a programme, with the innovations the fellow works on, the host,
//! and the industry partner of a joint post.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
