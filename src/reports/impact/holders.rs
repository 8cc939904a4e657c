//! Which claims hold which, also through claims that are gone.

use crate::vocabulary::Id;
use std::collections::{HashMap, HashSet};

/// The claims that hold others, and those that took the place of others.
#[derive(Debug, Clone, Default)]
pub struct Holders {
    within: HashMap<Id, Id>,
    replaced_by: HashMap<Id, Id>,
}

impl Holders {
    /// `rows` are each of a claim, the claim that holds it, and the claim whose place it took.
    pub fn new(rows: impl IntoIterator<Item = (Id, Option<Id>, Option<Id>)>) -> Self {
        let mut holders = Self::default();
        for (claim, holder, before) in rows {
            holders.within.extend(holder.map(|holder| (claim, holder)));
            holders.replaced_by.extend(before.map(|before| (before, claim)));
        }
        holders
    }

    /// The nearest claim around one for which `counts` holds. A claim that is gone is stood for by what took its place, and by what it lay
    /// within itself.
    pub fn around(&self, claim: Id, counts: impl Fn(Id) -> bool) -> Option<Id> {
        let mut seen = HashSet::from([claim]);
        let mut next: Vec<Id> = self.within.get(&claim).copied().into_iter().collect();
        while let Some(holder) = next.pop() {
            if !seen.insert(holder) {
                continue;
            }
            if counts(holder) {
                return Some(holder);
            }
            next.extend(self.within.get(&holder));
            next.extend(self.replaced_by.get(&holder));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::impact::rules::id;

    #[test]
    fn a_claim_stays_within_what_took_the_place_of_its_holder_or_lies_around_it() {
        // 3 within 2 within 1; 4 took the place of 1.
        let within = |claim, holder| (id(claim), Some(id(holder)), None);
        let holders = Holders::new([within(3, 2), within(2, 1), (id(4), None, Some(id(1)))]);
        for (present, expected) in
            [(vec![1, 2, 3], Some(2)), (vec![1, 3], Some(1)), (vec![3, 4], Some(4)), (vec![3], None)]
        {
            let counts = |claim| present.iter().any(|known| id(*known) == claim);
            assert_eq!(holders.around(id(3), counts), expected.map(id), "{present:?}");
        }
        let circle = Holders::new([within(1, 2), within(2, 1)]);
        assert_eq!(circle.around(id(1), |claim| claim == id(1)), None);
    }
}
