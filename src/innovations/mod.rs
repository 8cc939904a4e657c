//! The innovations themselves: what each is, who owns it, whom it could serve, and the stage it has reached. Everyone reads
//! the public facts. National administrators, the managers of its programmes and its fellows write them.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
pub mod words;
