//! The files of the Organisation Data Service as it publishes them: trusts, sites, boards, practices, primary care networks with
//! their members, regions and successions. Sending a file twice changes nothing.

pub mod http;
pub mod ops;
pub mod rules;
