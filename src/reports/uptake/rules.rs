//! How adoptions and eligibility become uptake on a day. Every question about a day is answered by what held on that day.

pub mod groups;
pub mod patients;
pub mod sweep;

use crate::calendar::{Period, PeriodType, Span};
use crate::disclosure::total;
use crate::organisations::rules::OrganisationType;
use crate::populations::rules::Counted;
use crate::vocabulary::{Basis, Qualifier};
use crate::words;
use chrono::{Months, NaiveDate};
use std::collections::BTreeSet;

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

/// The type of organisation that takes an innovation into use, on each day; none where all types count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitTypes(Vec<(Option<OrganisationType>, Span)>);

impl UnitTypes {
    /// The same type on all days.
    pub fn always(kind: OrganisationType) -> Self {
        Self(vec![(Some(kind), Span::ALWAYS)])
    }

    /// By the rules that hold on each day: the one type that they name. A rule of other days changes nothing.
    pub fn of_rules(rules: &[(OrganisationType, Span)]) -> Self {
        let changes = rules.iter().flat_map(|(_, span)| [span.from, span.to]);
        let days: BTreeSet<NaiveDate> = changes.chain([Span::ALWAYS.from, Span::ALWAYS.to]).collect();
        let named = |day: NaiveDate| {
            let mut kinds = rules.iter().filter(|(_, span)| span.holds(day)).map(|(kind, _)| *kind);
            let first = kinds.next()?;
            kinds.all(|kind| kind == first).then_some(first)
        };
        let spans = days.iter().zip(days.iter().skip(1)).map(|(from, to)| Span { from: *from, to: *to });
        Self(spans.map(|span| (named(span.from), span)).collect())
    }

    pub fn on(&self, day: NaiveDate) -> Option<OrganisationType> {
        self.0.iter().find(|(_, span)| span.holds(day)).and_then(|(kind, _)| *kind)
    }

    /// The days on which organisations of a type count.
    pub fn days_of(&self, kind: OrganisationType) -> Vec<Span> {
        let counts = self.0.iter().filter(|(only, _)| only.is_none_or(|only| only == kind));
        Span::merged(counts.map(|(_, span)| *span).collect())
    }

    /// The types that alone count on some days, with those days.
    pub fn alone(&self) -> Vec<(OrganisationType, Vec<Span>)> {
        let kinds: BTreeSet<OrganisationType> = self.0.iter().filter_map(|(kind, _)| *kind).collect();
        let days = |kind| self.0.iter().filter(|(only, _)| *only == Some(kind)).map(|(_, span)| *span).collect();
        kinds.into_iter().map(|kind| (kind, Span::merged(days(kind)))).collect()
    }
}

/// What one adoption of an organisation reported of patients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The days on which it had adopted the innovation.
    pub adopted: Vec<Span>,
    /// In the order of days: a count, or that none is known from that day on.
    pub counts: Vec<(NaiveDate, Option<Reached>)>,
}

impl Report {
    fn on(&self, day: NaiveDate) -> Option<Reached> {
        let last = self.counts.iter().rev().find(|(counted, _)| *counted <= day && on(&self.adopted, day));
        last.and_then(|(_, count)| *count)
    }
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
    /// The first day on which it used the innovation below the place, at whatever stage of use.
    first_use: Option<NaiveDate>,
    /// The days on which its routine use was confirmed.
    pub confirmations: Vec<NaiveDate>,
    /// What each of its adoptions reported.
    pub reports: Vec<Report>,
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
    /// One that counted below the place on some days: it lay there, and existed. `using` are the days on which it used the innovation.
    pub fn new(counted: &[Span], eligible: Vec<Span>, adopted: Vec<Span>, using: &[Span]) -> Self {
        let (meant, used) = (meets(counted, &eligible), meets(counted, &adopted));
        let first_use = meets(counted, using).first().map(|span| span.from);
        Self { eligible, adopted, meant, used, first_use, ..Self::default() }
    }

