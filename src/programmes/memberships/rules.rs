//! The rules for a membership.

use crate::calendar::{Span, Until};
use crate::error::{Code, Error, Result};
use crate::transitions::links::LinkState;
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The end that proposed a membership.
    pub enum MembershipEnd {
        Programme = "programme",
        Innovation = "innovation",
    }
}

/// A membership of an innovation in a programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateProgrammeMembershipRequest, example = json!({ "programme": "itp", "from": "2018-04-01", "to": "2020-04-01" }))]
pub struct Membership {
    /// The slug of the programme.
    #[schema(example = "itp", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
    pub programme: String,
    /// The first day on which the innovation is in the programme.
    pub from: NaiveDate,
    /// The first day on which the innovation is no longer in the programme. By default it has no end.
    #[schema(nullable = false)]
    pub to: Option<NaiveDate>,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MembershipAdded {
    pub id: Id,
    #[schema(example = "Innovation and Technology Payment", max_length = 200)]
    pub programme_name: Option<String>,
    /// It counts from when both ends have agreed to it. Until then only those who keep one of them see it.
    pub state: LinkState,
    pub proposed_by: MembershipEnd,
}

written! { Membership, MembershipAdded, |_, added| added.id.to_string() }

impl Membership {
    /// Puts the slug in lower case and checks the dates.
    ///
    /// # Errors
    /// `validation-failed` when it would end before it begins.
    pub fn checked(mut self) -> Result<Self> {
        self.programme.make_ascii_lowercase();
        Span::new(Some(self.from), self.to)?;
        Ok(self)
    }

    /// Whether it says no more than the other did: the same days, or fewer of them.
    pub fn narrows(&self, agreed: &Self) -> bool {
        self.from >= agreed.from && Until::from(self.to) <= Until::from(agreed.to)
    }

    /// # Errors
    /// `immutable` for another programme.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        if new.programme == self.programme {
            return Ok(());
        }
        let detail = "The programme cannot change. End this membership and add another.";
        Err(Error::new(Code::Immutable).detail(detail))
    }
}
