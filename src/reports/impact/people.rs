//! How many people claims reached: in all, for sure, and at most.

use super::places::{ByPlace, Nesting, Place};
use super::rules::{Sum, sum};
use crate::benefits::kinds::{CountedBy, Depth};
use crate::calendar::Span;
use crate::vocabulary::{Id, Qualifier};
use std::collections::BTreeMap;

/// A count of persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Persons {
    pub innovation: Id,
    pub place: Place,
    pub period: Span,
    pub figure: Sum,
    pub counted_by: Option<CountedBy>,
    pub depth: Option<Depth>,
    /// Whether none of them was counted in an earlier period.
    pub new_in_period: bool,
    /// Whether another of the claims holds this one, and says more than that there were at most so many.
    pub within: bool,
}

/// The three answers; none of no claims.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reached {
    /// All claims that are within no other, added.
    pub reached: Option<Sum>,
    /// What holds even if claims that may be about the same people are.
    pub sure: Option<Sum>,
    /// Every claim added.
    pub upper: Option<Sum>,
}

/// How claims of one period about one innovation and place are put together.
type Together = fn(Sum, Sum) -> Sum;

/// Reads claims as three figures.
pub fn reached(claims: &[Persons], nesting: &Nesting) -> Reached {
    let upper = sum(claims.iter().map(|claim| claim.figure));
    let bound = |claim: &&Persons| claim.figure.qualifier == Qualifier::AtMost;
    let counted: Vec<&Persons> = claims.iter().filter(|claim| !claim.within && !bound(claim)).collect();
    let left_out = claims.iter().any(|claim| !claim.within && bound(&claim));
    let reached = sum(groups(&counted, Sum::plus).into_values());
    let sure = for_sure(&counted, nesting);
    let apart = |(at, one): (usize, &&Persons)| {
        let by_area = one.counted_by.is_some_and(CountedBy::is_by_area);
        by_area && counted.iter().skip(at + 1).all(|other| are_apart(one, other, nesting))
    };
    let disjoint = counted.iter().enumerate().all(apart);
    let certain = disjoint && !left_out;
    let reached = reached.map(|reached| match (disjoint, sure) {
        (true, _) if !left_out => reached,
        (true, _) => reached.bounded(Qualifier::AtLeast),
        // Nothing in it can be told twice, but more people may have been reached than anybody counted.
        (false, Some(sure)) if sure.hundredths == reached.hundredths => reached.bounded(Qualifier::AtLeast),
        _ => Sum { qualifier: Qualifier::Approximate, ..reached },
    });
    let same = |one: Option<Sum>, other: Sum| one.is_some_and(|one| one.hundredths == other.hundredths);
    let sure = sure.map(|sure| if same(reached, sure) && certain { sure } else { sure.bounded(Qualifier::AtLeast) });
    // Claims that may be about the same people are, added, a bound from above.
    let upper =
        upper.map(|upper| if same(reached, upper) && certain { upper } else { upper.bounded(Qualifier::AtMost) });
    Reached { reached, sure, upper }
}

/// Whether two claims cannot be about the same person.
fn are_apart(one: &Persons, other: &Persons, nesting: &Nesting) -> bool {
    let (same, later) = (one.innovation == other.innovation && one.place == other.place, one.period.meet(other.period));
    let fresh = same && later.is_none() && (one.new_in_period || other.new_in_period);
    let by_area = other.counted_by.is_some_and(CountedBy::is_by_area);
    fresh || (by_area && !nesting.overlap(one.place, other.place, one.period.hull(other.period)))
}

/// The people of each innovation and place. Periods add only where nobody was counted before; otherwise the largest stands for all.
fn groups(claims: &[&Persons], together: Together) -> BTreeMap<(Id, Place), Sum> {
    let mut groups: BTreeMap<(Id, Place), Vec<&Persons>> = BTreeMap::new();
    for claim in claims {
        groups.entry((claim.innovation, claim.place)).or_default().push(claim);
    }
    let all = groups.into_iter().filter_map(|(key, group)| Some((key, over_periods(&group, together)?)));
    all.collect()
}

