//! The rules for a request about a person.

use crate::error::{Code, Error, Result};
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// What is asked: the rights of articles 15 to 18 and 21 of the UK GDPR.
    pub enum RequestKind { Erase = "erase", Restrict = "restrict", Object = "object", Rectify = "rectify", Access = "access" }
}

words! {
    pub enum Decision { Granted = "granted", Refused = "refused" }
}

/// What a person asked about the data held about them. While a request to restrict or to object is open or granted,
/// nothing that is sealed about the person is removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreatePersonRequestRecordRequest, example = json!({ "kind": "access", "received": "2016-03-03" }))]
pub struct PersonRequest {
    pub kind: RequestKind,
    /// The day it was received.
    pub received: NaiveDate,
    #[schema(nullable = false)]
    pub decision: Option<Decision>,
    /// Why it was decided so. A refusal needs it. It is kept, so do not name anybody.
    #[schema(min_length = 1, max_length = 1000, nullable = false)]
    pub ground: Option<String>,
}

/// What the register adds to a request.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonRequestAdded {
    pub id: Id,
    pub person: Id,
    /// A month after it was received.
    pub due: NaiveDate,
    /// The day it was decided.
    pub decided_on: Option<NaiveDate>,
}

written! { PersonRequest, PersonRequestAdded, |_, added| added.id.to_string() }

impl PersonRequest {
    /// The day by which it must be decided: a month later, or the last day of a shorter month.
    pub fn due(&self) -> NaiveDate {
        self.received.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX)
    }

    /// # Errors
    /// `validation-failed` for one from the future, and for a refusal without a ground.
    pub fn check(&self, today: NaiveDate) -> Result<()> {
        if self.received > today {
            return Err(Error::invalid("/received", "future", "The day it was received cannot lie in the future."));
        }
        if self.decision == Some(Decision::Refused) && self.ground.is_none() {
            return Err(Error::invalid("/ground", "missing", "A refusal needs its ground."));
        }
        Ok(())
    }

    /// Whether it may become the other.
    ///
    /// # Errors
    /// As [`PersonRequest::check`]; `immutable` for another kind or day.
    pub fn check_change(&self, new: &Self, today: NaiveDate) -> Result<()> {
        new.check(today)?;
        if (self.kind, self.received) == (new.kind, new.received) {
            return Ok(());
        }
        let detail = "What was asked, and when, cannot change. Record another request.";
        Err(Error::new(Code::Immutable).detail(detail))
    }
}
