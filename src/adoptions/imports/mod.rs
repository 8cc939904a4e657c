//! Bulk returns of adoptions: a row says which stage an organisation reached with an innovation on a day, and what it counted. Each row is
//! done as the single operations do it; a dry run does the same, and nothing of it stays. Sending a file twice changes nothing.

pub mod http;
pub mod input;
pub mod ops;
pub mod rules;
