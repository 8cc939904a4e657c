//! The files of the Organisation Data Service as it publishes them: trusts, sites, boards, practices, primary care networks with
//! their members, regions and successions. Sending a file twice changes nothing.

mod hierarchy;
pub mod http;
mod joining;
mod listing;
mod names;
pub mod ops;
mod outcome;
mod placing;
pub mod rules;
mod store;
mod succeeding;
