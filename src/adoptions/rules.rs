//! What an adoption may be, its stages, and the moves between them.

use crate::error::{Code, Error, Faults, Result};
use crate::record::only_written;
use crate::transitions::rules::Machine;
use crate::vocabulary::Id;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The stage that an organisation has reached with an innovation.
    pub enum AdoptionStage {
        Identified = "identified",
        Engaged = "engaged",
        Committed = "committed",
        Piloting = "piloting",
        Implementing = "implementing",
        Adopted = "adopted",
        Sustained = "sustained",
        Declined = "declined",
        Paused = "paused",
        Decommissioned = "decommissioned",
        Superseded = "superseded",
    }
}

words! {
    /// A barrier to the use of an innovation.
    pub enum Barrier {
        EvidenceClarity = "evidence-clarity",
        EvolvingRegulation = "evolving-regulation",
        SlowProcurement = "slow-procurement",
        PartialInteroperability = "partial-interoperability",
        DataSecurityStandards = "data-security-standards",
        ChangeManagementSkills = "change-management-skills",
    }
}

/// The stages in the order they are gone through; any may be skipped.
const WAY: [AdoptionStage; 7] = [
    AdoptionStage::Identified,
    AdoptionStage::Engaged,
    AdoptionStage::Committed,
    AdoptionStage::Piloting,
    AdoptionStage::Implementing,
    AdoptionStage::Adopted,
    AdoptionStage::Sustained,
];

impl AdoptionStage {
    /// Whether the organisation uses the innovation: from piloting on, until it is paused, declined, decommissioned or
    /// superseded.
    pub fn is_use(self) -> bool {
        matches!(self, Self::Piloting | Self::Implementing | Self::Adopted | Self::Sustained)
    }

    /// Whether a fellow of the innovation may record this stage first.
    pub fn is_proposal(self) -> bool {
        matches!(self, Self::Identified | Self::Engaged)
    }

    /// The possible moves. A paused adoption resumes at the stage it left, or is declined.
    pub fn allowed(self, paused_from: Option<Self>) -> Vec<Self> {
        match (self, paused_from) {
            (Self::Paused, Some(left)) => vec![left, Self::Declined],
            _ => self.next(),
        }
    }
}

impl Machine for AdoptionStage {
    fn next(self) -> Vec<Self> {
        let ahead = WAY.into_iter().skip_while(move |stage| *stage != self).skip(1);
        match self {
            Self::Identified | Self::Engaged | Self::Committed | Self::Piloting | Self::Implementing => {
                ahead.chain([Self::Declined, Self::Paused]).collect()
            }
            Self::Adopted | Self::Sustained => ahead.chain([Self::Decommissioned, Self::Superseded]).collect(),
            Self::Declined => vec![Self::Engaged],
            Self::Paused => WAY.into_iter().take(5).chain([Self::Declined]).collect(),
            Self::Decommissioned | Self::Superseded => Vec::new(),
        }
    }

    fn needs_reason(self, to: Self) -> bool {
        matches!(to, Self::Declined | Self::Paused | Self::Decommissioned | Self::Superseded)
    }
}

/// An adoption of an innovation by an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateAdoptionRequest, example = json!({ "innovation": "mycopd", "organisation": "RJZ", "stage": "piloting", "since": "2016-02-01", "sites": 2 }))]
pub struct Adoption {
    /// The slug of the innovation.
    #[schema(example = "mycopd", pattern = "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length = 60)]
    pub innovation: String,
    /// The code of the organisation.
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub organisation: String,
    #[serde(default = "identified")]
    #[schema(default = "identified")]
    pub stage: AdoptionStage,
    /// The day that stage began. Default: today.
    #[serde(skip_serializing_if = "only_written")]
    #[schema(nullable = false, write_only)]
    pub since: Option<NaiveDate>,
    /// The number of sites where the innovation is used.
    #[schema(minimum = 0, maximum = 1_000_000_000, nullable = false)]
    pub sites: Option<i64>,
    /// The number of staff who use the innovation.
    #[schema(minimum = 0, maximum = 1_000_000_000, nullable = false)]
    pub users: Option<i64>,
    /// The number of patients reached. Readers without the grant to see it get none for 1 to 7, and else the nearest 5.
    #[schema(minimum = 0, maximum = 1_000_000_000, nullable = false)]
    pub patients: Option<i64>,
    /// The office of whoever decided to use it, such as medical director. Do not give a person's name.
    #[schema(example = "Medical director", min_length = 1, max_length = 200, nullable = false)]
    pub decided_by: Option<String>,
    /// The barriers that stand in the way of use.
    #[serde(default)]
    #[schema(max_items = 6, default = json!([]))]
    pub barriers: Vec<Barrier>,
    /// Whether the record is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

fn identified() -> AdoptionStage {
    AdoptionStage::Identified
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdoptionAdded {
    pub id: Id,
    #[schema(max_length = 200)]
    pub innovation_name: String,
    #[schema(max_length = 300)]
    pub organisation_name: String,
    /// The day the present stage began.
    pub stage_on: NaiveDate,
    /// The first day of use, which is the first day of piloting or of a later stage.
    pub using_from: Option<NaiveDate>,
    /// The day after the last day of use. Null while the innovation is in use, and before use begins.
    pub using_to: Option<NaiveDate>,
    /// Whether small counts of patients are suppressed and others rounded for you.
    pub suppressed: bool,
}

written! { Adoption, AdoptionAdded, |_, added| added.id.to_string() }

impl Adoption {
    /// # Errors
    /// `validation-failed` for a stage that began in the future, or that an adoption cannot begin with.
    pub fn check(&self, today: NaiveDate) -> Result<()> {
        let mut faults = Faults::default();
        if self.since.is_some_and(|day| day > today) {
            faults.add("/since", "future", "The day its stage began cannot lie in the future.");
        }
        if self.stage == AdoptionStage::Paused {
            faults.add("/stage", "illegal", "Record the stage it was paused in, and move it to paused.");
        }
        faults.check()
    }

    /// Whether it may become the other.
    ///
    /// # Errors
    /// `immutable` for another innovation, organisation or stage.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        let of_same = same(&self.innovation, &new.innovation) && same(&self.organisation, &new.organisation);
        if of_same && (self.stage, self.since) == (new.stage, new.since) {
            return Ok(());
        }
        let detail = "An adoption's innovation and organisation cannot change, and its stage changes by transitions.";
        Err(Error::new(Code::Immutable).detail(detail))
    }
}

#[cfg(test)]
mod tests {
    use super::AdoptionStage::*;
    use super::*;

    #[test]
    fn an_adoption_goes_forward_and_may_skip() {
        for (from, expected) in [
            (Identified, vec![Engaged, Committed, Piloting, Implementing, Adopted, Sustained, Declined, Paused]),
            (Implementing, vec![Adopted, Sustained, Declined, Paused]),
            (Adopted, vec![Sustained, Decommissioned, Superseded]),
            (Sustained, vec![Decommissioned, Superseded]),
            (Declined, vec![Engaged]),
            (Decommissioned, vec![]),
            (Superseded, vec![]),
        ] {
            assert_eq!(from.next(), expected, "{from:?}");
        }
    }

    #[test]
    fn a_paused_one_resumes_to_the_stage_it_left() {
        assert_eq!(Paused.allowed(Some(Piloting)), [Piloting, Declined]);
        assert_eq!(Engaged.allowed(None), Engaged.next());
    }
}
