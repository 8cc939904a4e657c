//! Calls: when a programme accepts applications, for which priorities, on which form, and by which criteria they are
//! reviewed. Opening and closing are instants. The time zone is kept, so that "noon in London" stays noon in London.

pub mod form;
pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
