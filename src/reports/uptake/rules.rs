//! How adoptions and eligibility become uptake on a day. Every question about a day is answered by what held on that day.

pub mod groups;
pub mod patients;
pub mod sweep;

use crate::calendar::{Period, PeriodType, Span};
use crate::populations::rules::Counted;
use crate::vocabulary::{Basis, Qualifier};
use crate::words;
use chrono::{Months, NaiveDate};

words! {
    /// The length of the periods of a curve of uptake.
    pub enum Step {
        Day = "day",
        Month = "month",
        Quarter = "quarter",
        FinancialQuarter = "financial-quarter",
        Year = "year",
        FinancialYear = "financial-year",
    }
}

impl Step {
    pub fn period_type(self) -> PeriodType {
        match self {
            Self::Day => PeriodType::Day,
            Self::Month => PeriodType::Month,
            Self::Quarter => PeriodType::Quarter,
            Self::FinancialQuarter => PeriodType::FinancialQuarter,
            Self::Year => PeriodType::Year,
            Self::FinancialYear => PeriodType::FinancialYear,
        }
    }
}

/// A count of patients that an adoption reported on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patients {
    pub on: NaiveDate,
    pub value: i64,
    pub qualifier: Qualifier,
    pub basis: Basis,
}

/// An organisation, and what held of it on which days. Spans of one kind do not overlap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unit {
    /// The days on which the innovation was meant for it, wherever it lay.
    pub eligible: Vec<Span>,
    /// The days on which it had adopted the innovation, by the measure that is asked for, wherever it lay.
    adopted: Vec<Span>,
    /// Those of the days on which it was eligible on which it counted below the place: a curve asks this of each of its days.
    meant: Vec<Span>,
    /// Those of the days on which it had adopted on which it counted below the place.
    used: Vec<Span>,
    /// The days on which its routine use was confirmed.
    pub confirmations: Vec<NaiveDate>,
    /// What its adoptions reported, in the order of days.
    pub patients: Vec<Patients>,
    /// The patients that it has and the innovation is meant for, as they were counted.
    pub population: Vec<Counted>,
}

/// The days that are in some spans and in others.
pub fn meets(some: &[Span], others: &[Span]) -> Vec<Span> {
    Span::merged(some.iter().flat_map(|one| others.iter().filter_map(|other| one.meet(*other))).collect())
}

fn on(spans: &[Span], day: NaiveDate) -> bool {
    spans.iter().any(|span| span.holds(day))
}

impl Unit {
    /// One that counted below the place on some days: it lay there, and existed.
    pub fn new(counted: &[Span], eligible: Vec<Span>, adopted: Vec<Span>) -> Self {
        let (meant, used) = (meets(counted, &eligible), meets(counted, &adopted));
        Self { eligible, adopted, meant, used, ..Self::default() }
    }

    /// The first day on which it had adopted below the place.
    pub fn first_use(&self) -> Option<NaiveDate> {
        self.used.first().map(|span| span.from)
    }

    pub fn is_eligible_on(&self, day: NaiveDate) -> bool {
        on(&self.meant, day)
    }

    /// Whether it is one of those that adopters are held against.
    pub fn is_meant_on(&self, day: NaiveDate, denominator: Denominator) -> bool {
        match denominator {
            Denominator::AtDate => self.is_eligible_on(day),
            Denominator::Fixed(fixed) => self.is_eligible_on(fixed),
        }
    }

    pub fn has_adopted_on(&self, day: NaiveDate) -> bool {
        on(&self.used, day)
    }

    /// Whether it has adopted for over twelve months by a day, and nobody confirmed it in the twelve months before.
    fn is_unconfirmed_on(&self, day: NaiveDate) -> bool {
        let year_ago = day.checked_sub_months(Months::new(12)).unwrap_or(day);
        let present = self.adopted.iter().find(|span| span.holds(day));
        let long = present.is_some_and(|span| span.from < year_ago);
        long && !self.confirmations.iter().any(|confirmed| (year_ago..=day).contains(confirmed))
    }

    fn patients_on(&self, day: NaiveDate) -> Option<Patients> {
        self.patients.iter().rev().find(|count| count.on <= day).copied()
    }
}

/// Of which day the organisations are that adopters are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denominator {
    /// Those eligible on the day itself.
    AtDate,
    /// Those eligible on one day, whatever happened since.
    Fixed(NaiveDate),
}

/// Patients, by what adopters reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    pub value: i64,
    pub qualifier: Qualifier,
    pub basis: Basis,
}

