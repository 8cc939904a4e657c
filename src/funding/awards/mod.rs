//! Awards: money of a fund promised to a recipient, from proposal to completion, with milestones, gateway reviews and
//! the movements of its money. Supplements raise it and reprofilings move it between years. Nobody approves an award they
//! proposed or will receive, or disburses one they approved.

pub(crate) mod gateway_reviews;
pub(crate) mod http;
pub(crate) mod milestones;
pub mod ops;
pub mod reprofilings;
pub mod rules;
pub(crate) mod store;
pub mod supplements;
pub mod transactions;
