//! What a milestone may be.

use crate::error::{Faults, Result};
use crate::funding::years::Floor;
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The state of a milestone.
    pub enum MilestoneState { Planned = "planned", Met = "met", Missed = "missed", Waived = "waived" }
}

/// A milestone of an award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateMilestoneRequest, example = json!({ "title": "Ten trusts have begun", "dueOn": "2016-01-31" }))]
pub struct Milestone {
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    pub due_on: NaiveDate,
    #[serde(default = "planned")]
    #[schema(default = "planned")]
    pub state: MilestoneState,
    /// The day it was met, needed for the state `met`.
    #[schema(nullable = false)]
    pub met_on: Option<NaiveDate>,
}

fn planned() -> MilestoneState {
    MilestoneState::Planned
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MilestoneAdded {
    pub id: Id,
    /// The id of the gateway review whose condition it is.
    pub gateway_review: Option<Id>,
}

written! { Milestone, MilestoneAdded, |_, added| added.id.to_string() }

impl Milestone {
    /// # Errors
    /// `validation-failed` for a day it was met without that state or the reverse, or in the future, and for days before the award.
    pub fn check(&self, today: NaiveDate, award: Floor) -> Result<()> {
        let mut faults = Faults::default();
        faults.take(award.check("/dueOn", self.due_on));
        if let Some(day) = self.met_on {
            faults.take(award.check("/metOn", day));
        }
        if (self.state == MilestoneState::Met) != self.met_on.is_some() {
            faults.add("/metOn", "missing", "Give metOn with the state met, and with no other.");
        }
        if self.met_on.is_some_and(|day| day > today) {
            faults.add("/metOn", "future", "The day it was met cannot lie in the future.");
        }
        faults.check()
    }
}
