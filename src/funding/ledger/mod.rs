//! The ledger: the only code that moves money. Postings are appended and never change. Each fund and each
//! award also has a balance, updated in the same transaction.

pub mod days;
pub mod ops;
pub mod rules;
pub mod store;
