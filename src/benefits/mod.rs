//! Benefits: what an innovation is said to have brought, claimed by one and confirmed as realised by another, with
//! baseline, unit, method, place, population, and how sure the figure is. Impact reports sum and trace them.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