fn over_periods(group: &[&Persons], together: Together) -> Option<Sum> {
    let periods = |new: bool| {
        let mut depths: BTreeMap<(Span, Option<Depth>), Sum> = BTreeMap::new();
        for claim in group.iter().filter(|claim| claim.new_in_period == new) {
            let key = (claim.period, claim.depth);
            let sum = depths.get(&key).map_or(claim.figure, |before| together(*before, claim.figure));
            depths.insert(key, sum);
        }
        // Those who completed used it, and those who used it had access: the largest of the three holds the others.
        let mut periods: BTreeMap<Span, Sum> = BTreeMap::new();
        for ((period, _), figure) in depths {
            let larger = periods.get(&period).map_or(figure, |before| before.larger(figure));
            periods.insert(period, larger);
        }
        periods
    };
    let new = periods(true);
    let largest =
        periods(false).into_iter().reduce(|one, other| if one.1.larger(other.1) == one.1 { one } else { other });
    let Some((period, stock)) = largest else { return sum(new.into_values()) };
    let later = new.iter().filter(|(later, _)| later.from >= period.to).map(|(_, figure)| *figure);
    let with_later = later.fold(stock, Sum::plus);
    Some(sum(new.into_values()).map_or(with_later, |new| with_later.larger(new)))
}

