//! Awards: money of a fund promised to a recipient, from proposal to completion, with milestones, gateway reviews and
//! the movements of its money. Nobody approves an award they proposed or will receive, or disburses one they approved.

pub mod gateway_reviews;
pub mod http;
pub mod milestones;
pub mod ops;
pub mod rules;
pub mod store;
pub mod transactions;
