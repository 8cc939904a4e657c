//! Memberships: which innovations are in a programme, from when to when. An innovation may be in several programmes at
//! once, or in one after another.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