/// Uptake on one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub on: NaiveDate,
    pub eligible: u64,
    /// Adopters that are eligible.
    pub adopters: u64,
    /// None where nobody is known to be eligible.
    pub share: Option<f64>,
    /// Adopters that are not eligible, which never push uptake past the whole.
    pub ineligible: u64,
    pub unconfirmed: u64,
    pub patients: Option<Reached>,
}

/// Uptake on a day.
pub fn point<'a>(units: impl IntoIterator<Item = &'a Unit>, day: NaiveDate, denominator: Denominator) -> Point {
    let (mut eligible, mut adopters, mut ineligible, mut unconfirmed) = (0, 0, 0, 0);
    let mut reported = Vec::new();
    for unit in units {
        let meant = unit.is_meant_on(day, denominator);
        eligible += u64::from(meant);
        if unit.has_adopted_on(day) {
            adopters += u64::from(meant);
            ineligible += u64::from(!meant);
            unconfirmed += u64::from(meant && unit.is_unconfirmed_on(day));
            reported.extend(unit.patients_on(day));
        }
    }
    let share = (eligible > 0).then(|| adopters as f64 / eligible as f64);
    Point { on: day, eligible, adopters, share, ineligible, unconfirmed, patients: reached(&reported) }
}

/// What several organisations reported together: one patient may attend two of them, so more than one count is approximate.
/// What is at most so many is left out.
fn reached(counts: &[Patients]) -> Option<Reached> {
    let counted: Vec<&Patients> = counts.iter().filter(|count| count.qualifier != Qualifier::AtMost).collect();
    let qualifier = match counted.as_slice() {
        [only] if counts.len() == 1 => only.qualifier,
        [only] => only.qualifier.plus(Qualifier::AtLeast),
        _ => Qualifier::Approximate,
    };
    let basis = counted.iter().map(|count| count.basis).max()?;
    Some(Reached { value: counted.iter().map(|count| count.value).sum(), qualifier, basis })
}

