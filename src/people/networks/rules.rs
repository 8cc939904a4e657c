//! The rules for a network.

use crate::error::{Code, Error, Result};
use crate::written;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A peer network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateNetworkRequest, example = json!({ "slug": "clinical-leads", "name": "Clinical leads", "purpose": "People who improve health and care, learning from each other." }))]
pub struct Network {
    /// Stored in lower case.
    #[schema(example = "q", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
    pub slug: String,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[schema(max_length = 2000)]
    pub purpose: String,
    /// The slug of the programme it belongs to. Without a programme, only national administrators can change the network.
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    pub programme: Option<String>,
    /// Whether it is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

/// What the register adds to a network.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NetworkAdded {
    #[schema(max_length = 200)]
    pub programme_name: Option<String>,
}

written! { Network, NetworkAdded, |written, _| written.slug.clone() }

impl Network {
    /// # Errors
    /// `validation-failed` for a blank name.
    pub fn check(&self) -> Result<()> {
        if self.name.trim().is_empty() {
            return Err(Error::invalid("/name", "missing", "The name cannot be blank."));
        }
        Ok(())
    }

    /// # Errors
    /// As [`Network::check`]; `immutable` for another slug.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        if self.slug.eq_ignore_ascii_case(&new.slug) {
            return new.check();
        }
        Err(Error::new(Code::Immutable).detail("The slug cannot change, since others refer to the network by it."))
    }
}
