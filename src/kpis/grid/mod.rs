//! The grid of a body: what every measure of an organisation or a place says, in one answer, by variation and by assurance. Its cells
//! are the analyses of [`super::spc`], read together.

pub mod answer;
pub mod http;
pub mod ops;
pub mod page;
pub mod picture;
pub mod rules;
pub mod store;
pub mod text;
