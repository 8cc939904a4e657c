//! Requests that are answered later: how far each has come, what came of it, and the task that does them. A job does the
//! request as if it were sent when its turn comes, with the grants that its maker has then.

pub mod http;
mod ops;
pub mod runner;
mod store;
