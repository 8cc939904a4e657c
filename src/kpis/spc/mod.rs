//! Statistical process control: whether the last point of a series is signal or noise, and whether its process will meet
//! the target. The method is pure ([`rules`], drawn by [`chart`]); a [`study`] brings it a series that was laid out
//! period by period ([`layout`]), either a stored one, added up over members and organisations where that is asked for
//! ([`super::totals`]), or one that was sent along ([`given`]) and is kept nowhere.

pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod chart;
pub(crate) mod given;
pub(crate) mod http;
pub(crate) mod layout;
pub(crate) mod ops;
pub mod rules;
pub(crate) mod study;
pub(crate) mod words;
