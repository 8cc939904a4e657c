//! Figures that are stated by financial year: of a year, and of all years to date. Years are named by their first days.

use super::places::{ByPlace, Nesting, Place};
use super::rules::{Sum, outermost, sum};
use crate::benefits::rules::year_of;
use crate::calendar::{Period, PeriodType, Span};
use crate::vocabulary::Id;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// What a figure is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    pub id: Id,
    pub innovation: Id,
    pub place: Place,
    pub period: Span,
    /// The claim that it puts into money: the two are one.
    pub monetises: Option<Id>,
}

/// A figure that is claimed for some years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stated {
    pub claim: Claim,
    pub first: NaiveDate,
    /// None where it has no end.
    pub last: Option<NaiveDate>,
    /// Whether the figure is reached in each year, and not once in all of them.
    pub yearly: bool,
    pub figure: Sum,
}

/// A figure that was achieved in a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Achieved {
    pub claim: Claim,
    pub year: NaiveDate,
    pub figure: Sum,
}

/// A figure with the first and last of the years it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfYears {
    pub sum: Sum,
    pub first: NaiveDate,
    pub last: NaiveDate,
}

impl OfYears {
    /// The years in words: `2023-24`, or `2022-23 to 2023-24`.
    pub fn label(&self) -> String {
        let (first, last) = (year_of(self.first), year_of(self.last));
        if first == last { first } else { format!("{first} to {last}") }
    }
}

/// The sum over innovations, without counting anything twice: what is below zero lessens the rest, and is added up in the same way.
fn together(figures: impl IntoIterator<Item = (Claim, Sum)>, nesting: &Nesting) -> Option<Sum> {
    let (losses, gains): (Vec<_>, Vec<_>) = figures.into_iter().partition(|(_, figure)| figure.hundredths < 0);
    let losses = losses.into_iter().map(|(claim, figure)| (claim, figure.negated())).collect();
    sum([added(gains, nesting), added(losses, nesting).map(Sum::negated)].into_iter().flatten())
}

/// Figures of one sign: each claim with the parts it holds, of several that put one benefit into money the largest, and at each place what
/// it and the places within it report.
fn added(figures: Vec<(Claim, Sum)>, nesting: &Nesting) -> Option<Sum> {
    let claims: BTreeMap<Id, Claim> = figures.iter().map(|(claim, _)| (claim.id, *claim)).collect();
    let own: BTreeMap<Id, Sum> = figures.into_iter().map(|(claim, figure)| (claim.id, figure)).collect();
    let around = |claim: Id| nesting.holders.around(claim, |holder| own.contains_key(&holder));
    let parts = |parts: &[(Id, Sum)]| sum(parts.iter().map(|(_, figure)| *figure));
    let mut of_one: BTreeMap<Id, (Claim, Sum)> = BTreeMap::new();
    for (id, figure) in outermost(&own, around, &parts) {
        let Some(claim) = claims.get(&id) else { continue };
        let one = of_one.entry(claim.monetises.unwrap_or(id)).or_insert((*claim, figure));
        if one.1.larger(figure) != one.1 {
            *one = (*claim, figure);
        }
    }
    let mut innovations: BTreeMap<Id, ByPlace> = BTreeMap::new();
    for (claim, figure) in of_one.into_values() {
        let places = innovations.entry(claim.innovation).or_default();
        let before = places.get(&claim.place).copied();
        let both = before.map_or((claim.period, figure), |(days, sum)| (days.hull(claim.period), sum.plus(figure)));
        places.insert(claim.place, both);
    }
    sum(innovations.into_values().filter_map(|places| nesting.together(&places)))
}

/// What is claimed for the latest year that claims are stated for, not after `year`. Another year's figure is never added to it.
pub fn claimed(claims: &[Stated], nesting: &Nesting, year: NaiveDate) -> Option<OfYears> {
    let begun = || claims.iter().filter(|claim| claim.first <= year);
    let latest = begun().map(|claim| claim.last.map_or(year, |last| last.min(year))).max()?;
    let of_it: Vec<&Stated> = begun().filter(|claim| claim.last.is_none_or(|last| last >= latest)).collect();
    let once = || of_it.iter().filter(|claim| !claim.yearly);
    let first = once().map(|claim| claim.first).min().unwrap_or(latest);
    let last = once().filter_map(|claim| claim.last).max().unwrap_or(latest);
    let sum = together(of_it.iter().map(|stated| (stated.claim, stated.figure)), nesting)?;
    Some(OfYears { sum, first: first.min(latest), last: last.max(latest) })
}

