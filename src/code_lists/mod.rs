//! Every closed list of words in the service, as a resource: the words are the very ones the code reads and writes, so
//! a list here cannot disagree with what is accepted. Words are stable; their labels may be reworded.

pub mod http;
pub mod lists;
