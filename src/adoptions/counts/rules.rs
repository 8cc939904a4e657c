//! What an adoption counts on a day.

use crate::vocabulary::{Basis, Change, Qualifier};

/// A number, how certain it is, and how it was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    pub value: i64,
    pub qualifier: Qualifier,
    pub basis: Basis,
}

impl Figure {
    /// A number with what is said of it; what is not said is exact and measured. Without a number nothing is said.
    pub fn of(value: Option<i64>, qualifier: Option<Qualifier>, basis: Option<Basis>) -> Option<Self> {
        let (qualifier, basis) = (qualifier.unwrap_or(Qualifier::Exact), basis.unwrap_or(Basis::Measured));
        value.map(|value| Self { value, qualifier, basis })
    }
}

/// All that was counted by a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub sites: Option<Figure>,
    pub users: Option<Figure>,
    pub patients: Option<Figure>,
}

/// What is said of each on one day: a figure, that it is no longer known, or nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    pub sites: Change<Figure>,
    pub users: Change<Figure>,
    pub patients: Change<Figure>,
}

impl Counted {
    /// What is counted after it.
    pub fn over(self, present: Counts) -> Counts {
        Counts {
            sites: self.sites.over(present.sites),
            users: self.users.over(present.users),
            patients: self.patients.over(present.patients),
        }
    }

    /// The same day once more is said of it.
    #[must_use]
    pub fn then(self, more: Self) -> Self {
        let later = |first, second| if second == Change::Keep { first } else { second };
        Self {
            sites: later(self.sites, more.sites),
            users: later(self.users, more.users),
            patients: later(self.patients, more.patients),
        }
    }

    /// The same counts once more.
    pub fn again(counts: Counts) -> Self {
        let again = |figure: Option<Figure>| figure.map_or(Change::Keep, Change::Set);
        Self { sites: again(counts.sites), users: again(counts.users), patients: again(counts.patients) }
    }
}

/// What holds after some days, given in their order: of each the last that was said of it. A day says nothing of what was not counted
/// on it, so the order in which days become known makes no difference.
pub fn held(days: impl IntoIterator<Item = Counted>) -> Counts {
    days.into_iter().fold(Counts::default(), |present, said| said.over(present))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_count_keeps_what_it_does_not_speak_of() {
        let figure = |value| Figure::of(Some(value), None, None);
        let present = Counts { sites: figure(2), users: figure(30), patients: None };
        let new = Counted { sites: Change::Set(figure(3).unwrap()), users: Change::Clear, patients: Change::Keep };
        assert_eq!(new.over(present), Counts { sites: figure(3), users: None, patients: None });
        assert_eq!(Figure::of(None, Some(Qualifier::AtLeast), None), None);
    }

    fn said() -> impl Strategy<Value = Change<Figure>> {
        (0..4_i64).prop_map(|value| match value {
            0 => Change::Keep,
            1 => Change::Clear,
            value => Figure::of(Some(value), None, None).map_or(Change::Keep, Change::Set),
        })
    }

    fn counted() -> impl Strategy<Value = Counted> {
        (said(), said(), said()).prop_map(|(sites, users, patients)| Counted { sites, users, patients })
    }

    proptest! {
        #[test]
        fn the_order_of_entry_makes_no_difference(
            entries in prop::collection::btree_map(0..8_u8, counted(), 0..8).prop_map(|days| days.into_iter().collect::<Vec<_>>()),
            order in any::<prop::sample::Index>(),
            late in (0..8_u8, counted()),
        ) {
            let rows = |entered: &[(u8, Counted)]| {
                let mut rows: BTreeMap<u8, Counted> = BTreeMap::new();
                for (day, said) in entered {
                    let row = rows.entry(*day).or_default();
                    *row = row.then(*said);
                }
                rows
            };
            let by = |rows: &BTreeMap<u8, Counted>, day: u8| held(rows.range(..=day).map(|(_, said)| *said));
            let mut other = entries.clone();
            if !other.is_empty() {
                let middle = order.index(other.len());
                other.rotate_left(middle);
            }
            prop_assert_eq!(rows(&entries), rows(&other));
            // What comes late leaves the days before its own, and of those after it what they say themselves.
            let (before, after) = (rows(&entries), rows(&[entries, vec![late]].concat()));
            for day in 0..8 {
                if day < late.0 {
                    prop_assert_eq!(by(&before, day), by(&after, day));
                } else if before.iter().any(|(on, row)| late.0 < *on && *on <= day && row.patients != Change::Keep) {
                    prop_assert_eq!(by(&before, day).patients, by(&after, day).patients);
                } else if late.1.patients != Change::Keep {
                    prop_assert_eq!(by(&after, day).patients, late.1.patients.over(None));
                }
            }
        }
    }
}
