//! Releases: what was published of a set, period and places, and never changes afterwards. One freezes the figures of its
//! places, as they are and as they are published, with the values they were made of ([`freeze`]); figures of today say
//! where they differ since ([`revised`], [`differences`]).

mod answer;
pub mod changed;
pub mod differences;
pub mod figures;
pub mod freeze;
pub mod frozen;
pub mod http;
pub mod ops;
pub mod reading;
pub mod revised;
pub mod rules;
pub mod store;
