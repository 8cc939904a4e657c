//! What stands on a divided organisation itself, told on a later map. What lies below it moves whole and never comes here.

use super::rules::Arithmetic;
use crate::kpis::catalogue::rules::Aggregation;
use crate::kpis::values::rules::ScaledValue;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use std::collections::{BTreeSet, HashMap};

/// The whole, in millionths.
const WHOLE: i128 = 1_000_000;

/// An organisation was divided among others. One that lives on is one of them where it is known what it kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division {
    pub on: NaiveDate,
    /// Whether the organisation ended with it.
    pub closes: bool,
    /// Who has which share, in millionths. Shares are known of all or of none.
    pub among: Vec<(Id, Option<i64>)>,
}

/// Every division up to the day of a map, by who was divided, in the order of their days.
#[derive(Debug, Clone, Default)]
pub struct Divisions(pub HashMap<Id, Vec<Division>>);

/// What of a value counts at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Portion {
    Whole,
    /// A part by shares, which is an estimate.
    Part(ScaledValue),
    /// Nothing that can be told: `some` where a part of it belongs there all the same.
    Nothing {
        some: bool,
    },
}

/// A part of a value, and the organisations that hold it together.
type Held = (BTreeSet<Id>, ScaledValue);

impl Divisions {
    /// The organisations that a divided one can come down to.
    pub fn heirs(&self, of: Id) -> BTreeSet<Id> {
        let (mut found, mut next) = (BTreeSet::new(), vec![of]);
        while let Some(one) = next.pop() {
            let divisions = self.0.get(&one).map(Vec::as_slice).unwrap_or_default();
            let heirs = divisions.iter().flat_map(|division| &division.among).map(|(heir, _)| *heir);
            next.extend(heirs.filter(|heir| found.insert(*heir)));
        }
        found
    }

    /// What counts among the organisations `inside` of the value that one had in a period that ended on `end`.
    pub fn portion(
        &self,
        arithmetic: Arithmetic,
        of: Id,
        end: NaiveDate,
        value: ScaledValue,
        inside: &BTreeSet<Id>,
    ) -> Portion {
        let mut held = Vec::new();
        let first = self.0.get(&of).and_then(|all| all.iter().find(|division| division.on > end || division.closes));
        self.divide(arithmetic, of, first, value, &mut held);
        let (within, without): (Vec<Held>, Vec<Held>) = held.into_iter().partition(|(who, _)| who.is_subset(inside));
        if without.is_empty() {
            return Portion::Whole;
        }
        let add =
            |part: fn(&ScaledValue) -> Option<i64>| within.iter().map(|(_, value)| part(value)).sum::<Option<i64>>();
        match within.first() {
            None => Portion::Nothing { some: without.iter().any(|(who, _)| !who.is_disjoint(inside)) },
            Some((_, first)) => Portion::Part(ScaledValue {
                value: if arithmetic.aggregation == Aggregation::Sum {
                    add(|value| Some(value.value)).unwrap_or_default()
                } else {
                    first.value
                },
                numerator: add(|value| value.numerator),
                denominator: add(|value| value.denominator),
            }),
        }
    }

    fn divide(&self, by: Arithmetic, of: Id, division: Option<&Division>, value: ScaledValue, held: &mut Vec<Held>) {
        let Some(division) = division else {
            held.push((BTreeSet::from([of]), value));
            return;
        };
        let next = |heir: Id| self.0.get(&heir).and_then(|all| all.iter().find(|later| later.on > division.on));
        let shares: Option<Vec<i64>> = division.among.iter().map(|(_, share)| *share).collect();
        match shares.and_then(|shares| by.apportioned(value, &shares)) {
            Some(parts) => {
                for ((heir, _), part) in division.among.iter().zip(parts) {
                    self.divide(by, *heir, next(*heir), part, held);
                }
            }
            None => {
                let mut those = Vec::new();
                for (heir, _) in &division.among {
                    self.divide(by, *heir, next(*heir), value, &mut those);
                }
                held.push((those.into_iter().flat_map(|(who, _)| who).collect(), value));
            }
        }
    }
}

