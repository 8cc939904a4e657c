//! The places of claims, and which of them lie within which.

use super::holders::Holders;
use super::rules::{Sum, outermost, sum};
use crate::calendar::Span;
use crate::organisations::store::Nested;
use crate::vocabulary::{Id, Qualifier};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a claim is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The whole country: what names no organisation, or England.
    Country,
    Body(Id),
}

impl Place {
    fn body(self) -> Option<Id> {
        match self {
            Self::Country => None,
            Self::Body(id) => Some(id),
        }
    }
}

/// Figures of places, each with the days it is of.
pub type ByPlace = BTreeMap<Place, (Span, Sum)>;

/// Which of some places lay within which others on which days, and which claims hold which.
#[derive(Debug, Clone, Default)]
pub struct Nesting {
    /// Of a place, those around it with the days on which they were.
    above: HashMap<Id, Vec<Nested>>,
    networks: HashSet<Id>,
    pub holders: Holders,
}

impl Nesting {
    /// `networks` are places whose footprint follows no other.
    pub fn new(pairs: impl IntoIterator<Item = Nested>, networks: HashSet<Id>, holders: Holders) -> Self {
        let mut above: HashMap<Id, Vec<Nested>> = HashMap::new();
        for pair in pairs {
            above.entry(pair.inner).or_default().push(pair);
        }
        Self { above, networks, holders }
    }

    /// Whether a place lay within another on one of these days.
    fn holds(&self, outer: Place, inner: Place, days: Span) -> bool {
        let country = outer == Place::Country && inner != Place::Country;
        country || self.around(outer, inner, days).next().is_some()
    }

    /// How a place lay within another on some of these days.
    fn around(&self, outer: Place, inner: Place, days: Span) -> impl Iterator<Item = &Nested> {
        let (outer, inner) = (outer.body(), inner.body());
        let around = inner.and_then(|inner| self.above.get(&inner)).map(Vec::as_slice).unwrap_or_default();
        around.iter().filter(move |pair| Some(pair.outer) == outer && pair.days.meet(days).is_some())
    }

    /// Whether the footprint of a place follows no other, so that nothing says what it shares with them.
    pub fn is_network(&self, place: Place) -> bool {
        matches!(place, Place::Body(id) if self.networks.contains(&id))
    }

    /// Whether something may have lain in both on one of these days.
    pub fn overlap(&self, one: Place, other: Place, days: Span) -> bool {
        let loose = self.is_network(one) || self.is_network(other);
        one == other || loose || self.holds(one, other, days) || self.holds(other, one, days)
    }

    /// The figures of all places without counting anything twice: at each place the larger of its own and those of the places within it,
    /// and what no other holds added up. A place lies within another as it did on the days that both their figures are of, so that a move
    /// of later days changes nothing.
    pub fn together(&self, figures: &ByPlace) -> Option<Sum> {
        let both = |outer: &Place, inner: &Place| {
            figures.get(outer).zip(figures.get(inner)).and_then(|((one, _), (other, _))| one.meet(*other))
        };
        let holds =
            |outer: &Place, inner: &Place| both(outer, inner).is_some_and(|days| self.holds(*outer, *inner, days));
        let by_invented = |outer: &Place, inner: &Place| {
            let days = both(outer, inner);
            days.is_some_and(|days| self.around(*outer, *inner, days).any(|pair| pair.illustrative))
        };
        let depth = |place: &Place| figures.keys().filter(|outer| holds(outer, place)).count();
        // The nearest place around it is the deepest of those that hold it.
        let around = |place: Place| {
            figures.keys().filter(|outer| holds(outer, &place)).max_by_key(|outer| depth(outer)).copied()
        };
        let own: BTreeMap<Place, Sum> = figures.iter().map(|(place, (_, figure))| (*place, *figure)).collect();
        let all = self.added(&outermost(&own, around, &|parts| self.added(parts)))?;
        // What is counted once because of an invented edge rests on it.
        let invented = figures.keys().any(|outer| figures.keys().any(|inner| by_invented(outer, inner)));
        Some(Sum { illustrative: all.illustrative || invented, ..all })
    }