    /// The first day on which it used the innovation below the place.
    pub fn first_use(&self) -> Option<NaiveDate> {
        self.first_use
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

    fn reported_on(&self, day: NaiveDate) -> impl Iterator<Item = Reached> {
        self.reports.iter().filter_map(move |report| report.on(day))
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
    /// Patients of adopters that are eligible.
    pub patients: Option<Reached>,
    /// Patients of adopters that are not.
    pub ineligible_patients: Option<Reached>,
}

/// Uptake on a day.
pub fn point<'a>(units: impl IntoIterator<Item = &'a Unit>, day: NaiveDate, denominator: Denominator) -> Point {
    counted(units, (day, denominator), reached)
}

/// Uptake on a day as those see it who see small counts of patients of each adoption kept back, and others rounded.
pub fn disclosed<'a>(units: impl IntoIterator<Item = &'a Unit>, day: NaiveDate, denominator: Denominator) -> Point {
    counted(units, (day, denominator), |counts| {
        let parts: Vec<i64> = added(counts).map(|count| count.value).collect();
        reached(counts).and_then(|reached| Some(Reached { value: total(&parts)?, ..reached }))
    })
}

fn counted<'a>(
    units: impl IntoIterator<Item = &'a Unit>,
    (day, denominator): (NaiveDate, Denominator),
    reached: impl Fn(&[Reached]) -> Option<Reached>,
) -> Point {
    let (mut eligible, mut adopters, mut ineligible, mut unconfirmed) = (0, 0, 0, 0);
    let (mut reported, mut apart) = (Vec::new(), Vec::new());
    for unit in units {
        let meant = unit.is_meant_on(day, denominator);
        eligible += u64::from(meant);
        if unit.has_adopted_on(day) {
            adopters += u64::from(meant);
            ineligible += u64::from(!meant);
            unconfirmed += u64::from(meant && unit.is_unconfirmed_on(day));
            if meant { &mut reported } else { &mut apart }.extend(unit.reported_on(day));
        }
    }
    let share = (eligible > 0).then(|| adopters as f64 / eligible as f64);
    let (patients, ineligible_patients) = (reached(&reported), reached(&apart));
    Point { on: day, eligible, adopters, share, ineligible, unconfirmed, patients, ineligible_patients }
}

fn added(counts: &[Reached]) -> impl Iterator<Item = &Reached> {
    counts.iter().filter(|count| count.qualifier != Qualifier::AtMost)
}

