//! What happened: one row a command, written in the command's own transaction without a position. One leader then
//! numbers committed events in order and chains them by hash, so that whoever reads by position (the audit trail, and
//! every feed to come) sees no gap and no late arrival.

pub mod http;
mod sequencer;
mod store;

pub use sequencer::keep_numbering;
pub use store::sequence;

use crate::http::context::Context;
use crate::db::Conn;
use crate::error::Result;
use crate::vocabulary::Id;
use serde_json::Value;

/// One command's trace. `data` holds ids and codes, never a person's name or contact.
#[derive(Debug, Clone)]
pub struct Event {
    pub resource: &'static str,
    pub key: String,
    pub version: i32,
    /// Whose scopes may see it.
    pub organisation_id: Option<Id>,
    pub innovation_id: Option<Id>,
    pub programme: Option<String>,
    pub data: Value,
}

impl Event {
    pub fn new(resource: &'static str, key: &str, version: i32, data: Value) -> Self {
        Self {
            resource,
            key: key.to_owned(),
            version,
            organisation_id: None,
            innovation_id: None,
            programme: None,
            data,
        }
    }
}

/// Writes the event into the transaction of the change it tells of.
///
/// # Errors
/// The database's own.
pub fn record(conn: &mut Conn, context: &Context, event: Event) -> Result<()> {
    store::insert(conn, context, event)
}
