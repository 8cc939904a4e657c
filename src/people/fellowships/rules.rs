//! The rules for a fellowship, and its moves.

use crate::error::{Code, Error, Fault, Faults, Result};
use crate::transitions::links::LinkState;
use crate::transitions::rules::Machine;
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The state of a fellowship.
    pub enum FellowshipState {
        /// Until the fellow agrees, it counts nowhere, and only the two ends see it.
        Proposed = "proposed",
        Planned = "planned",
        Active = "active",
        Paused = "paused",
        Completed = "completed",
        Withdrawn = "withdrawn",
        /// Refused by the fellow, or taken back by the programme, before it was agreed.
        Declined = "declined",
    }
}

impl FellowshipState {
    /// The states in which the fellow has not agreed.
    pub const UNAGREED: [Self; 2] = [Self::Proposed, Self::Declined];
    /// The states of which days are asked about: from when to when it was held.
    pub const DATED: [Self; 4] = [Self::Active, Self::Paused, Self::Completed, Self::Withdrawn];
    /// The states after which there is no other.
    pub const ENDED: [Self; 2] = [Self::Completed, Self::Withdrawn];

    pub fn is_agreed(self) -> bool {
        !Self::UNAGREED.contains(&self)
    }
}

impl Machine for FellowshipState {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Proposed => vec![Self::Planned, Self::Declined],
            Self::Planned => vec![Self::Active, Self::Withdrawn],
            Self::Active => vec![Self::Paused, Self::Completed, Self::Withdrawn],
            Self::Paused => vec![Self::Active, Self::Withdrawn],
            // Proposed once more.
            Self::Declined => vec![Self::Proposed],
            Self::Completed | Self::Withdrawn => Vec::new(),
        }
    }

    fn needs_reason(self, to: Self) -> bool {
        to == Self::Withdrawn
    }
}

/// The slug of an innovation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(example = "mycopd", pattern = "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length = 60)]
pub struct InnovationSlug(pub String);

/// A fellow's place in a cohort of a programme.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateFellowshipRequest, example = json!({ "fellow": "014e46e9-bc00-772e-9a7b-940000400000", "programme": "nia", "cohort": 2, "innovations": ["mycopd"], "host": "RJZ", "wholeTimeEquivalent": 0.2, "from": "2016-07-01" }))]
pub struct Fellowship {
    pub fellow: Id,
    /// The slug of the programme.
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
    pub programme: String,
    /// The number of the cohort.
    #[schema(minimum = 1, maximum = 9999)]
    pub cohort: i32,
    /// The innovations that the fellow works on. One that you do not keep is proposed, and counts once its keeper agrees.
    #[serde(default)]
    #[schema(max_items = 100, default = json!([]))]
    pub innovations: Vec<InnovationSlug>,
    /// The code of the host organisation.
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    pub host: Option<String>,
    /// The code of the company that shares a joint post.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    pub industry_partner: Option<String>,
    /// The share of full time, above 0 and up to 1, such as 0.2.
    #[schema(exclusive_minimum = 0, maximum = 1)]
    pub whole_time_equivalent: f64,
    pub from: NaiveDate,
    /// The first day after it ends. Default: no end.
    #[schema(nullable = false)]
    pub to: Option<NaiveDate>,
}

/// What the register adds to a fellowship.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FellowshipAdded {
    pub id: Id,
    /// The fellow's name.
    #[schema(max_length = 200)]
    pub fellow_name: String,
    #[schema(max_length = 200)]
    pub programme_name: String,
    /// The names of the innovations, in the order of their slugs.
    #[schema(max_items = 100)]
    pub innovation_names: Vec<String>,
    /// How far the keepers of the innovations have agreed, in the same order. Others than the two ends see those alone that
    /// are agreed.
    #[schema(max_items = 100)]
    pub innovation_states: Vec<LinkState>,
    #[schema(max_length = 300)]
    pub host_name: Option<String>,
    #[schema(max_length = 300)]
    pub industry_partner_name: Option<String>,
    pub state: FellowshipState,
}

written! { Fellowship, FellowshipAdded, |_, added| added.id.to_string() }

impl Fellowship {
    /// Checks every rule and returns the whole-time equivalent in millionths.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn check(&self) -> Result<i64> {
        let mut faults = Faults::default();
        if self.to.is_some_and(|to| to <= self.from) {
            faults.add("/to", "range", "to is the first day after the fellowship ends, so it must be after from.");
        }
        let millionths = faults.take(millionths(self.whole_time_equivalent));
        faults.check()?;
        millionths.ok_or_else(|| Error::internal("a fault was lost"))
    }

    /// # Errors
    /// As [`Fellowship::check`]; `immutable` for another fellow or programme.
    pub fn check_change(&self, new: &Self) -> Result<i64> {
        let millionths = new.check()?;
        if self.fellow == new.fellow && self.programme.eq_ignore_ascii_case(&new.programme) {
            return Ok(millionths);
        }
        Err(Error::new(Code::Immutable).detail("The fellow and the programme of a fellowship cannot change."))
    }
}

fn millionths(share: f64) -> Result<i64, Fault> {
    let scaled = (share * 1_000_000.0).round();
    if (1.0..=1_000_000.0).contains(&scaled) {
        // Exact: a whole number of at most a million.
        Ok(scaled as i64)
    } else {
        Err(Fault::new("/wholeTimeEquivalent", "range", "Expected a number above 0 and at most 1, such as 0.2."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_full_time_is_kept_to_the_millionth() {
        for (share, expected) in [
            (1.0, Some(1_000_000)),
            (0.2, Some(200_000)),
            (0.333_333, Some(333_333)),
            (0.0, None),
            (1.1, None),
            (-0.2, None),
            (f64::NAN, None),
        ] {
            assert_eq!(millionths(share).ok(), expected, "{share}");
        }
    }
}
