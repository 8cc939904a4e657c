//! One series out of several, by the KPI's own way of adding up, and how much of what was expected each period holds.

mod arithmetic;
mod survey;
mod tally;

pub use arithmetic::{Arithmetic, Coverage, Lack, Observation, Stand, Total, TotalBasis, Window};
pub use survey::{Marks, Survey};
pub use tally::Tallies;

#[cfg(test)]
mod tests;
