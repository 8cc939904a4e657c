//! The rules for a mentorship.

use crate::calendar::Span;
use crate::error::{Code, Error, Result};
use crate::vocabulary::Id;
use crate::written;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person's support of a fellowship.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateMentorshipRequest, example = json!({ "mentor": "014e46e9-bc00-7e12-92cf-2c0000400000", "fellowship": "014e46e9-bc00-71d2-b13a-7c0000400000", "focus": "Commissioning", "from": "2016-09-01" }))]
pub struct Mentorship {
    /// The id of the person who is the mentor.
    pub mentor: Id,
    pub fellowship: Id,
    /// What the support is about.
    #[schema(example = "Commissioning", min_length = 1, max_length = 200)]
    pub focus: String,
    pub from: NaiveDate,
    /// The first day after it ends. Default: no end.
    #[schema(nullable = false)]
    pub to: Option<NaiveDate>,
}

/// What the register adds to a mentorship.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MentorshipAdded {
    pub id: Id,
    /// The mentor's name.
    #[schema(max_length = 200)]
    pub mentor_name: String,
    /// The fellowship's programme.
    #[schema(example = "nia", max_length = 60)]
    pub programme: String,
    #[schema(max_length = 200)]
    pub programme_name: String,
}

written! { Mentorship, MentorshipAdded, |_, added| added.id.to_string() }

impl Mentorship {
    /// # Errors
    /// `validation-failed` when it would end before it begins.
    pub fn check(&self) -> Result<()> {
        Span::new(Some(self.from), self.to).map(drop)
    }

    /// Whether it may become the other.
    ///
    /// # Errors
    /// As [`Mentorship::check`]; `immutable` for another mentor, fellowship or beginning.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        new.check()?;
        if (self.mentor, self.fellowship, self.from) == (new.mentor, new.fellowship, new.from) {
            return Ok(());
        }
        let detail =
            "The mentor, fellowship and first day of a mentorship cannot change. End this mentorship and add another.";
        Err(Error::new(Code::Immutable).detail(detail))
    }
}
