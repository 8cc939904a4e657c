//! The statuses of a KPI, and how it moves from one to another.

use crate::error::{Faults, Result};
use crate::transitions::rules::{AskedMove, Machine};
use crate::words;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

words! {
    /// The status of a KPI. Only live KPIs accept values.
    pub enum KpiStatus {
        Proposed = "proposed", Agreed = "agreed", Live = "live", Retired = "retired", Superseded = "superseded",
    }
}

impl Machine for KpiStatus {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Proposed => vec![Self::Agreed, Self::Retired],
            Self::Agreed => vec![Self::Live, Self::Proposed, Self::Retired],
            Self::Live => vec![Self::Retired, Self::Superseded],
            Self::Retired | Self::Superseded => Vec::new(),
        }
    }

    fn needs_reason(self, to: Self) -> bool {
        matches!(to, Self::Proposed | Self::Retired | Self::Superseded)
    }
}

impl KpiStatus {
    /// Whether no value can exist for it yet.
    pub fn is_draft(self) -> bool {
        matches!(self, Self::Proposed | Self::Agreed)
    }
}

/// A move of a KPI.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = KpiTransitionRequest, example = json!({ "to": "agreed", "agreedBy": "Urgent care data group", "effectiveOn": "2024-03-12" }))]
pub struct AskedKpiMove {
    /// The status to move to.
    #[schema(max_length = 60, min_length = 1)]
    pub to: String,
    /// The reason. A move back to proposed, to retired or to superseded needs one.
    #[schema(max_length = 2000, nullable = false)]
    pub reason: Option<String>,
    /// The day the move took effect; of a move to agreed, the day of the agreement. Default: today.
    #[schema(nullable = false)]
    pub effective_on: Option<NaiveDate>,
    /// The body or group that agreed the definition, which a move to agreed needs. Do not name people.
    #[schema(max_length = 300, nullable = false)]
    pub agreed_by: Option<String>,
    /// The code of the live KPI that takes its place, which a move to superseded needs. Its `successorOf` is this KPI.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    pub successor: Option<String>,
}

/// What some moves need beside a reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    pub agreed_by: Option<String>,
    pub successor: Option<String>,
}

impl AskedKpiMove {
    /// The move, and what it needs beside a reason.
    pub fn parts(self) -> (AskedMove, Terms) {
        let Self { to, reason, effective_on, agreed_by, successor } = self;
        let agreed_by = agreed_by.map(|by| by.trim().to_owned()).filter(|by| !by.is_empty());
        (AskedMove { to, reason, effective_on }, Terms { agreed_by, successor })
    }
}

impl Terms {
    /// Whether a move to this status says what it needs, and no more.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn check(&self, to: KpiStatus) -> Result<()> {
        let mut faults = Faults::default();
        let terms = [
            (
                "/agreedBy",
                self.agreed_by.is_some(),
                KpiStatus::Agreed,
                "Say which body or group agreed the definition.",
            ),
            ("/successor", self.successor.is_some(), KpiStatus::Superseded, "Name the KPI that takes its place."),
        ];
        for (pointer, given, wanted_for, missing) in terms {
            if to == wanted_for && !given {
                faults.add(pointer, "missing", missing);
            } else if to != wanted_for && given {
                faults.add(pointer, "not-applicable", format!("Only a move to {} has one.", wanted_for.as_str()));
            }
        }
        faults.check()
    }
}

#[cfg(test)]
mod tests {
    use super::KpiStatus::*;
    use super::*;

    #[test]
    fn moves_back_and_out_need_a_reason_and_none_passes_agreement_by() {
        assert_eq!(Proposed.next(), [Agreed, Retired]);
        for (from, to, needed) in [(Agreed, Live, false), (Agreed, Proposed, true), (Live, Superseded, true)] {
            assert_eq!(from.needs_reason(to), needed);
        }
        assert!(Retired.next().is_empty() && Superseded.next().is_empty());
    }

    #[test]
    fn an_agreement_says_whose_and_a_succession_by_what() {
        let group = Terms { agreed_by: Some("The group".to_owned()), ..Terms::default() };
        let successor = Terms { successor: Some("new".to_owned()), ..Terms::default() };
        for (terms, to, fault) in [
            (&group, Agreed, None),
            (&group, Live, Some("/agreedBy not-applicable")),
            (&successor, Superseded, None),
            (&successor, Agreed, Some("/agreedBy missing; /successor not-applicable")),
            (&Terms::default(), Superseded, Some("/successor missing")),
            (&Terms::default(), Live, None),
        ] {
            let told = terms.check(to).err().map(|error| {
                error.listed().iter().map(|at| format!("{} {}", at.pointer, at.code)).collect::<Vec<_>>().join("; ")
            });
            assert_eq!(told.as_deref(), fault, "{to:?}");
        }
    }
}
