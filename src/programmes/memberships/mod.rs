//! Memberships: which innovations a programme carries, from when to when. An innovation may be a member of several at
//! once, or of one after another.

pub mod http;
pub mod ops;
pub mod store;
