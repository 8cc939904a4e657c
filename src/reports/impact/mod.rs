//! The impact of a programme by a day: fellows, innovations, organisations, patients and money. Each figure says how certain
//! it is and links to the list of its rows.

pub mod holders;
pub mod http;
pub mod ops;
pub mod people;
pub mod places;
pub mod rules;
pub mod store;
pub mod yearly;
