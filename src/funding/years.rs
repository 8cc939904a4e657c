//! Financial years, and money planned for them.

use super::money::Money;
use crate::calendar::{Period, PeriodType};
use crate::error::{Error, Fault, Faults};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The first day that something may be dated, and why: nothing is dated before what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    pub day: NaiveDate,
    why: &'static str,
}

/// The first day of the health service: no money of this register is older.
pub const FOUNDED: Floor = Floor {
    day: match NaiveDate::from_ymd_opt(1948, 7, 5) {
        Some(day) => day,
        None => NaiveDate::MIN,
    },
    why: "the health service began on that day",
};

impl Floor {
    pub fn new(day: NaiveDate, why: &'static str) -> Self {
        Self { day, why }
    }

    /// The later of two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if other.day > self.day { other } else { self }
    }

    /// # Errors
    /// A fault at `pointer` for an earlier day.
    pub fn check(self, pointer: &str, day: NaiveDate) -> Result<(), Fault> {
        if day >= self.day {
            return Ok(());
        }
        Err(Fault::new(pointer, "too-early", format!("Expected {} or later: {}.", self.day, self.why)))
    }

    /// # Errors
    /// As [`Floor::check`], for a financial year that ends before.
    pub fn check_year(self, pointer: &str, year: i32) -> Result<(), Fault> {
        if year >= financial_year(self.day) {
            return Ok(());
        }
        let (first, Self { day, why }) = (year_label(financial_year(self.day)), self);
        Err(Fault::new(pointer, "too-early", format!("Expected {first} or later, the year of {day}: {why}.")))
    }
}

/// The amount planned for one financial year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PlannedYearBody)]
pub struct PlannedYear {
    /// The financial year, from 1 April to 31 March.
    #[schema(example = "2015-16", pattern = "^[0-9]{4}-[0-9]{2}$", max_length = 7)]
    pub financial_year: String,
    /// In the award's currency.
    #[schema(example = "50000.00", pattern = "^[0-9]{1,13}(\\.[0-9]{1,4})?$", max_length = 18)]
    pub amount: String,
}

/// The amount planned for one financial year, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// The calendar year of its 1 April.
    pub year: i32,
    pub minor: i64,
}

/// The financial year that a day lies in, by the calendar year of its 1 April.
pub fn financial_year(on: NaiveDate) -> i32 {
    Period::containing(PeriodType::FinancialYear, on).start().year()
}

/// The first day of a financial year.
pub fn first_day(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 4, 1).unwrap_or_default()
}

/// As people write it: `2026-27`.
pub fn year_label(year: i32) -> String {
    Period::containing(PeriodType::FinancialYear, first_day(year)).label()
}

/// Reads `2026-27`.
///
/// # Errors
/// A fault at `pointer`.
pub fn read_year(pointer: impl Into<String>, label: &str) -> Result<i32, Fault> {
    let read = Period::parse(PeriodType::FinancialYear, label).map(|period| period.start().year());
    read.map_err(|_| Fault::new(pointer, "financial-year", "Expected a financial year, such as 2026-27."))
}

/// As clients write a profile, in the currency of this amount.
pub fn planned(shares: &[Share], amount: Money) -> Vec<PlannedYear> {
    let planned = |share: &Share| PlannedYear {
        financial_year: year_label(share.year),
        amount: Money { minor: share.minor, ..amount }.amount(),
    };
    shares.iter().map(planned).collect()
}

/// Reads the profile of an amount, by year, if every part of it can be read.
pub fn read_profile(profile: &[PlannedYear], amount: Money, faults: &mut Faults) -> Option<Vec<Share>> {
    let mut shares = Vec::with_capacity(profile.len());
    for (at, planned) in profile.iter().enumerate() {
        let year = faults.take(read_year(format!("/profile/{at}/financialYear"), &planned.financial_year));
        let part = Money::read(&planned.amount, amount.currency.code());
        // A wrong currency is reported once, at the amount.
        let known = part.currency.exponent().is_some();
        let whole = if known { faults.take(part.check(&format!("/profile/{at}"))) } else { None };
        shares.extend(year.zip(whole).map(|(year, ())| Share { year, minor: part.minor }));
    }
    shares.sort_unstable();
    (shares.len() == profile.len()).then_some(shares)
}

/// Whether a profile names each year once, adds up to the amount, and lies within the award's days, of which the second
/// is the first after its plan.
pub fn check_profile(profile: &[Share], amount: Money, (from, to): (NaiveDate, NaiveDate), faults: &mut Faults) {
    if profile.windows(2).any(|pair| matches!(pair, [a, b] if a.year == b.year)) {
        faults.add("/profile", "named-twice", "Give each financial year once.");
    }
    let minor: i64 = profile.iter().map(|year| year.minor).sum();
    if minor != amount.minor {
        let (sum, amount) = (Money { minor, ..amount }.amount(), amount.amount());
        faults.add("/profile", "sum", format!("The profile adds up to {sum}, but the amount is {amount}."));
    }
    let (first, last) = (financial_year(from), financial_year(to.pred_opt().unwrap_or(to)));
    if let Some(outside) = profile.iter().find(|share| first <= last && !(first..=last).contains(&share.year)) {
        let (first, last, outside) = (year_label(first), year_label(last), year_label(outside.year));
        let detail =
            format!("The plan of the award runs from {first} to {last}, so nothing can be planned for {outside}.");
        faults.add("/profile", "outside-plan", detail);
    }
}

