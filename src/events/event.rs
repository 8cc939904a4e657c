//! What a command leaves behind.

use crate::vocabulary::Id;
use serde_json::Value;

/// One command's trace. `data` holds ids and codes, never a person's name or contact, nor what anybody wrote freely.
#[derive(Debug, Clone)]
pub struct Event {
    pub resource: &'static str,
    pub key: String,
    pub version: i32,
    /// Whose scopes may see it.
    pub organisation_id: Option<Id>,
    pub innovation_id: Option<Id>,
    pub programme: Option<String>,
    /// The other end of what has two, such as an edge, a succession or a reallocation.
    pub other_organisation_id: Option<Id>,
    pub other_programme: Option<String>,
    /// The subject of the person whose record it is.
    pub owner: Option<String>,
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
            other_organisation_id: None,
            other_programme: None,
            owner: None,
            data,
        }
    }
}
