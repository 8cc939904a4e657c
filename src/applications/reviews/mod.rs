//! Reviews: who is asked to score an application, the scores by the call's criteria, and the conflicts of interest that
//! take a reviewer out. A reviewer sees no other's scores before submitting their own.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