    /// Places side by side. Nobody knows what a network shares with its neighbours.
    fn added(&self, parts: &[(Place, Sum)]) -> Option<Sum> {
        let loose = parts.len() > 1 && parts.iter().any(|(place, _)| self.is_network(*place));
        let all = sum(parts.iter().map(|(_, figure)| *figure))?;
        Some(if loose { Sum { qualifier: Qualifier::Approximate, ..all } } else { all })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::impact::rules::id;
    use crate::vocabulary::Basis;
    use chrono::NaiveDate;

    fn figure(figure: i64) -> Sum {
        Sum { hundredths: figure, qualifier: Qualifier::Exact, basis: Basis::Measured, illustrative: false }
    }

    fn days(from: i32, to: i32) -> Span {
        let day = |year| NaiveDate::from_ymd_opt(year, 4, 1).expect("a day");
        Span { from: day(from), to: day(to) }
    }

    /// A board (1) with two trusts (2, 3), one of which has a site (4); a network (5); a trust elsewhere (6). In 2023 the second trust
    /// leaves the board.
    fn nesting() -> Nesting {
        let pair = |(outer, inner)| pair(outer, inner, Span::ALWAYS);
        let left = Nested { days: Span { to: days(2023, 2024).from, ..Span::ALWAYS }, ..pair((1, 3)) };
        let pairs = [(1, 2), (1, 4), (2, 4)].map(pair).into_iter().chain([left]);
        Nesting::new(pairs, HashSet::from([id(5)]), Holders::default())
    }

    fn pair(outer: u32, inner: u32, days: Span) -> Nested {
        Nested { outer: id(outer), inner: id(inner), days, illustrative: false }
    }

    fn all(figures: &[(Place, i64)], of: Span) -> Option<(i64, Qualifier)> {
        let figures = figures.iter().map(|(place, sum)| (*place, (of, figure(*sum)))).collect();
        nesting().together(&figures).map(|sum| (sum.hundredths, sum.qualifier))
    }

    fn body(number: u32) -> Place {
        Place::Body(id(number))
    }

    #[test]
    fn a_place_takes_the_larger_of_its_own_and_of_what_lies_within() {
        use Place::Country;
        use Qualifier::{Approximate, AtLeast, Exact};
        let year = days(2020, 2021);
        assert_eq!(all(&[], year), None);
        for (figures, expected) in [
            (vec![(body(1), 100), (body(2), 30), (body(3), 20)], (100, Exact)),
            // The board has others beside those two.
            (vec![(body(1), 40), (body(2), 30), (body(3), 20)], (50, AtLeast)),
            (vec![(body(2), 30), (body(4), 35), (body(3), 20), (body(6), 1)], (56, AtLeast)),
            (vec![(Country, 80), (body(1), 50), (body(6), 20)], (80, Exact)),
            (vec![(Country, 60), (body(1), 50), (body(4), 70), (body(6), 20)], (90, AtLeast)),
            (vec![(body(1), 100), (body(5), 100), (body(2), 60)], (200, Approximate)),
        ] {
            assert_eq!(all(&figures, year), Some(expected), "{figures:?}");
        }
    }

    #[test]
    fn a_trust_lies_where_it_lay_on_the_days_of_the_figures() {
        let figures = [(body(1), 100), (body(3), 60)];
        assert_eq!(all(&figures, days(2020, 2021)).map(|found| found.0), Some(100));
        assert_eq!(all(&figures, days(2023, 2024)).map(|found| found.0), Some(160));
        // A figure of the years before does not lie within one of the years after.
        let apart =
            BTreeMap::from([(body(1), (days(2023, 2024), figure(100))), (body(3), (days(2020, 2021), figure(60)))]);
        assert_eq!(nesting().together(&apart).map(|sum| sum.hundredths), Some(160));
    }

    #[test]
    fn what_is_counted_once_because_of_an_invented_edge_says_so() {
        let left = Span { to: days(2023, 2024).from, ..Span::ALWAYS };
        let invented = Nested { illustrative: true, ..pair(1, 3, left) };
        let nesting = Nesting::new([pair(1, 2, Span::ALWAYS), invented], HashSet::new(), Holders::default());
        let marked = |inner, of| {
            let figures = [(body(1), (of, figure(100))), (body(inner), (of, figure(60)))];
            nesting.together(&BTreeMap::from(figures)).expect("figures").illustrative
        };
        assert!(marked(3, days(2020, 2021)));
        assert!(!marked(3, days(2023, 2024)) && !marked(2, days(2020, 2021)));
    }

    #[test]
    fn places_overlap_where_one_holds_the_other_and_where_nobody_knows() {
        let nesting = nesting();
        let overlap = |one, other, of| nesting.overlap(body(one), body(other), of);
        let year = days(2020, 2021);
        assert!(overlap(1, 4, year) && overlap(4, 1, year) && overlap(5, 6, year) && overlap(2, 2, year));
        assert!(!overlap(2, 3, year) && !overlap(4, 6, year));
        assert!(overlap(1, 3, year) && !overlap(1, 3, days(2023, 2024)));
        assert!(nesting.overlap(Place::Country, body(6), year));
    }
}
