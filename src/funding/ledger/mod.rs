//! The ledger: the only code that moves money. Postings are appended and never changed; beside them each fund and each
//! award has a balance, moved in the same transaction.

pub mod ops;
pub mod rules;
pub mod store;