impl Arithmetic {
    /// The value in parts by shares in millionths, which are the whole again when added up. None where it has no parts that
    /// could be added, or is a handful, of which a share says nothing.
    fn apportioned(self, value: ScaledValue, shares: &[i64]) -> Option<Vec<ScaledValue>> {
        let one = 10_i64.pow(u32::from(self.decimals));
        let counts = match self.aggregation {
            Aggregation::Sum => [Some(value.value), value.numerator, value.denominator],
            Aggregation::RatioOfSums => [None, Some(value.numerator?), Some(value.denominator?)],
            Aggregation::Mean => [None, None, Some(value.denominator?)],
            Aggregation::None | Aggregation::UniqueCount => return None,
        };
        if counts.iter().flatten().any(|count| (1..=7 * one).contains(&count.abs())) {
            return None;
        }
        let [values, above, below] = counts.map(|count| count.map(|count| largest_remainder(count, one, shares)));
        let part = |of: &Option<Vec<i64>>, at: usize| of.as_ref().and_then(|parts| parts.get(at).copied());
        let each = |at: usize| ScaledValue {
            value: part(&values, at).unwrap_or(value.value),
            numerator: part(&above, at),
            denominator: part(&below, at),
        };
        Some((0..shares.len()).map(each).collect())
    }
}

