//! Figures that are stated by financial year: of a year, and of all years to date. Years are named by their first days.

use super::places::{Nesting, Place};
use super::rules::{Sum, sum};
use crate::benefits::rules::year_of;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// A figure that is claimed for some years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stated {
    pub innovation: Id,
    pub place: Place,
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
    pub innovation: Id,
    pub place: Place,
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

/// The sum over innovations, in each without telling anything twice that nested places tell.
fn together(figures: impl IntoIterator<Item = (Id, Place, Sum)>, nesting: &Nesting) -> Option<Sum> {
    let mut innovations: BTreeMap<Id, BTreeMap<Place, Sum>> = BTreeMap::new();
    for (innovation, place, figure) in figures {
        let places = innovations.entry(innovation).or_default();
        let sum = places.get(&place).map_or(figure, |before| before.plus(figure));
        places.insert(place, sum);
    }
    sum(innovations.into_values().filter_map(|places| nesting.together(places)))
}

/// What is claimed for the latest year that claims are stated for, not after `year`. Another year's figure is never added to it.
pub fn claimed(claims: &[Stated], nesting: &Nesting, year: NaiveDate) -> Option<OfYears> {
    let begun = || claims.iter().filter(|claim| claim.first <= year);
    let latest = begun().map(|claim| claim.last.map_or(year, |last| last.min(year))).max()?;
    let of_it: Vec<&Stated> = begun().filter(|claim| claim.last.is_none_or(|last| last >= latest)).collect();
    let once = || of_it.iter().filter(|claim| !claim.yearly);
    let first = once().map(|claim| claim.first).min().unwrap_or(latest);
    let last = once().filter_map(|claim| claim.last).max().unwrap_or(latest);
    let sum = together(of_it.iter().map(|claim| (claim.innovation, claim.place, claim.figure)), nesting)?;
    Some(OfYears { sum, first: first.min(latest), last: last.max(latest) })
}

/// What was achieved in the latest year of which something was, and in all years to date.
pub fn achieved(rows: &[Achieved], nesting: &Nesting) -> Option<(OfYears, OfYears)> {
    let mut years: BTreeMap<NaiveDate, Vec<&Achieved>> = BTreeMap::new();
    for row in rows {
        years.entry(row.year).or_default().push(row);
    }
    let of = |rows: &[&Achieved]| together(rows.iter().map(|row| (row.innovation, row.place, row.figure)), nesting);
    let (first, last) = (*years.keys().next()?, *years.keys().next_back()?);
    let in_year = years.get(&last).and_then(|rows| of(rows))?;
    let to_date = sum(years.values().filter_map(|rows| of(rows)))?;
    Some((OfYears { sum: in_year, first: last, last }, OfYears { sum: to_date, first, last }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::impact::rules::id;
    use crate::vocabulary::{Basis, Qualifier};

    fn year(year: i32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, 4, 1).expect("a day")
    }

    fn figure(pounds: i64) -> Sum {
        Sum { hundredths: pounds * 100, qualifier: Qualifier::Exact, basis: Basis::Measured, illustrative: false }
    }

    fn stated(innovation: u32, place: Place, (first, last): (i32, i32), pounds: i64) -> Stated {
        let (first, last) = (year(first), Some(year(last)));
        Stated { innovation: id(innovation), place, first, last, yearly: false, figure: figure(pounds) }
    }

    fn read(claims: &[Stated], of: i32) -> Option<(i64, String)> {
        claimed(claims, &Nesting::default(), year(of)).map(|found| (found.sum.hundredths / 100, found.label()))
    }

    #[test]
    fn next_years_saving_is_not_added_to_this_years() {
        let claims = [stated(1, Place::Country, (2022, 2022), 100), stated(1, Place::Country, (2023, 2023), 120)];
        assert_eq!(read(&claims, 2021), None);
        assert_eq!(read(&claims, 2022), Some((100, "2022-23".to_owned())));
        assert_eq!(read(&claims, 2023), Some((120, "2023-24".to_owned())));
        assert_eq!(read(&claims, 2026), Some((120, "2023-24".to_owned())));
    }

    #[test]
    fn a_yearly_saving_is_told_for_each_year_and_never_grows() {
        let endless = Stated { yearly: true, last: None, ..stated(1, Place::Country, (2022, 2022), 4) };
        assert_eq!(read(&[endless], 2022), Some((4, "2022-23".to_owned())));
        assert_eq!(read(&[endless], 2026), Some((4, "2026-27".to_owned())));
        let over_years = stated(1, Place::Country, (2022, 2024), 9);
        assert_eq!(read(&[over_years], 2023), Some((9, "2022-23 to 2024-25".to_owned())));
    }

    #[test]
    fn a_national_saving_and_a_trusts_part_of_it_are_not_added_and_other_innovations_are() {
        let trust = Place::Body(id(9));
        let claims = [
            stated(1, Place::Country, (2022, 2022), 100),
            stated(1, trust, (2022, 2022), 30),
            stated(2, trust, (2022, 2022), 5),
        ];
        assert_eq!(read(&claims, 2022), Some((105, "2022-23".to_owned())));
    }

    #[test]
    fn what_was_achieved_is_told_for_the_last_year_and_to_date() {
        let row = |of: i32, pounds| Achieved {
            innovation: id(1),
            place: Place::Country,
            year: year(of),
            figure: figure(pounds),
        };
        let (in_year, to_date) = achieved(&[row(2022, 10), row(2023, 7)], &Nesting::default()).expect("rows");
        assert_eq!((in_year.sum.hundredths, in_year.label().as_str()), (700, "2023-24"));
        assert_eq!((to_date.sum.hundredths, to_date.label().as_str()), (1700, "2022-23 to 2023-24"));
        assert_eq!(achieved(&[], &Nesting::default()), None);
    }
}