/// What several adoptions reported together: one patient may attend two organisations, or be treated for two indications, so more than
/// one count is approximate. What is at most so many is left out.
fn reached(counts: &[Reached]) -> Option<Reached> {
    let counted: Vec<&Reached> = added(counts).collect();
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
        Unit::new(&[Span::ALWAYS], eligible, adopted, &[])
    }

    fn count_of(value: i64, qualifier: Qualifier) -> Reached {
        Reached { value, qualifier, basis: Basis::Measured }
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
        let count = count_of;
        let of = |counts: &[Reached]| reached(counts).map(|reached| (reached.value, reached.qualifier));
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
        let counts = [(2, Some(100)), (5, Some(120)), (7, None)];
        let counts = counts.map(|(on, value)| (day(on), value.map(|value| count_of(value, Qualifier::Exact))));
        let of = |days: &[Span]| {
            let report = Report { adopted: vec![span(1, 8)], counts: counts.to_vec() };
            Unit { reports: vec![report], ..Unit::new(days, vec![span(0, 4)], vec![span(1, 8)], &[]) }
        };
        let units = [of(&[Span::ALWAYS]), of(&[span(20, 30)])];
        for (on, value) in [(1, None), (2, Some(100)), (4, Some(100)), (5, Some(120)), (7, None), (8, None)] {
            let found = point(&units, day(on), Denominator::Fixed(day(3)));
            assert_eq!((found.eligible, found.patients.map(|reached| reached.value)), (1, value), "{on}");
            let other = point(&units, day(on), Denominator::Fixed(day(4)));
            assert_eq!((other.eligible, other.ineligible_patients.map(|reached| reached.value)), (0, value), "{on}");
            assert_eq!(other.patients, None, "patients of those who are not eligible stand apart");
        }
    }

    #[test]
    fn the_records_of_one_organisation_add_while_each_has_adopted() {
        let report = |adopted, value| Report {
            adopted: vec![adopted],
            counts: vec![(day(0), Some(count_of(value, Qualifier::Exact)))],
        };
        let reports = vec![report(span(0, 9), 100), report(span(0, 5), 50)];
        let unit = Unit { reports, ..unit(vec![Span::ALWAYS], vec![span(0, 9)]) };
        let on = |number| point([&unit], day(number), Denominator::AtDate).patients;
        assert_eq!(
            (on(4), on(5)),
            (Some(count_of(150, Qualifier::Approximate)), Some(count_of(100, Qualifier::Exact)))
        );
    }

    #[test]
    fn a_total_gives_no_small_count_of_patients_away() {
        let unit = |value| {
            let counts = vec![(day(0), Some(count_of(value, Qualifier::Exact)))];
            let reports = vec![Report { adopted: vec![Span::ALWAYS], counts }];
            Unit { reports, ..unit(vec![Span::ALWAYS], vec![Span::ALWAYS]) }
        };
        let units = [unit(12), unit(6)];
        let value = |point: Point| point.patients.map(|reached| reached.value);
        assert_eq!(value(point(&units, day(1), Denominator::AtDate)), Some(18));
        assert_eq!(value(disclosed(&units, day(1), Denominator::AtDate)), Some(15));
        assert_eq!(value(disclosed(&units[1..], day(1), Denominator::AtDate)), None);
    }

    #[test]
    fn the_unit_of_a_day_is_the_type_that_its_rules_name() {
        use OrganisationType::{NhsTrust, Pcn};
        let early = [(NhsTrust, span(10, 30))];
        let types = UnitTypes::of_rules(&early);
        let later = UnitTypes::of_rules(&[early.as_slice(), &[(Pcn, span(20, 40))]].concat());
        let on = |types: &UnitTypes, number| types.on(day(number));
        assert_eq!([5, 10, 19].map(|number| on(&later, number)), [5, 10, 19].map(|number| on(&types, number)));
        assert_eq!([5, 10, 20, 30, 40].map(|number| on(&later, number)), [None, Some(NhsTrust), None, Some(Pcn), None]);
        assert_eq!(later.alone(), [(NhsTrust, vec![span(10, 20)]), (Pcn, vec![span(30, 40)])]);
        let (from, to) = (Span::ALWAYS.from, Span::ALWAYS.to);
        let expected = [Span { from, to: day(30) }, Span { from: day(40), to }];
        assert_eq!(later.days_of(NhsTrust), expected);
        assert!(UnitTypes::always(Pcn).days_of(NhsTrust).is_empty());
    }

    #[test]
    fn the_first_use_comes_before_adoption_and_below_the_place() {
        let unit = Unit::new(&[span(3, 30)], vec![], vec![span(10, 20)], &[span(0, 20)]);
        assert_eq!((unit.first_use(), unit.has_adopted_on(day(9))), (Some(day(3)), false));
        for (using, first) in [
            (vec![], None),
            (vec![span(0, 3)], None),
            (vec![span(30, 40)], None),
            (vec![span(0, 4)], Some(3)),
            (vec![span(5, 6), span(8, 9)], Some(5)),
        ] {
            let unit = Unit::new(&[span(3, 30)], vec![], vec![], &using);
            assert_eq!(unit.first_use(), first.map(day), "{using:?}");
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
                Unit::new(&[life], vec![span(*from, from + length)], adopted, &[])
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
