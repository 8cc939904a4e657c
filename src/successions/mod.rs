//! Successions of organisations: one act for a predecessor and a day. It closes the predecessor, ends its edges, moves what
//! lies below it, and writes what its successors take over as rows of their own.

mod effects;
pub mod http;
pub mod load;
pub mod ops;
pub mod rules;
pub mod store;
