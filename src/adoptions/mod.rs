//! Adoptions: which organisation uses which innovation, the stage it has reached, and since when. There is one live row for each
//! innovation and organisation, and every move is kept with the day it took effect.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
