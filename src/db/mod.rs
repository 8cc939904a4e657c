//! The only door to the database. A read, a write or a bulk job is a closure over [`Conn`] that runs on the threads
//! of its lane; `write` owns the transaction, so that no other code begins one.

pub mod conn;
pub mod dialect;
mod door;
pub mod json;
mod lanes;
pub mod list;
pub mod migrate;
pub mod references;
pub mod schema;
pub mod statements;
pub mod violations;

pub use conn::{Conn, DatabaseUrl, MultiBackend};
pub use door::{Db, Sizes, by_id, serializable, transaction};
