//! What an award may be, and its moves.

use crate::error::{Fault, Faults, Result};
use crate::funding::money::Money;
use crate::calendar::{Period, PeriodType};
use crate::transitions::rules::Machine;
use crate::vocabulary::Id;
use crate::words;
use chrono::{Datelike, NaiveDate};

words! {
    /// What an award pays for.
    pub enum AwardKind {
        Grant = "grant",
        Bursary = "bursary",
        CentralPurchase = "central-purchase",
        Contract = "contract",
        Other = "other",
    }
}

words! {
    /// Where an award stands.
    pub enum AwardState {
        Proposed = "proposed",
        Approved = "approved",
        Rejected = "rejected",
        Active = "active",
        Suspended = "suspended",
        Completed = "completed",
        Terminated = "terminated",
        Cancelled = "cancelled",
    }
}

words! {
    /// What an evaluation looks at.
    pub enum EvaluationDimension {
        Health = "health",
        Social = "social",
        Economic = "economic",
        Environmental = "environmental",
        Inequality = "inequality",
    }
}

impl Machine for AwardState {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Proposed => vec![Self::Approved, Self::Rejected],
            Self::Approved => vec![Self::Active, Self::Cancelled],
            Self::Active => vec![Self::Completed, Self::Suspended, Self::Terminated],
            Self::Suspended => vec![Self::Active, Self::Terminated],
            Self::Rejected | Self::Completed | Self::Terminated | Self::Cancelled => Vec::new(),
        }
    }

    fn needs_reason(self, to: Self) -> bool {
        matches!(to, Self::Rejected | Self::Cancelled | Self::Suspended | Self::Terminated)
    }
}

impl AwardState {
    /// Whether nothing more is set aside for it, so that what comes back goes on to the fund.
    pub fn is_over(self) -> bool {
        self.next().is_empty()
    }
}

/// Who an award goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    Organisation(String),
    Person(Id),
}

/// What is planned to be paid in one financial year, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlannedYear {
    /// The calendar year of its 1 April.
    pub year: i32,
    pub minor: i64,
}

/// An award as it is to be; everything is named by its public key.
#[derive(Debug, Clone, PartialEq)]
pub struct Award {
    pub fund: String,
    /// The fund's own unless told.
    pub programme: Option<String>,
    pub kind: AwardKind,
    pub title: String,
    pub description: String,
    pub recipient: Recipient,
    pub innovation: Option<String>,
    pub fellowship: Option<Id>,
    pub amount: Money,
    pub planned_from: NaiveDate,
    /// The first day after.
    pub planned_to: NaiveDate,
    /// Sums to the amount; all in the first year unless told.
    pub profile: Vec<PlannedYear>,
    /// A JSON document; an award does not become active without.
    pub evaluation_plan: Option<String>,
    /// An ONS code of the place it is for.
    pub geocode: Option<String>,
    /// Whether it may be published as open data once it is approved.
    pub published: bool,
    pub illustrative: bool,
}

/// The financial year that a day lies in, by the calendar year of its 1 April.
pub fn financial_year(on: NaiveDate) -> i32 {
    Period::containing(PeriodType::FinancialYear, on).start().year()
}

/// As people write it: `2026-27`.
pub fn year_label(year: i32) -> String {
    let first = NaiveDate::from_ymd_opt(year, 4, 1).unwrap_or_default();
    Period::containing(PeriodType::FinancialYear, first).label()
}

/// Reads `2026-27`.
///
/// # Errors
/// A fault at `pointer`.
pub fn read_year(pointer: String, label: &str) -> Result<i32, Fault> {
    let read = Period::parse(PeriodType::FinancialYear, label).map(|period| period.start().year());
    read.map_err(|_| Fault::new(pointer, "financial-year", "Expected a financial year, such as 2026-27."))
}

impl Award {
    /// Folds what can be and checks every rule.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(mut self) -> Result<Self> {
        let mut faults = Faults::default();
        self.fund = self.fund.to_ascii_uppercase();
        self.programme = self.programme.map(|slug| slug.to_ascii_lowercase());
        self.innovation = self.innovation.map(|slug| slug.to_ascii_lowercase());
        self.title = self.title.trim().to_owned();
        if self.title.is_empty() {
            faults.add("/title", "missing", "The title cannot be blank.");
        }
        if self.planned_to <= self.planned_from {
            faults.add("/plannedTo", "range", "plannedTo is the first day after it, so it lies after plannedFrom.");
        }
        if self.profile.is_empty() {
            self.profile = vec![PlannedYear { year: financial_year(self.planned_from), minor: self.amount.minor }];
        }
        self.profile.sort_unstable();
        if self.profile.windows(2).any(|pair| matches!(pair, [a, b] if a.year == b.year)) {
            faults.add("/profile", "named-twice", "Each financial year stands in the profile once.");
        }
        let planned: i64 = self.profile.iter().map(|year| year.minor).sum();
        if planned != self.amount.minor {
            let sum = Money { minor: planned, ..self.amount };
            let detail = format!("The profile sums to {}, and the award is of {}.", sum.amount(), self.amount.amount());
            faults.add("/profile", "sum", detail);
        }
        faults.check()?;
        Ok(self)
    }

    /// Whether two differ in what is decided on: whose money, how much, for whom and what.
    pub fn differs_in_terms(&self, other: &Self) -> bool {
        let terms = |award: &Self| {
            let Self { fund, programme, kind, recipient, innovation, fellowship, amount, planned_from, .. } = award;
            (
                fund.clone(),
                programme.clone(),
                *kind,
                recipient.clone(),
                innovation.clone(),
                *fellowship,
                *amount,
                *planned_from,
            )
        };
        terms(self) != terms(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_award_moves_as_the_domain_says() {
        use AwardState::*;
        let moves = [
            (Proposed, vec![Approved, Rejected]),
            (Approved, vec![Active, Cancelled]),
            (Active, vec![Completed, Suspended, Terminated]),
            (Suspended, vec![Active, Terminated]),
        ];
        for state in AwardState::ALL {
            let expected = moves.iter().find(|(from, _)| from == state).map(|(_, to)| to.clone()).unwrap_or_default();
            assert_eq!(state.next(), expected, "{state:?}");
        }
    }

    #[test]
    fn a_financial_year_begins_on_1_april() {
        for (day, year, label) in
            [("2026-03-31", 2025, "2025-26"), ("2026-04-01", 2026, "2026-27"), ("1999-12-31", 1999, "1999-00")]
        {
            let of = financial_year(day.parse().unwrap());
            assert_eq!((of, year_label(of).as_str()), (year, label));
            assert_eq!(read_year(String::new(), label), Ok(year));
        }
    }
}
