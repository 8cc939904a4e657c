//! The rules for a person.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person to register who is not a fellow, such as a mentor, a leader or a guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreatePersonRequest, example = json!({ "name": "Mentor 1 (illustrative)", "illustrative": true }))]
pub struct Person {
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[schema(format = "email", max_length = 254, nullable = false)]
    pub email: Option<String>,
    /// The subject in the person's own tokens. One subject belongs to one person.
    #[schema(min_length = 1, max_length = 300, nullable = false)]
    pub subject: Option<String>,
    /// Whether the person has agreed to be named in public.
    #[serde(default)]
    #[schema(default = false)]
    pub named_publicly: bool,
    /// Whether the person is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

impl Person {
    /// # Errors
    /// `validation-failed` for a blank name.
    pub fn check(&self) -> Result<()> {
        if self.name.trim().is_empty() {
            return Err(Error::invalid("/name", "missing", "The name cannot be blank."));
        }
        Ok(())
    }
}
