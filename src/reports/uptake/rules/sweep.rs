//! When uptake first reached something: one walk over the days on which anything changed.

use super::{Denominator, Unit, meets};
use crate::calendar::Span;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// So many organisations on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    pub eligible: i64,
    /// Adopters that are eligible.
    pub adopters: i64,
    pub ineligible: i64,
}

impl Standing {
    /// Whether so many of a hundred of those eligible have adopted.
    pub fn has_share(self, percentage: i64) -> bool {
        self.eligible > 0 && self.adopters * 100 >= self.eligible * percentage
    }
}

/// How the numbers changed, by day.
pub struct Sweep(BTreeMap<NaiveDate, Standing>);

impl Sweep {
    pub fn of<'a>(units: impl IntoIterator<Item = &'a Unit>, denominator: Denominator) -> Self {
        let mut changes: BTreeMap<NaiveDate, Standing> = BTreeMap::new();
        let mut add = |spans: &[Span], member: fn(&mut Standing) -> &mut i64| {
            for span in spans {
                *member(changes.entry(span.from).or_default()) += 1;
                *member(changes.entry(span.to).or_default()) -= 1;
            }
        };
        for unit in units {
            let meant: &[Span] = match denominator {
                Denominator::AtDate => &unit.meant,
                Denominator::Fixed(day) if unit.is_eligible_on(day) => &[Span::ALWAYS],
                Denominator::Fixed(_) => &[],
            };
            add(meant, |standing| &mut standing.eligible);
            add(&meets(&unit.used, meant), |standing| &mut standing.adopters);
            for span in &unit.used {
                add(&span.without(meant), |standing| &mut standing.ineligible);
            }
        }
        Self(changes)
    }

    /// The first day, up to a last one, on which uptake had reached something.
    pub fn first(&self, last: NaiveDate, reached: impl Fn(Standing) -> bool) -> Option<NaiveDate> {
        let mut standing = Standing::default();
        for (day, change) in self.0.iter().take_while(|(day, _)| **day <= last) {
            standing.eligible += change.eligible;
            standing.adopters += change.adopters;
            standing.ineligible += change.ineligible;
            if reached(standing) {
                return Some(*day);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::point;
    use super::*;
    use chrono::Days;
    use proptest::prelude::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2020, 1, 1).and_then(|first| first.checked_add_days(Days::new(number))).expect("a day")
    }

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        let span = (0u64..30, 1u64..12).prop_map(|(from, length)| Span { from: day(from), to: day(from + length) });
        prop::collection::vec(span, 0..3).prop_map(Span::merged)
    }

    #[test]
    fn a_share_is_reached_where_it_is_whole() {
        let standing = |adopters, eligible| Standing { adopters, eligible, ineligible: 0 };
        assert!(standing(29, 50).has_share(58) && !standing(29, 50).has_share(59));
        assert!(standing(1, 1).has_share(100) && !standing(0, 0).has_share(1));
    }

    #[test]
    fn with_a_fixed_denominator_its_own_day_says_on_every_day_who_counts() {
        let eligible = Span { from: day(2), to: day(5) };
        let units = [Unit::new(&[Span::ALWAYS], vec![eligible], vec![Span { from: day(7), to: day(9) }], &[])];
        for (fixed, adopters, ineligible) in
            [(1, None, Some(7)), (2, Some(7), None), (4, Some(7), None), (5, None, Some(7))]
        {
            let sweep = Sweep::of(&units, Denominator::Fixed(day(fixed)));
            assert_eq!(sweep.first(day(20), |now| now.adopters > 0), adopters.map(day), "those eligible on {fixed}");
            assert_eq!(sweep.first(day(20), |now| now.ineligible > 0), ineligible.map(day), "the others on {fixed}");
            assert_eq!(sweep.first(day(6), |now| now.adopters + now.ineligible > 0), None, "not by the day before");
        }
    }

    proptest! {
        #[test]
        fn the_walk_finds_the_day_that_a_count_of_every_day_finds(
            drawn in prop::collection::vec((spans(), spans(), spans(), spans()), 1..8),
            wanted in 1u64..5, share in 1u64..100, fixed in prop::option::of(0u64..40),
        ) {
            let units: Vec<Unit> = drawn.into_iter().map(|(inside, life, eligible, adopted)| {
                Unit::new(&meets(&inside, &life), eligible, adopted, &[])
            }).collect();
            let denominator = fixed.map_or(Denominator::AtDate, |number| Denominator::Fixed(day(number)));
            let points: Vec<_> = (0..50).map(|number| point(&units, day(number), denominator)).collect();
            let sites = points.iter().find(|point| point.adopters + point.ineligible >= wanted).map(|point| point.on);
            let at_share = points.iter().find(|point| point.eligible > 0 && point.adopters * 100 >= point.eligible * share).map(|point| point.on);
            let sweep = Sweep::of(&units, denominator);
            let found = sweep.first(day(49), |now| now.adopters + now.ineligible >= wanted as i64);
            prop_assert_eq!(found, sites);
            let found = sweep.first(day(49), |now| now.has_share(share as i64));
            prop_assert_eq!(found, at_share);
        }
    }
}