/// Two profiles together.
pub fn together(one: &[Share], other: &[Share]) -> Vec<Share> {
    let mut years = std::collections::BTreeMap::new();
    for share in one.iter().chain(other) {
        *years.entry(share.year).or_insert(0) += share.minor;
    }
    years.into_iter().map(|(year, minor)| Share { year, minor }).collect()
}

/// The shares of a profile that was checked when it was written.
///
/// # Errors
/// `internal` for one that is none.
pub fn shares(profile: &[PlannedYear], currency: &str) -> Result<Vec<Share>, Error> {
    let read = read_profile(profile, Money::of(0, currency), &mut Faults::default());
    read.ok_or_else(|| Error::internal("a stored profile cannot be read"))
}

/// A profile as it was before something that made `after` of `before`.
pub fn undone(profile: &[Share], before: &[Share], after: &[Share]) -> Vec<Share> {
    let taken: Vec<Share> = after.iter().map(|share| Share { minor: -share.minor, ..*share }).collect();
    let mut was = together(&together(profile, before), &taken);
    was.retain(|share| share.minor != 0);
    was
}

/// What is still committed of a profile, in order of its years, once so much was released: the end of the plan is given up
/// first.
pub fn remaining(profile: &[Share], released: i64) -> Vec<Share> {
    let mut left = released;
    let mut kept: Vec<Share> = profile
        .iter()
        .rev()
        .map(|share| {
            let given_up = left.min(share.minor);
            left -= given_up;
            Share { minor: share.minor - given_up, ..*share }
        })
        .collect();
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_financial_year_begins_on_1_april() {
        for (day, year, label) in
            [("2026-03-31", 2025, "2025-26"), ("2026-04-01", 2026, "2026-27"), ("1999-12-31", 1999, "1999-00")]
        {
            let of = financial_year(day.parse().unwrap());
            assert_eq!((of, year_label(of).as_str()), (year, label));
            assert_eq!(read_year("", label), Ok(year));
        }
    }

    #[test]
    fn a_release_gives_up_the_end_of_the_plan_first() {
        let profile = [(2024, 30), (2025, 20), (2026, 10)].map(|(year, minor)| Share { year, minor });
        for (released, left) in [(0, [30, 20, 10]), (10, [30, 20, 0]), (25, [30, 5, 0]), (60, [0, 0, 0])] {
            let kept: Vec<i64> = remaining(&profile, released).iter().map(|share| share.minor).collect();
            assert_eq!(kept, left, "{released}");
        }
    }

    #[test]
    fn what_changed_a_profile_later_is_undone_in_any_order() {
        let of = |years: &[(i32, i64)]| -> Vec<Share> {
            years.iter().map(|(year, minor)| Share { year: *year, minor: *minor }).collect()
        };
        // 100 of 2024; 50 more of 2026; then all of it in 2025.
        let (first, raised, moved) = (of(&[(2024, 100)]), of(&[(2024, 100), (2026, 50)]), of(&[(2025, 150)]));
        let more = of(&[(2026, 50)]);
        assert_eq!(undone(&moved, &raised, &moved), raised);
        assert_eq!(undone(&undone(&moved, &raised, &moved), &[], &more), first);
        assert_eq!(undone(&undone(&moved, &[], &more), &raised, &moved), first);
    }

    #[test]
    fn a_profile_lies_within_the_plan_and_adds_up() {
        let days = ("2024-07-01".parse().unwrap(), "2026-04-01".parse().unwrap());
        for (years, codes) in [
            (vec![(2024, 60), (2025, 40)], vec![]),
            (vec![(2024, 60)], vec!["sum"]),
            (vec![(2023, 60), (2025, 40)], vec!["outside-plan"]),
            (vec![(2025, 60), (2026, 40)], vec!["outside-plan"]),
            (vec![(2025, 60), (2025, 40)], vec!["named-twice"]),
        ] {
            let shares: Vec<Share> = years.iter().map(|(year, minor)| Share { year: *year, minor: *minor }).collect();
            let mut faults = Faults::default();
            check_profile(&shares, Money::of(100, "GBP"), days, &mut faults);
            let found: Vec<&str> =
                faults.check().err().iter().flat_map(|error| error.listed()).map(|fault| fault.code).collect();
            assert_eq!(found, codes, "{years:?}");
        }
    }
}