/// The last days of the periods from one that holds `from` to the one that holds `to`, of which the last is told at `to`.
pub fn days(step: Step, from: NaiveDate, to: NaiveDate) -> Vec<(Period, NaiveDate)> {
    let kind = step.period_type();
    let periods = Period::containing(kind, from).through(Period::containing(kind, to));
    periods.map(|period| (period, period.end().min(to))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Days;
    use proptest::prelude::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2020, 1, 1).and_then(|first| first.checked_add_days(Days::new(number))).expect("a day")
    }

    fn span(from: u64, to: u64) -> Span {
        Span { from: day(from), to: day(to) }
    }

    fn unit(eligible: Vec<Span>, adopted: Vec<Span>) -> Unit {
        Unit::new(&[Span::ALWAYS], eligible, adopted)
    }

    #[test]
    fn adopters_that_are_not_eligible_stand_apart() {
        let units = [
            unit(vec![Span::ALWAYS], vec![span(2, 5)]),
            unit(vec![Span::ALWAYS], vec![]),
            unit(vec![], vec![Span::ALWAYS]),
        ];
        let found = point(&units, day(3), Denominator::AtDate);
        assert_eq!((found.eligible, found.adopters, found.ineligible, found.share), (2, 1, 1, Some(0.5)));
        assert_eq!(point(&units, day(5), Denominator::AtDate).adopters, 0, "the day it ended is no use");
        assert_eq!(point(&units[2..], day(3), Denominator::AtDate).share, None, "nobody is known to be eligible");
    }

    #[test]
    fn counts_of_several_organisations_are_approximate_and_none_is_not_zero() {
        let count = |value, qualifier| Patients { on: day(1), value, qualifier, basis: Basis::Measured };
        let of = |counts: &[Patients]| reached(counts).map(|reached| (reached.value, reached.qualifier));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[count(100, Qualifier::Exact)]), Some((100, Qualifier::Exact)));
        let three = [count(100, Qualifier::AtLeast), count(80, Qualifier::Exact), count(60, Qualifier::Exact)];
        assert_eq!(of(&three), Some((240, Qualifier::Approximate)));
        assert_eq!(of(&[count(9, Qualifier::AtMost)]), None);
        assert_eq!(of(&[count(9, Qualifier::AtMost), count(5, Qualifier::Exact)]), Some((5, Qualifier::AtLeast)));
    }

    #[test]
    fn long_use_that_nobody_confirmed_within_a_year_is_unconfirmed() {
        // 11 March 2022, and 11 March 2021 a year before.
        let (today, year_ago) = (800, 435);
        for (adopted, confirmed, expected) in [
            (vec![span(year_ago - 1, 900)], None, 1),
            (vec![span(year_ago, 900)], None, 0),
            (vec![span(year_ago - 1, today)], None, 0),
            (vec![span(today + 1, 900)], None, 0),
            (vec![span(0, 100), span(year_ago, 900)], None, 0),
            (vec![span(year_ago - 1, 900)], Some(year_ago - 1), 1),
            (vec![span(year_ago - 1, 900)], Some(year_ago), 0),
            (vec![span(year_ago - 1, 900)], Some(today), 0),
            (vec![span(year_ago - 1, 900)], Some(today + 1), 1),
        ] {
            let found = |eligible: Vec<Span>| {
                let confirmations = confirmed.map(day).into_iter().collect();
                let unit = Unit { confirmations, ..unit(eligible, adopted.clone()) };
                point([&unit], day(today), Denominator::AtDate).unconfirmed
            };
            assert_eq!(found(vec![Span::ALWAYS]), expected, "{adopted:?} {confirmed:?}");
            assert_eq!(found(vec![]), 0, "only who is eligible is asked");
        }
    }

    #[test]
    fn a_fixed_denominator_is_of_its_own_day_and_patients_are_the_last_count_of_adopters() {
        let count =
            |on: u64, value| Patients { on: day(on), value, qualifier: Qualifier::Exact, basis: Basis::Measured };
        let patients = vec![count(2, 100), count(5, 120)];
        let counted =
            |days: &[Span]| Unit { patients: patients.clone(), ..Unit::new(days, vec![span(0, 4)], vec![span(1, 8)]) };
        let units = [counted(&[Span::ALWAYS]), counted(&[span(20, 30)])];
        for (on, value) in [(1, None), (2, Some(100)), (4, Some(100)), (5, Some(120)), (8, None)] {
            let found = point(&units, day(on), Denominator::Fixed(day(3)));
            assert_eq!((found.eligible, found.patients.map(|reached| reached.value)), (1, value), "{on}");
            assert_eq!(point(&units, day(on), Denominator::Fixed(day(4))).eligible, 0);
        }
    }

    #[test]
    fn a_curve_has_the_last_day_of_each_period_and_ends_where_it_is_asked_to() {
        let date = |text: &str| text.parse::<NaiveDate>().expect("a day");
        for (step, expected) in [
            (Step::Month, vec!["2020-01-31", "2020-02-29", "2020-03-31", "2020-04-10"]),
            (Step::Quarter, vec!["2020-03-31", "2020-04-10"]),
            (Step::FinancialQuarter, vec!["2020-03-31", "2020-04-10"]),
            (Step::Year, vec!["2020-04-10"]),
            (Step::FinancialYear, vec!["2020-03-31", "2020-04-10"]),
        ] {
            let found: Vec<NaiveDate> =
                days(step, date("2020-01-20"), date("2020-04-10")).into_iter().map(|(_, on)| on).collect();
            assert_eq!(found, expected.into_iter().map(date).collect::<Vec<_>>(), "{step:?}");
        }
    }

    /// First day and length of eligibility, and of adoption, and whether the organisation lives on.
    type Drawn = (u64, u64, u64, u64, bool);

    proptest! {
        #[test]
        fn uptake_is_what_a_count_of_each_day_finds_and_later_days_change_nothing(
            drawn in prop::collection::vec((0u64..20, 1u64..20, 0u64..20, 1u64..20, any::<bool>()), 1..12),
            later in 0u64..20,
        ) {
            let units = |later: &[Span]| drawn.iter().map(|(from, length, adopted, lasted, lives)| {
                let life = if *lives { Span::ALWAYS } else { span(0, 15) };
                let adopted = [&[span(*adopted, adopted + lasted)], later].concat();
                Unit::new(&[life], vec![span(*from, from + length)], adopted)
            }).collect::<Vec<Unit>>();
            let now = units(&[]);
            for number in 0..40 {
                let found = point(&now, day(number), Denominator::AtDate);
                let alive = |unit: &Drawn| unit.4 || number < 15;
                let meant = |unit: &Drawn| alive(unit) && (unit.0..unit.0 + unit.1).contains(&number);
                let uses = |unit: &Drawn| alive(unit) && (unit.2..unit.2 + unit.3).contains(&number);
                let count = |of: &dyn Fn(&Drawn) -> bool| drawn.iter().filter(|unit| of(unit)).count() as u64;
                prop_assert_eq!(found.eligible, count(&meant));
                prop_assert_eq!(found.adopters, count(&|unit| meant(unit) && uses(unit)));
                prop_assert_eq!(found.ineligible, count(&|unit| !meant(unit) && uses(unit)));
                prop_assert!(found.share.is_none_or(|share| share <= 1.0));
            }
            let moved = units(&[span(100 + later, 101 + later)]);
            for number in 0..40 {
                prop_assert_eq!(point(&now, day(number), Denominator::AtDate), point(&moved, day(number), Denominator::AtDate));
            }
        }
    }
}
