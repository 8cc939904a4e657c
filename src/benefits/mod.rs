//! Benefits: what an innovation achieved, claimed by one person and confirmed by another, with
//! baseline, unit, method, place, population, and how certain the figure is. Impact reports add them up and link to them.

pub mod http;
pub mod kinds;
pub mod ops;
pub mod realisations;
pub mod rules;
pub mod store;
