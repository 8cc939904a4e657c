//! Reviews: who is asked to score an application, the scores by the call's criteria, and the conflicts of interest that
//! make a reviewer step back. A reviewer sees the scores of others only after submitting their own.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
