//! The rules for a count of a network's members.

use crate::error::{Code, Error, Result};
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::written;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many members a network had on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateNetworkMembershipRequest, example = json!({ "countedOn": "2019-04-01", "members": 3000, "qualifier": "at-least", "basis": "measured" }))]
pub struct NetworkMembership {
    pub counted_on: NaiveDate,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub members: i64,
    pub qualifier: Qualifier,
    pub basis: Basis,
    /// Where the count was reported, such as a web address.
    #[schema(max_length = 500, nullable = false)]
    pub source: Option<String>,
}

/// What the register adds to a count.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NetworkMembershipAdded {
    pub id: Id,
}

written! { NetworkMembership, NetworkMembershipAdded, |_, added| added.id.to_string() }

impl NetworkMembership {
    /// # Errors
    /// `validation-failed` for a day after today.
    pub fn check(&self, today: NaiveDate) -> Result<()> {
        if self.counted_on > today {
            return Err(Error::invalid("/countedOn", "future", "The day of a count cannot lie in the future."));
        }
        Ok(())
    }

    /// # Errors
    /// `immutable` for another day.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        if self.counted_on == new.counted_on {
            return Ok(());
        }
        let detail = "The day of a count cannot change. Add a count for the other day.";
        Err(Error::new(Code::Immutable).detail(detail))
    }
}
