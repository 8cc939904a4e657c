//! Money: funds and what is pledged and contributed to them, awards with their milestones, gateway reviews and transactions,
//! reallocations between funds, and what others invested. Amounts are whole minor units; `ledger` is the one place that
//! moves them, and what it keeps true at every moment the database's own checks hold as well.

pub mod awards;
pub mod contributions;
pub(crate) mod external_investments;
pub mod funds;
pub(crate) mod http;
pub mod ledger;
pub mod money;
pub mod pledges;
pub mod reallocations;
pub mod years;
