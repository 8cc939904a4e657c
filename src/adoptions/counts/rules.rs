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

/// What is said anew of each.
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_keeps_what_it_does_not_speak_of() {
        let figure = |value| Figure::of(Some(value), None, None);
        let present = Counts { sites: figure(2), users: figure(30), patients: None };
        let new = Counted { sites: Change::Set(figure(3).unwrap()), users: Change::Clear, patients: Change::Keep };
        assert_eq!(new.over(present), Counts { sites: figure(3), users: None, patients: None });
        assert_eq!(Figure::of(None, Some(Qualifier::AtLeast), None), None);
    }
}
