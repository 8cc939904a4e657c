//! Learning events of a programme. (The path is `/v1/events`; the module `events` is the audit trail.)

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
