//! What happened: one row for each command, written in the command's transaction without a position. One leader then
//! numbers committed events in order and chains them by hash, so that whoever reads by position (the audit trail, and
//! every feed to come) sees no gap and no late arrival.

pub mod chain;
mod event;
mod sequencer;
pub mod store;

pub use event::Event;
pub use sequencer::{keep_looking, keep_numbering};
pub use store::{End, end, record, record_all};