/// What was achieved in the latest year of which something was, and in all years to date.
pub fn achieved(rows: &[Achieved], nesting: &Nesting) -> Option<(OfYears, OfYears)> {
    let mut years: BTreeMap<NaiveDate, Vec<&Achieved>> = BTreeMap::new();
    for row in rows {
        years.entry(row.year).or_default().push(row);
    }
    let of = |rows: &[&Achieved]| {
        let of_year = |row: &&Achieved| {
            let year = Period::containing(PeriodType::FinancialYear, row.year);
            (Claim { period: Span { from: year.start(), to: year.next().start() }, ..row.claim }, row.figure)
        };
        together(rows.iter().map(of_year), nesting)
    };
    let (first, last) = (*years.keys().next()?, *years.keys().next_back()?);
    let in_year = years.get(&last).and_then(|rows| of(rows))?;
    let to_date = sum(years.values().filter_map(|rows| of(rows)))?;
    Some((OfYears { sum: in_year, first: last, last }, OfYears { sum: to_date, first, last }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::impact::holders::Holders;
    use crate::reports::impact::rules::id;
    use crate::vocabulary::{Basis, Qualifier};
    use std::collections::HashSet;

    fn year(year: i32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, 4, 1).expect("a day")
    }

    fn figure(pounds: i64) -> Sum {
        Sum { hundredths: pounds * 100, qualifier: Qualifier::Exact, basis: Basis::Measured, illustrative: false }
    }

    /// A claim by its number, of an innovation.
    fn claim(number: u32, innovation: u32, place: Place, (first, last): (i32, i32)) -> Claim {
        let period = Span { from: year(first), to: year(last + 1) };
        Claim { id: id(number), innovation: id(innovation), place, period, monetises: None }
    }

    fn stated(number: u32, innovation: u32, place: Place, (first, last): (i32, i32), pounds: i64) -> Stated {
        let claim = claim(number, innovation, place, (first, last));
        Stated { claim, first: year(first), last: Some(year(last)), yearly: false, figure: figure(pounds) }
    }

    fn read(claims: &[Stated], of: i32) -> Option<(i64, String)> {
        claimed(claims, &Nesting::default(), year(of)).map(|found| (found.sum.hundredths / 100, found.label()))
    }

    const YEAR: (i32, i32) = (2022, 2022);

    #[test]
    fn next_years_saving_is_not_added_to_this_years() {
        let claims = [stated(1, 1, Place::Country, YEAR, 100), stated(2, 1, Place::Country, (2023, 2023), 120)];
        assert_eq!(read(&claims, 2021), None);
        assert_eq!(read(&claims, 2022), Some((100, "2022-23".to_owned())));
        assert_eq!(read(&claims, 2023), Some((120, "2023-24".to_owned())));
        assert_eq!(read(&claims, 2026), Some((120, "2023-24".to_owned())));
    }

    #[test]
    fn a_yearly_saving_is_stated_for_each_year_and_never_grows() {
        let endless = Stated { yearly: true, last: None, ..stated(1, 1, Place::Country, YEAR, 4) };
        assert_eq!(read(&[endless], 2022), Some((4, "2022-23".to_owned())));
        assert_eq!(read(&[endless], 2026), Some((4, "2026-27".to_owned())));
        let over_years = stated(1, 1, Place::Country, (2022, 2024), 9);
        assert_eq!(read(&[over_years], 2023), Some((9, "2022-23 to 2024-25".to_owned())));
    }

    #[test]
    fn a_national_saving_and_a_trusts_part_of_it_are_not_added_and_other_innovations_are() {
        let trust = Place::Body(id(9));
        for (national, part, elsewhere, expected) in
            [(100, 30, 5, 105), (100, -20, 5, 85), (-50, -20, 5, -45), (-100, 30, 0, -70)]
        {
            let claims = [
                stated(1, 1, Place::Country, YEAR, national),
                stated(2, 1, trust, YEAR, part),
                stated(3, 2, trust, YEAR, elsewhere),
            ];
            assert_eq!(read(&claims, 2022).map(|found| found.0), Some(expected), "{national} and {part}");
        }
    }

    #[test]
    fn two_savings_that_put_one_benefit_into_money_are_one() {
        let of_beds = |number, pounds| {
            let one = stated(number, 1, Place::Body(id(number)), YEAR, pounds);
            Stated { claim: Claim { monetises: Some(id(7)), ..one.claim }, ..one }
        };
        assert_eq!(read(&[of_beds(1, 40), of_beds(2, 30)], 2022).map(|found| found.0), Some(40));
    }

    #[test]
    fn what_was_achieved_is_of_the_last_year_and_to_date() {
        let row = |number, of: i32, pounds| Achieved {
            claim: claim(number, 1, Place::Country, (2020, 2025)),
            year: year(of),
            figure: figure(pounds),
        };
        let (in_year, to_date) = achieved(&[row(1, 2022, 10), row(1, 2023, 7)], &Nesting::default()).expect("rows");
        assert_eq!((in_year.sum.hundredths, in_year.label().as_str()), (700, "2023-24"));
        assert_eq!((to_date.sum.hundredths, to_date.label().as_str()), (1700, "2022-23 to 2023-24"));
        assert_eq!(achieved(&[], &Nesting::default()), None);
        // A part counts where its holder achieved nothing yet, and where the parts achieved more.
        let holders = Holders::new([(id(2), Some(id(1)), None), (id(3), Some(id(1)), None)]);
        let nesting = Nesting::new([], HashSet::new(), holders);
        for (rows, expected) in [
            (vec![row(2, 2022, 250)], 250),
            (vec![row(1, 2022, 100), row(2, 2022, 60), row(3, 2022, 30)], 100),
            (vec![row(1, 2022, 100), row(2, 2022, 80), row(3, 2022, 30)], 110),
        ] {
            let found = achieved(&rows, &nesting).expect("rows").0.sum;
            assert_eq!(found.hundredths, expected * 100, "{rows:?}");
        }
    }
}
