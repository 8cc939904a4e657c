//! Programmes: what carries innovations, with its partners, the innovations that are its members over time, and its
//! cohorts of fellows. Everyone reads them; national administrators make them, and a programme's managers keep it.

pub mod calls;
pub mod cohorts;
pub mod http;
pub mod memberships;
pub mod ops;
pub mod partners;
pub mod routes;
pub mod rules;
pub mod store;
