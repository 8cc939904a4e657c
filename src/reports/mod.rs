//! Reports read across features and write nothing. Every figure names the list of rows it was made of.

pub mod funding;
pub mod giving;
pub mod http;
pub mod impact;
pub mod subject_access;
pub mod uptake;
