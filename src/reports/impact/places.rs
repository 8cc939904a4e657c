//! The places of claims, and which of them lie within which.

use super::rules::Sum;
use crate::vocabulary::Id;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What a claim is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The whole country: what names no organisation, or England.
    Country,
    Body(Id),
}

/// Which of some places lie within which others.
#[derive(Debug, Clone, Default)]
pub struct Nesting {
    above: HashMap<Id, HashSet<Id>>,
    networks: HashSet<Id>,
}

impl Nesting {
    /// `pairs` are each of a place and one within it. `networks` are places whose footprint follows no other.
    pub fn new(pairs: impl IntoIterator<Item = (Id, Id)>, networks: HashSet<Id>) -> Self {
        let mut above: HashMap<Id, HashSet<Id>> = HashMap::new();
        for (outer, inner) in pairs {
            above.entry(inner).or_default().insert(outer);
        }
        Self { above, networks }
    }

    fn holds(&self, outer: Place, inner: Place) -> bool {
        match (outer, inner) {
            (Place::Country, Place::Body(_)) => true,
            (Place::Body(outer), Place::Body(inner)) => self.above.get(&inner).is_some_and(|all| all.contains(&outer)),
            (_, Place::Country) => false,
        }
    }

    /// Whether the footprint of a place follows no other, so that nothing says what it shares with them.
    pub fn is_network(&self, place: Place) -> bool {
        matches!(place, Place::Body(id) if self.networks.contains(&id))
    }

    /// Whether something may lie in both.
    pub fn overlap(&self, one: Place, other: Place) -> bool {
        let loose = self.is_network(one) || self.is_network(other);
        one == other || loose || self.holds(one, other) || self.holds(other, one)
    }

    /// The figures of all places without telling anything twice: at each place the larger of its own and those of the places within it,
    /// and what no other holds added up.
    pub fn together(&self, figures: BTreeMap<Place, Sum>) -> Option<Sum> {
        let places: BTreeSet<Place> = figures.keys().copied().collect();
        let depth = |place: Place| places.iter().filter(|outer| self.holds(**outer, place)).count();
        let mut inside_out: Vec<(usize, Place)> = places.iter().map(|place| (depth(*place), *place)).collect();
        inside_out.sort_by_key(|(depth, place)| (std::cmp::Reverse(*depth), *place));
        let (mut within, mut all): (HashMap<Place, Sum>, Option<Sum>) = (HashMap::new(), None);
        for (_, place) in &inside_out {
            let Some(own) = figures.get(place).copied() else { continue };
            let figure = within.remove(place).map_or(own, |parts| own.larger(parts));
            // The nearest place around it is the deepest of those that hold it.
            let around = inside_out.iter().find(|(_, outer)| self.holds(*outer, *place)).map(|(_, outer)| *outer);
            let sum = match around {
                Some(outer) => within.get(&outer).map_or(figure, |before| before.plus(figure)),
                None => all.map_or(figure, |before| before.plus(figure)),
            };
            match around {
                Some(outer) => drop(within.insert(outer, sum)),
                None => all = Some(sum),
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::impact::rules::id;
    use crate::vocabulary::{Basis, Qualifier};

    fn figure(figure: i64) -> Sum {
        Sum { hundredths: figure, qualifier: Qualifier::Exact, basis: Basis::Measured, illustrative: false }
    }

    /// A board (1) with two trusts (2, 3), one of which has a site (4); a network (5); a trust elsewhere (6).
    fn nesting() -> Nesting {
        let pairs = [(1, 2), (1, 3), (1, 4), (2, 4)].map(|(outer, inner)| (id(outer), id(inner)));
        Nesting::new(pairs, HashSet::from([id(5)]))
    }

    #[test]
    fn a_place_takes_the_larger_of_its_own_and_of_what_lies_within() {
        use Place::{Body, Country};
        let all = |figures: &[(Place, i64)]| {
            let figures = figures.iter().map(|(place, sum)| (*place, figure(*sum))).collect();
            nesting().together(figures).map(|sum| sum.hundredths)
        };
        let body = |number| Body(id(number));
        assert_eq!(all(&[]), None);
        assert_eq!(all(&[(body(1), 100), (body(2), 30), (body(3), 20)]), Some(100));
        assert_eq!(all(&[(body(1), 40), (body(2), 30), (body(3), 20)]), Some(50));
        assert_eq!(all(&[(body(2), 30), (body(4), 35), (body(3), 20), (body(6), 1)]), Some(56));
        assert_eq!(all(&[(Country, 80), (body(1), 50), (body(6), 20)]), Some(80));
        assert_eq!(all(&[(Country, 60), (body(1), 50), (body(4), 70), (body(6), 20)]), Some(90));
    }

    #[test]
    fn places_overlap_where_one_holds_the_other_and_where_nobody_knows() {
        let nesting = nesting();
        let overlap = |one, other| nesting.overlap(Place::Body(id(one)), Place::Body(id(other)));
        assert!(overlap(1, 4) && overlap(4, 1) && overlap(5, 6) && overlap(2, 2));
        assert!(!overlap(2, 3) && !overlap(4, 6));
        assert!(nesting.overlap(Place::Country, Place::Body(id(6))));
    }
}
