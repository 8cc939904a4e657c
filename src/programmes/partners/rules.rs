//! The rules for a partner of a programme.

use crate::calendar::{Span, Until};
use crate::error::{Code, Error, Result};
use crate::transitions::links::LinkState;
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The role of a partner.
    pub enum PartnerRole {
        Lead = "lead",
        Partner = "partner",
        Funder = "funder",
        SupportingNetwork = "supporting-network",
        Industry = "industry",
        Evaluator = "evaluator",
    }
}

/// An organisation's part in a programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateProgrammePartnerRequest, example = json!({ "organisation": "QKK", "role": "partner", "from": "2016-04-01" }))]
pub struct Partner {
    /// The code of the organisation.
    #[schema(example = "QKK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub organisation: String,
    pub role: PartnerRole,
    /// The first day of the partnership.
    pub from: NaiveDate,
    /// The first day after the partnership ends. By default it has no end.
    #[schema(nullable = false)]
    pub to: Option<NaiveDate>,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartnerAdded {
    pub id: Id,
    #[schema(max_length = 300)]
    pub organisation_name: String,
    /// The same as `organisationName`, which other resources have too.
    #[schema(max_length = 300)]
    pub name: String,
    /// It counts from when both ends have agreed to it. Until then only the programme and those who act for the
    /// organisation see it.
    pub state: LinkState,
}

written! { Partner, PartnerAdded, |_, added| added.id.to_string() }

impl Partner {
    /// Puts the code in upper case and checks the dates.
    ///
    /// # Errors
    /// `validation-failed` when it would end before it begins.
    pub fn checked(mut self) -> Result<Self> {
        self.organisation.make_ascii_uppercase();
        Span::new(Some(self.from), self.to)?;
        Ok(self)
    }

    /// Whether it says no more than the other did: the same role, on the same days or fewer of them.
    pub fn narrows(&self, agreed: &Self) -> bool {
        let days = self.from >= agreed.from && Until::from(self.to) <= Until::from(agreed.to);
        self.role == agreed.role && days
    }

    /// # Errors
    /// `immutable` for another organisation.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        if new.organisation == self.organisation {
            return Ok(());
        }
        let detail = "The organisation cannot change. End this partnership and add another.";
        Err(Error::new(Code::Immutable).detail(detail))
    }
}
