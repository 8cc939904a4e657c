//! NHS bodies and others: the spine of every permission and total. An organisation stands in a hierarchy of dated
//! edges; a closure table kept beside them (`closure`, by the rules of `hierarchy`) answers "who is below whom, on which day" with one join.

pub mod closure;
pub mod edges;
pub mod effects;
pub mod hierarchy;
pub mod http;
pub mod identifiers;
mod import;
mod lives;
pub mod ops;
pub mod reference;
pub mod rules;
pub mod store;
