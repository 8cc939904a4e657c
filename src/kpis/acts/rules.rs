//! The words that every kind of act has in common.

use crate::transitions::rules::Machine;
use crate::words;

words! {
    /// What an act does to a series.
    pub enum ActKind {
        /// From its period on the series has a new mean and limits.
        Recalculation = "recalculation",
        /// The point of its period is left out of every calculation.
        Exclusion = "exclusion",
    }
}

words! {
    /// Whether an act decides how a series is read.
    pub enum ActState {
        /// It decides nothing until somebody else accepts it.
        Proposed = "proposed",
        /// It decides.
        Accepted = "accepted",
        /// It decides nothing.
        Refused = "refused",
    }
}

impl Machine for ActState {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Proposed => vec![Self::Accepted, Self::Refused],
            Self::Accepted | Self::Refused => Vec::new(),
        }
    }

    fn needs_reason(self, to: Self) -> bool {
        to == Self::Refused
    }
}

words! {
    /// Why a series is recalculated.
    pub enum RecalculationKind {
        /// The process was changed, on a known day.
        ProcessChange = "process-change",
        /// The series has moved and stays where it is.
        SustainedShift = "sustained-shift",
        /// Somebody looked at the series again.
        Review = "review",
    }
}