/// Who was counted by where they live or are registered adds up over places that share nobody; of all other counts the largest is sure,
/// since one patient may attend two providers, hold two accounts or use two innovations.
fn for_sure(counted: &[&Persons], nesting: &Nesting) -> Option<Sum> {
    let (by_area, others): (Vec<&Persons>, Vec<&Persons>) = counted
        .iter()
        .partition(|claim| claim.counted_by.is_some_and(CountedBy::is_by_area) && !nesting.is_network(claim.place));
    let mut days: BTreeMap<Place, Span> = BTreeMap::new();
    for claim in &by_area {
        days.entry(claim.place).and_modify(|span| *span = span.hull(claim.period)).or_insert(claim.period);
    }
    let mut places = ByPlace::new();
    for ((_, place), figure) in groups(&by_area, Sum::larger) {
        let larger = places.get(&place).map_or(figure, |(_, before)| before.larger(figure));
        places.insert(place, (days.get(&place).copied().unwrap_or(Span::ALWAYS), larger));
    }
    let largest = groups(&others, Sum::larger).into_values().reduce(Sum::larger);
    [nesting.together(&places), largest].into_iter().flatten().reduce(Sum::larger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::organisations::store::Nested;
    use crate::reports::impact::holders::Holders;
    use crate::reports::impact::rules::id;
    use crate::vocabulary::Basis;
    use chrono::NaiveDate;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn day(year: i32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, 1, 1).expect("a day")
    }

    fn claim(place: u32, figure: i64, counted_by: Option<CountedBy>) -> Persons {
        let figure =
            Sum { hundredths: figure * 100, qualifier: Qualifier::Exact, basis: Basis::Measured, illustrative: false };
        Persons {
            innovation: id(1),
            place: Place::Body(id(place)),
            period: Span { from: day(2020), to: day(2021) },
            figure,
            counted_by,
            depth: None,
            new_in_period: false,
            within: false,
        }
    }

    fn said(sum: Option<Sum>) -> (i64, Qualifier) {
        let sum = sum.expect("a figure");
        (sum.hundredths / 100, sum.qualifier)
    }

    fn read(claims: &[Persons]) -> [(i64, Qualifier); 3] {
        let Reached { reached, sure, upper } = reached(claims, &Nesting::default());
        [said(reached), said(sure), said(upper)]
    }

    const PROVIDER: Option<CountedBy> = Some(CountedBy::Provider);
    const REGISTERED: Option<CountedBy> = Some(CountedBy::Registered);

    #[test]
    fn three_trusts_reached_about_all_of_theirs_and_for_sure_the_largest() {
        use Qualifier::{Approximate, AtLeast, AtMost, Exact};
        let trusts = [claim(1, 100, PROVIDER), claim(2, 80, PROVIDER), claim(3, 60, PROVIDER)];
        assert_eq!(read(&trusts), [(240, Approximate), (100, AtLeast), (240, AtMost)]);
        let practices = trusts.map(|claim| Persons { counted_by: REGISTERED, ..claim });
        assert_eq!(read(&practices), [(240, Exact), (240, Exact), (240, Exact)]);
        let unstated = trusts.map(|claim| Persons { counted_by: None, ..claim });
        assert_eq!(read(&unstated)[1], (100, AtLeast));
        assert_eq!(reached(&[], &Nesting::default()), Reached::default());
    }

    #[test]
    fn a_part_of_another_claim_and_what_is_at_most_raise_the_upper_figure_alone() {
        use Qualifier::{AtLeast, Exact};
        let part = Persons { within: true, ..claim(2, 80, REGISTERED) };
        assert_eq!(read(&[claim(1, 100, REGISTERED), part])[..2], [(100, Exact), (100, Exact)]);
        let mut bound = claim(2, 900, REGISTERED);
        bound.figure.qualifier = Qualifier::AtMost;
        let found = read(&[claim(1, 100, REGISTERED), bound]);
        assert_eq!(found, [(100, AtLeast), (100, AtLeast), (1000, Qualifier::AtMost)]);
    }

    #[test]
    fn populations_that_may_overlap_are_never_exact() {
        let two = [claim(1, 100, REGISTERED), Persons { innovation: id(2), ..claim(1, 90, REGISTERED) }];
        assert_eq!(read(&two)[..2], [(190, Qualifier::Approximate), (100, Qualifier::AtLeast)]);
        let later = Span { from: day(2021), to: day(2022) };
        let new = |claim: Persons| Persons { new_in_period: true, ..claim };
        let same = [claim(1, 100, REGISTERED), claim(1, 90, REGISTERED)];
        // New to one innovation are not new to another, nor are two counts of one period new to each other.
        for overlapping in [[two[0], new(Persons { period: later, ..two[1] })], same, same.map(new)] {
            assert_eq!(read(&overlapping)[..2], [(190, Qualifier::Approximate), (100, Qualifier::AtLeast)]);
        }
    }

    #[test]
    fn what_one_trust_counted_is_told_once_and_at_least_that() {
        let found = read(&[claim(1, 100, PROVIDER)]);
        assert_eq!(found[..2], [(100, Qualifier::AtLeast), (100, Qualifier::AtLeast)]);
    }

    #[test]
    fn periods_add_only_where_nobody_was_counted_before() {
        let next = Span { from: day(2021), to: day(2022) };
        let (first, second) = (claim(1, 100, REGISTERED), Persons { period: next, ..claim(1, 120, REGISTERED) });
        assert_eq!(read(&[first, second])[0].0, 120);
        let fresh = Persons { new_in_period: true, ..second };
        assert_eq!(read(&[first, fresh])[..2], [(220, Qualifier::Exact), (220, Qualifier::Exact)]);
    }

    #[test]
    fn those_who_used_it_are_among_those_who_had_access() {
        let depth = |depth, figure| Persons { depth: Some(depth), ..claim(1, figure, REGISTERED) };
        assert_eq!(read(&[depth(Depth::Access, 100), depth(Depth::Use, 60), depth(Depth::Completed, 20)])[0].0, 100);
    }

    proptest! {
        #[test]
        fn what_is_sure_is_never_more_than_what_was_reached_nor_that_than_all(
            claims in prop::collection::vec((0..4u32, 0..3u32, 0..1_000i64, 0..4usize, any::<(bool, bool)>(), 2018..2022i32), 0..12)
        ) {
            let by = [None, PROVIDER, REGISTERED, Some(CountedBy::Account)];
            let claims: Vec<Persons> = claims
                .into_iter()
                .map(|(place, innovation, figure, counted_by, (new_in_period, within), year)| Persons {
                    innovation: id(innovation),
                    period: Span { from: day(year), to: day(year + 1) },
                    new_in_period,
                    within,
                    ..claim(place, figure, by[counted_by])
                })
                .collect();
            let days = Span { to: day(2020), ..Span::ALWAYS };
            let pair = Nested { outer: id(0), inner: id(1), days, illustrative: false };
            let nesting = Nesting::new([pair], HashSet::from([id(3)]), Holders::default());
            let Reached { reached, sure, upper } = reached(&claims, &nesting);
            let figure = |sum: Option<Sum>| sum.map_or(0, |sum| sum.hundredths);
            prop_assert!(figure(sure) <= figure(reached) && figure(reached) <= figure(upper));
            let largest = claims.iter().filter(|claim| !claim.within).map(|claim| claim.figure.hundredths).max();
            prop_assert!(figure(sure) >= largest.unwrap_or(0));
        }
    }
}
