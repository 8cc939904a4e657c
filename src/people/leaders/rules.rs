//! The rules for an innovation leader.

use crate::calendar::Span;
use crate::error::{Code, Error, Result};
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The kind of innovation leader.
    pub enum LeaderKind {
        Clinical = "clinical",
        Citizen = "citizen",
        Managerial = "managerial",
        Academic = "academic",
        Industry = "industry",
    }
}

/// An innovation leader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateLeaderRequest, example = json!({ "person": "014e46e9-bc00-7e12-92cf-2c0000400000", "kind": "clinical", "organisation": "RJZ", "from": "2015-09-01" }))]
pub struct Leader {
    pub person: Id,
    pub kind: LeaderKind,
    /// The code of the organisation where they lead.
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    pub organisation: Option<String>,
    /// The slug of the programme they lead for. Without a programme, only national administrators can change the record.
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    pub programme: Option<String>,
    pub from: NaiveDate,
    /// The first day they no longer lead. Default: no end.
    #[schema(nullable = false)]
    pub to: Option<NaiveDate>,
}

/// What the register adds to a leader.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaderAdded {
    pub id: Id,
    /// The person's name.
    #[schema(max_length = 200)]
    pub name: String,
    #[schema(max_length = 300)]
    pub organisation_name: Option<String>,
    #[schema(max_length = 200)]
    pub programme_name: Option<String>,
}

written! { Leader, LeaderAdded, |_, added| added.id.to_string() }

impl Leader {
    /// # Errors
    /// `validation-failed` when it would end before it begins.
    pub fn check(&self) -> Result<()> {
        Span::new(Some(self.from), self.to).map(drop)
    }

    /// # Errors
    /// As [`Leader::check`]; `immutable` for another person, kind or beginning.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        if (self.person, self.kind, self.from) == (new.person, new.kind, new.from) {
            return new.check();
        }
        let detail = "The person, kind and first day of a leader cannot change. End this record and add another.";
        Err(Error::new(Code::Immutable).detail(detail))
    }
}

/// The goal for the number of innovation leaders: at least, and at most.
pub const GOAL: (i64, i64) = (200, 300);
