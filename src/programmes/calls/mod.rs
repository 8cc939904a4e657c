//! Calls: when a programme takes applications, for which priorities, on which form, and by which criteria they are
//! reviewed. Opening and closing are instants; the zone they were set in is kept, so that "noon in London" stays it.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
