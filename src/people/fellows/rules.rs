//! The rules for a fellow, who is a person with a profile.

use crate::error::Result;
use crate::people::rules::Person;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A fellow to register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateFellowRequest, example = json!({ "name": "Fellow 1 (illustrative)", "profession": "Paramedic", "illustrative": true }))]
pub struct Fellow {
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The e-mail address. Like the subject, only national administrators and the fellow see it, and before the fellow has
    /// a subject the managers of the programme that registered the fellow.
    #[schema(format = "email", max_length = 254, nullable = false)]
    pub email: Option<String>,
    /// The subject in the fellow's own tokens, who from then on answers for themselves. One subject belongs to one person.
    #[schema(min_length = 1, max_length = 300, nullable = false)]
    pub subject: Option<String>,
    /// Whether the person has agreed to be named in public.
    #[serde(default)]
    #[schema(default = false)]
    pub named_publicly: bool,
    #[schema(max_length = 200, nullable = false)]
    pub profession: Option<String>,
    #[schema(max_length = 5000, nullable = false)]
    pub biography: Option<String>,
    #[schema(
        example = "https://example.org",
        pattern = "^https?://[A-Za-z0-9][A-Za-z0-9.:-]*([/?#]\\S*)?$",
        max_length = 500,
        nullable = false
    )]
    pub website: Option<String>,
    /// Whether the person is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

impl Fellow {
    /// The fellow without the profile.
    pub fn person(&self) -> Person {
        Person {
            name: self.name.clone(),
            email: self.email.clone(),
            subject: self.subject.clone(),
            named_publicly: self.named_publicly,
            illustrative: self.illustrative,
        }
    }

    /// # Errors
    /// As [`Person::check`].
    pub fn check(&self) -> Result<()> {
        self.person().check()
    }
}