/// A number divided by shares in millionths, so that the parts add up to it: whole where it is whole, each rounded down and
/// what is left given to those that lost most by that (the method of largest remainders), the earlier first.
fn largest_remainder(amount: i64, one: i64, shares: &[i64]) -> Vec<i64> {
    let unit = if amount % one == 0 { one } else { 1 };
    let whole = i128::from(amount / unit);
    let exact = |share: &i64| whole.abs() * i128::from(*share);
    let mut parts: Vec<i128> = shares.iter().map(|share| exact(share) / WHOLE).collect();
    let mut losers: Vec<usize> = (0..shares.len()).collect();
    losers.sort_by_key(|at| std::cmp::Reverse(exact(&shares[*at]) % WHOLE));
    let left = whole.abs() - parts.iter().sum::<i128>();
    for at in losers.into_iter().take(usize::try_from(left).unwrap_or_default()) {
        parts[at] += 1;
    }
    let back = |part: i128| i64::try_from(part * whole.signum()).unwrap_or_default() * unit;
    parts.into_iter().map(back).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::PeriodType;
    use proptest::prelude::*;

    const SUM: Arithmetic = Arithmetic {
        aggregation: Aggregation::Sum,
        period_type: PeriodType::Month,
        is_quotient: false,
        multiplier: 1,
        decimals: 0,
        complete_at: 0.98,
    };

    fn id(number: u32) -> Id {
        Id::foreseen("body", number)
    }

    fn day(year: i32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, 4, 1).expect("a day")
    }

    fn of(value: i64) -> ScaledValue {
        ScaledValue { value, numerator: None, denominator: None }
    }

    fn among(shares: &[(u32, Option<i64>)]) -> Vec<(Id, Option<i64>)> {
        shares.iter().map(|(number, share)| (id(*number), *share)).collect()
    }

    /// The first was divided into the second and the third, and that into the fourth and the fifth.
    fn twice(shares: Option<(i64, i64)>) -> Divisions {
        let of = |share: Option<i64>| (share, share.map(|share| 1_000_000 - share));
        let (first, rest) = of(shares.map(|shares| shares.0));
        let (second, others) = of(shares.map(|shares| shares.1));
        Divisions(HashMap::from([
            (id(1), vec![Division { on: day(2024), closes: true, among: among(&[(2, first), (3, rest)]) }]),
            (id(3), vec![Division { on: day(2026), closes: true, among: among(&[(4, second), (5, others)]) }]),
        ]))
    }

    fn at(divisions: &Divisions, value: i64, inside: &[u32]) -> Portion {
        let inside = inside.iter().copied().map(id).collect();
        divisions.portion(SUM, id(1), day(2023), of(value), &inside)
    }

    #[test]
    fn what_is_left_goes_to_those_that_lost_most_by_rounding_down() {
        for (amount, one, shares, parts) in [
            (4, 1, [600_000, 400_000], [2, 2]),
            (40, 10, [600_000, 400_000], [20, 20]),
            (-4, 1, [600_000, 400_000], [-2, -2]),
            (5, 1, [500_000, 500_000], [3, 2]),
        ] {
            assert_eq!(largest_remainder(amount, one, &shares), parts, "{amount}");
        }
    }

    #[test]
    fn a_part_comes_through_two_divisions_and_the_whole_stays_the_whole() {
        let divisions = twice(Some((400_000, 500_000)));
        assert_eq!(at(&divisions, 101, &[2]), Portion::Part(of(40)));
        assert_eq!(at(&divisions, 101, &[4]), Portion::Part(of(31)), "the half that is left goes to the first");
        assert_eq!(at(&divisions, 101, &[2, 5]), Portion::Part(of(70)));
        assert_eq!(at(&divisions, 101, &[2, 4, 5]), Portion::Whole);
        assert_eq!(at(&divisions, 101, &[9]), Portion::Nothing { some: false });
        assert_eq!(divisions.heirs(id(1)), [2, 3, 4, 5].map(id).into());
    }

    #[test]
    fn a_handful_and_what_has_no_shares_stay_whole() {
        for (divisions, value) in [(twice(None), 101), (twice(Some((400_000, 500_000))), 7)] {
            assert_eq!(at(&divisions, value, &[2, 4]), Portion::Nothing { some: true });
            assert_eq!(at(&divisions, value, &[2, 4, 5]), Portion::Whole);
        }
        assert_eq!(at(&twice(Some((400_000, 500_000))), 8, &[2]), Portion::Part(of(3)));
        assert_eq!(at(&twice(Some((400_000, 500_000))), -7, &[2]), Portion::Nothing { some: true });
    }

    #[test]
    fn who_lives_on_keeps_what_came_after() {
        let kept = Division { on: day(2024), closes: false, among: among(&[(1, Some(750_000)), (2, Some(250_000))]) };
        let divisions = Divisions(HashMap::from([(id(1), vec![kept])]));
        let portion = |end: i32| divisions.portion(SUM, id(1), day(end), of(40), &BTreeSet::from([id(1)]));
        assert_eq!(portion(2023), Portion::Part(of(30)));
        assert_eq!(portion(2024), Portion::Whole);
    }

    #[test]
    fn only_what_has_parts_is_apportioned() {
        let value = |numerator, denominator| ScaledValue { value: 5000, numerator, denominator };
        let of =
            |aggregation, value| Arithmetic { aggregation, decimals: 2, ..SUM }.apportioned(value, &[600_000, 400_000]);
        let first = |parts: Option<Vec<ScaledValue>>| parts.and_then(|parts| parts.first().copied());
        let (above, below) = (Some(1_500), Some(3_000));
        assert_eq!(first(of(Aggregation::RatioOfSums, value(above, below))), Some(value(Some(900), Some(1_800))));
        assert_eq!(first(of(Aggregation::Mean, value(None, below))), Some(value(None, Some(1_800))));
        assert_eq!(of(Aggregation::RatioOfSums, value(above, None)), None);
        assert_eq!(of(Aggregation::RatioOfSums, value(Some(700), below)), None, "seven of something");
        assert_eq!(of(Aggregation::Mean, value(None, None)), None);
        assert_eq!(of(Aggregation::UniqueCount, value(above, below)), None);
    }

    proptest! {
        #[test]
        fn parts_add_up_and_none_is_a_unit_off(amount in -10_000_000_i64..10_000_000, decimals in 0_u32..3, cuts in prop::collection::vec(0_i64..=1_000_000, 0..5)) {
            let mut ends = cuts;
            ends.extend([0, 1_000_000]);
            ends.sort_unstable();
            let shares: Vec<i64> = ends.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let one = 10_i64.pow(decimals);
            let parts = largest_remainder(amount, one, &shares);
            prop_assert_eq!(parts.iter().sum::<i64>(), amount);
            let unit = if amount % one == 0 { one } else { 1 };
            for (part, share) in parts.iter().zip(&shares) {
                prop_assert_eq!(part % unit, 0);
                prop_assert!((*part as f64 - amount as f64 * *share as f64 / 1e6).abs() < unit as f64 + 1e-6);
            }
        }
    }
}
