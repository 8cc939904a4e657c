//! How far an adoption has come, and its moves.

use crate::transitions::rules::Machine;
use crate::words;

words! {
    /// How far an organisation has come with an innovation.
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
    /// What stands in the way of an innovation.
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

    /// Whether somebody who only proposes may begin here.
    pub fn is_proposal(self) -> bool {
        matches!(self, Self::Identified | Self::Engaged)
    }

    /// The moves there are: a paused one resumes to the stage it left, or is declined.
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
