//! What a newcomer tries the register with: real trusts, the founding documents' innovations, a small KPI catalogue,
//! and series that are invented and say so. It comes in through the same doors as everything else.

mod access;
mod calls;
mod communities;
mod data;
pub(crate) mod examples;
mod impact;
mod measures;
mod populations;
mod programmes;
mod reading;
mod seed;
mod spread;
mod welcome;

pub use seed::seed;
pub use welcome::welcome;
