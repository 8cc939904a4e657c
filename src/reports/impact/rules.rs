//! How claims become a figure, and how certain the figure is.

use crate::vocabulary::{Basis, Qualifier};
use std::collections::BTreeMap;

/// The figure of one row in hundredths, and how certain it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The population it is about; empty if none is named.
    pub population: String,
    pub hundredths: i64,
    pub qualifier: Qualifier,
    pub basis: Basis,
    /// Whether the row is invented for illustration.
    pub illustrative: bool,
}

/// A figure made of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    pub hundredths: i64,
    pub qualifier: Qualifier,
    pub basis: Basis,
    /// Whether a row of it is invented for illustration.
    pub illustrative: bool,
}

/// The sum of no rows is exactly nothing, and measured.
const NOTHING: Sum = Sum { hundredths: 0, qualifier: Qualifier::Exact, basis: Basis::Measured, illustrative: false };

/// How certain a sum of two is: bounds in the same direction stay a bound, and opposite bounds make it approximate.
pub fn both(one: Qualifier, other: Qualifier) -> Qualifier {
    match (one, other) {
        (Qualifier::Exact, any) | (any, Qualifier::Exact) => any,
        (one, other) if one == other => one,
        _ => Qualifier::Approximate,
    }
}

/// How a sum of two was obtained: in the less certain way of the two.
fn weaker(one: Basis, other: Basis) -> Basis {
    let rank = |basis| match basis {
        Basis::Measured => 0,
        Basis::Estimated => 1,
        Basis::Modelled => 2,
        Basis::Projected => 3,
    };
    if rank(one) >= rank(other) { one } else { other }
}

/// All claims together.
pub fn sum<'a>(claims: impl IntoIterator<Item = &'a Claim>) -> Sum {
    claims.into_iter().fold(NOTHING, |sum, claim| Sum {
        hundredths: sum.hundredths.saturating_add(claim.hundredths),
        qualifier: both(sum.qualifier, claim.qualifier),
        basis: weaker(sum.basis, claim.basis),
        illustrative: sum.illustrative || claim.illustrative,
    })
}

/// How many people the claims reached at least and at most. Claims of one population may be about the same people: of
/// each population the largest claim is sure, and their sum is the most it can be.
pub fn people(claims: &[Claim]) -> (Sum, Sum) {
    let mut largest: BTreeMap<&str, &Claim> = BTreeMap::new();
    for claim in claims {
        let kept = largest.entry(&claim.population).or_insert(claim);
        if claim.hundredths > kept.hundredths {
            *kept = claim;
        }
    }
    let (mut least, mut most) = (sum(largest.into_values()), sum(claims));
    if least.hundredths < most.hundredths {
        least.qualifier = both(least.qualifier, Qualifier::AtLeast);
        most.qualifier = both(most.qualifier, Qualifier::AtMost);
    }
    (least, most)
}

/// What was raised for each pound invested, to the hundredth; none without an investment.
pub fn leverage(raised: Sum, invested: Sum) -> Option<(f64, Qualifier)> {
    if invested.hundredths <= 0 {
        return None;
    }
    let ratio = raised.hundredths as f64 / invested.hundredths as f64;
    // More invested than is known means less leverage: the bound turns round.
    let divisor = match invested.qualifier {
        Qualifier::AtLeast => Qualifier::AtMost,
        Qualifier::AtMost => Qualifier::AtLeast,
        same => same,
    };
    Some(((ratio * 100.0).round() / 100.0, both(raised.qualifier, divisor)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claim(population: &str, figure: i64, qualifier: Qualifier) -> Claim {
        let (population, basis) = (population.to_owned(), Basis::Estimated);
        Claim { population, hundredths: figure * 100, qualifier, basis, illustrative: false }
    }

    #[test]
    fn people_of_one_population_are_counted_once() {
        let claims = [
            claim("copd", 100, Qualifier::Exact),
            claim("copd", 80, Qualifier::Exact),
            claim("diabetes", 50, Qualifier::Exact),
        ];
        let (least, most) = people(&claims);
        assert_eq!((least.hundredths, least.qualifier), (15_000, Qualifier::AtLeast));
        assert_eq!((most.hundredths, most.qualifier), (23_000, Qualifier::AtMost));
        let (least, most) = people(&claims[1..]);
        assert_eq!((least, least.qualifier), (most, Qualifier::Exact));
    }

    #[test]
    fn over_eight_million_on_one_is_at_least_eight() {
        let raised = sum(&[claim("", 8_000_000, Qualifier::AtLeast)]);
        let invested = sum(&[claim("", 1_000_000, Qualifier::Exact)]);
        assert_eq!(leverage(raised, invested), Some((8.0, Qualifier::AtLeast)));
        assert_eq!(leverage(raised, NOTHING), None);
    }

    #[test]
    fn one_illustrative_row_makes_the_sum_illustrative() {
        let invented = Claim { illustrative: true, ..claim("", 2, Qualifier::Exact) };
        let claims = [claim("", 1, Qualifier::Exact), invented];
        assert!(!sum(&claims[..1]).illustrative && sum(&claims).illustrative);
    }

    #[test]
    fn a_sum_is_as_sure_as_its_parts_allow() {
        use Qualifier::*;
        for (one, other, expected) in [
            (Exact, Exact, Exact),
            (Exact, AtLeast, AtLeast),
            (AtLeast, AtLeast, AtLeast),
            (AtLeast, AtMost, Approximate),
            (Approximate, Exact, Approximate),
        ] {
            assert_eq!((both(one, other), both(other, one)), (expected, expected));
        }
    }

    proptest! {
        #[test]
        fn the_least_is_never_more_than_the_most(
            claims in prop::collection::vec((0..3u8, 0..1_000_000i64), 0..20)
        ) {
            let claims: Vec<Claim> =
                claims.iter().map(|(of, figure)| claim(&of.to_string(), *figure, Qualifier::Exact)).collect();
            let (least, most) = people(&claims);
            prop_assert!(least.hundredths <= most.hundredths);
            prop_assert!(claims.iter().all(|claim| claim.hundredths <= least.hundredths));
        }
    }
}
