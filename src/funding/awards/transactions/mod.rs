//! The movements of an award's money, as the ledger holds them. People post disbursements, returns, write-offs and
//! releases, and the award's own moves post the rest.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
