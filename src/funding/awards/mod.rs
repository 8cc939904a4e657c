//! Awards: money of a fund promised to a recipient, from proposal to completion, with milestones, gateway reviews and
//! the movements of its money. Nobody approves an award they proposed or will receive, or disburses one they approved.

pub(crate) mod gateway_reviews;
pub(crate) mod http;
pub(crate) mod milestones;
pub mod ops;
pub mod rules;
pub(crate) mod store;
pub mod transactions;
