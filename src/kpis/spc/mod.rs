//! Statistical process control: whether the last point of a series is signal or noise, and whether its process will meet
//! the target. The method is pure ([`rules`], drawn by [`chart`]); a [`study`] brings it a series that was laid out
//! period by period ([`layout`]), either a stored one, added up over members and organisations where that is asked for
//! ([`totals`]), or one that was sent along ([`given`]) and is kept nowhere.

pub mod answer;
pub mod body;
pub mod chart;
pub mod given;
pub mod http;
pub mod layout;
pub mod ops;
pub mod rules;
pub mod store;
pub mod study;
pub mod totals;
pub mod words;
