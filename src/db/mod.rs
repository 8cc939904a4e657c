//! The only door to the database. A read, a write or a bulk job is a closure over [`Conn`] that runs on the threads
//! of its lane; `write` owns the transaction, so that no other code begins one.

mod condition;
pub mod conn;
pub mod copy;
pub mod dialect;
mod door;
mod drift;
pub mod jobs;
pub(crate) mod json;
mod lanes;
pub(crate) mod list;
pub mod migrate;
pub(crate) mod references;
pub mod schema;
pub mod serving;
pub mod shares;
pub(crate) mod statements;
mod ticket;
mod turn;
pub(crate) mod violations;

pub use conn::{Conn, DatabaseUrl, MultiBackend};
pub use door::{Db, Sizes, Steps, by_id, part, serializable, snapshot, transaction};
pub use lanes::Load;
pub use statements::Keep;
pub use ticket::wanted;
