//! Adoptions: which organisation uses which innovation, for what, the stage it has reached, and since when. There is one live row for
//! each innovation, indication and organisation; its moves, counts and barriers are dated, and every question about a day is
//! answered from the spells that the moves make.

pub mod counts;
pub mod dated;
pub mod http;
pub mod imports;
pub mod moves;
pub mod ops;
pub mod rules;
pub mod shown;
pub mod store;
pub mod writes;
