//! The impact of a programme by a day: who, what, where, for how many patients, with what money, each figure with how
//! sure it is and with the list of the rows it was made of.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
