//! Figures with what is known of them, and how they are put together.

use crate::vocabulary::{Basis, Qualifier};
use std::collections::BTreeMap;

/// A figure made of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    pub hundredths: i64,
    pub qualifier: Qualifier,
    pub basis: Basis,
    /// Whether a row of it is invented for illustration.
    pub illustrative: bool,
}

impl Sum {
    /// This and another.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            hundredths: self.hundredths.saturating_add(other.hundredths),
            qualifier: self.qualifier.plus(other.qualifier),
            basis: self.basis.max(other.basis),
            illustrative: self.illustrative || other.illustrative,
        }
    }

    /// The larger of two; the first where they are the same. What is at most so much is never larger than what was counted.
    #[must_use]
    pub fn larger(self, other: Self) -> Self {
        let bound = |sum: Self| sum.qualifier == Qualifier::AtMost;
        match (bound(self), bound(other)) {
            (true, false) => other,
            (false, true) => self,
            _ if other.hundredths > self.hundredths => other,
            _ => self,
        }
    }

    /// What the whole reports of itself, or what its parts do where that is more: then there is at least so much.
    #[must_use]
    pub fn or_parts(self, parts: Self) -> Self {
        if self.larger(parts) == self { self } else { parts.bounded(Qualifier::AtLeast) }
    }

    /// The same below zero.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { hundredths: self.hundredths.saturating_neg(), qualifier: self.qualifier.turned(), ..self }
    }

    /// The same as a bound from one side.
    #[must_use]
    pub fn bounded(self, bound: Qualifier) -> Self {
        Self { qualifier: self.qualifier.plus(bound), ..self }
    }
}

/// All together; none of no rows, which is not the same as nothing.
pub fn sum(figures: impl IntoIterator<Item = Sum>) -> Option<Sum> {
    figures.into_iter().reduce(Sum::plus)
}

/// Those figures that no other holds, each as the larger of its own and of what it holds. `around` finds the nearest of the figures that
/// holds one, `together` adds up what lies side by side.
pub fn outermost<K: Copy + Ord>(
    figures: &BTreeMap<K, Sum>,
    around: impl Fn(K) -> Option<K>,
    together: &impl Fn(&[(K, Sum)]) -> Option<Sum>,
) -> Vec<(K, Sum)> {
    let mut inside: BTreeMap<Option<K>, Vec<K>> = BTreeMap::new();
    for key in figures.keys() {
        inside.entry(around(*key)).or_default().push(*key);
    }
    held(None, figures, &inside, together)
}

fn held<K: Copy + Ord>(
    holder: Option<K>,
    figures: &BTreeMap<K, Sum>,
    inside: &BTreeMap<Option<K>, Vec<K>>,
    together: &impl Fn(&[(K, Sum)]) -> Option<Sum>,
) -> Vec<(K, Sum)> {
    let keys = inside.get(&holder).map(Vec::as_slice).unwrap_or_default();
    let whole = |key: &K| {
        let own = *figures.get(key)?;
        let parts = together(&held(Some(*key), figures, inside, together));
        Some((*key, parts.map_or(own, |parts| own.or_parts(parts))))
    };
    keys.iter().filter_map(whole).collect()
}

/// What was raised for each pound invested, to the hundredth; none where nothing was invested or raised.
pub fn leverage(raised: Option<Sum>, invested: Option<Sum>) -> Option<(f64, Qualifier)> {
    let (raised, invested) = raised.zip(invested.filter(|invested| invested.hundredths > 0))?;
    let ratio = raised.hundredths as f64 / invested.hundredths as f64;
    // More invested than is known means less leverage: the bound turns round.
    Some(((ratio * 100.0).round() / 100.0, raised.qualifier.plus(invested.qualifier.turned())))
}

/// An id for a test.
#[cfg(test)]
pub fn id(number: u32) -> crate::vocabulary::Id {
    crate::vocabulary::Id::foreseen("a test", number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(pounds: i64, qualifier: Qualifier) -> Sum {
        Sum { hundredths: pounds * 100, qualifier, basis: Basis::Estimated, illustrative: false }
    }

    #[test]
    fn over_eight_million_on_one_is_at_least_eight() {
        let raised = Some(figure(8_000_000, Qualifier::AtLeast));
        let invested = Some(figure(1_000_000, Qualifier::Exact));
        assert_eq!(leverage(raised, invested), Some((8.0, Qualifier::AtLeast)));
        assert_eq!((leverage(raised, None), leverage(None, invested)), (None, None));
    }

    #[test]
    fn one_illustrative_row_makes_the_sum_illustrative_and_no_rows_are_no_sum() {
        let sound = figure(1, Qualifier::Exact);
        let together = sum([sound, Sum { illustrative: true, ..sound }]).expect("two rows");
        assert!(together.illustrative && !sum([sound]).expect("a row").illustrative);
        assert_eq!(sum([]), None);
    }

    #[test]
    fn what_is_at_most_so_much_never_wins_over_what_was_counted() {
        let (bound, counted) = (figure(900, Qualifier::AtMost), figure(100, Qualifier::Exact));
        assert_eq!((bound.larger(counted), counted.larger(bound)), (counted, counted));
        assert_eq!(counted.larger(figure(101, Qualifier::Approximate)).hundredths, 10_100);
    }
}
