//! What a fellowship may be, and its moves.

use crate::error::{Fault, Faults, Result};
use crate::transitions::rules::Machine;
use crate::words;
use chrono::NaiveDate;
use std::collections::BTreeSet;

words! {
    /// Where a fellowship stands.
    pub enum FellowshipState {
        Planned = "planned",
        Active = "active",
        Paused = "paused",
        Completed = "completed",
        Withdrawn = "withdrawn",
    }
}

impl Machine for FellowshipState {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Planned => vec![Self::Active, Self::Withdrawn],
            Self::Active => vec![Self::Paused, Self::Completed, Self::Withdrawn],
            Self::Paused => vec![Self::Active, Self::Withdrawn],
            Self::Completed | Self::Withdrawn => Vec::new(),
        }
    }

    fn needs_reason(self, to: Self) -> bool {
        to == Self::Withdrawn
    }
}

/// A fellowship as it is to be; everything is named by its public key.
#[derive(Debug, Clone, PartialEq)]
pub struct Fellowship {
    pub programme: String,
    pub cohort: i32,
    pub innovations: Vec<String>,
    pub host: Option<String>,
    pub industry_partner: Option<String>,
    /// Above 0, and 1 for full time.
    pub whole_time_equivalent: f64,
    pub from: NaiveDate,
    /// The first day it no longer holds; until further notice without.
    pub to: Option<NaiveDate>,
}

impl Fellowship {
    /// Folds and sorts what can be, and checks every rule; answers the whole-time equivalent in millionths too.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(mut self) -> Result<(Self, i64)> {
        let mut faults = Faults::default();
        self.innovations = self
            .innovations
            .iter()
            .map(|slug| slug.to_ascii_lowercase())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        if self.to.is_some_and(|to| to <= self.from) {
            faults.add("/to", "range", "to is the first day it no longer holds, so it lies after from.");
        }
        let millionths = faults.take(millionths(self.whole_time_equivalent));
        faults.check()?;
        Ok((self, millionths.unwrap_or(1)))
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
