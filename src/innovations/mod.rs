//! The innovations themselves: what each is, who owns it, whom it could serve, and how far it has come. Everyone reads
//! the public facts; national administrators and the managers of its programmes write them, and its fellows their own.

pub mod http;
pub mod ops;
pub mod rules;
pub mod store;
pub mod words;
