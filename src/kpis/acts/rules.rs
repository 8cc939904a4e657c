//! What each kind of act says in words of its own.

use crate::calendar::Period;
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

impl ActKind {
    /// Where a request names the period.
    pub fn period_pointer(self) -> &'static str {
        match self {
            Self::Recalculation => "/from",
            Self::Exclusion => "/period",
        }
    }

    /// The error when the series has an act of this kind at the period already.
    pub fn clash(self, period: Period) -> String {
        match self {
            Self::Recalculation => format!("The series has a recalculation at {period} already."),
            Self::Exclusion => format!("The period {period} of this series is excluded already."),
        }
    }
}
