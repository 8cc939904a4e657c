//! One series out of several, by the KPI's own way of adding up.

use crate::decimal;
use crate::kpis::catalogue::rules::Aggregation;
use crate::kpis::values::rules::ScaledValue;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// How a KPI's values are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arithmetic {
    pub aggregation: Aggregation,
    /// 100 for a percentage, 1,000 for a rate per 1,000.
    pub multiplier: u32,
    pub decimals: u8,
}

/// A value of one of the series that are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    pub series: i64,
    /// The first day of its period.
    pub start: NaiveDate,
    pub value: ScaledValue,
}

/// The one series that became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Total {
    pub values: BTreeMap<NaiveDate, ScaledValue>,
    /// Periods that have a total but lack a series which other periods have, or the parts of its ratio.
    pub partial: usize,
}

impl Total {
    /// The total of a single series: itself.
    pub fn only(observations: &[Observation]) -> Self {
        let values = observations.iter().map(|observation| (observation.start, observation.value));
        Self { values: values.collect(), partial: 0 }
    }
}

impl Arithmetic {
    /// Whether several series of the KPI can become one.
    pub fn adds_up(self) -> bool {
        matches!(self.aggregation, Aggregation::Sum | Aggregation::RatioOfSums | Aggregation::Mean)
    }

    /// Adds the observations up, period by period. A period without a total (nothing to divide by, or more
    /// than can be stored) has none.
    pub fn total(self, observations: &[Observation]) -> Total {
        let mut periods: BTreeMap<NaiveDate, Vec<ScaledValue>> = BTreeMap::new();
        let mut series = BTreeSet::new();
        for observation in observations {
            series.insert(observation.series);
            if self.takes(observation.value) {
                periods.entry(observation.start).or_default().push(observation.value);
            }
        }
        let partial = periods.values().filter(|values| values.len() < series.len()).count();
        let values = periods.iter().filter_map(|(start, values)| Some((*start, self.one(values)?)));
        Total { values: values.collect(), partial }
    }

    /// Whether the value has what the total is made of.
    fn takes(self, value: ScaledValue) -> bool {
        self.aggregation != Aggregation::RatioOfSums || (value.numerator.is_some() && value.denominator.is_some())
    }

    fn one(self, values: &[ScaledValue]) -> Option<ScaledValue> {
        let sum = |part: fn(&ScaledValue) -> Option<i64>| {
            let parts = values.iter().map(part).collect::<Option<Vec<_>>>()?;
            i64::try_from(parts.into_iter().map(i128::from).sum::<i128>()).ok()
        };
        let (value, numerator, denominator) = (sum(|v| Some(v.value)), sum(|v| v.numerator), sum(|v| v.denominator));
        let value = match self.aggregation {
            Aggregation::Sum => value?,
            Aggregation::RatioOfSums => decimal::ratio(numerator?, denominator?, self.multiplier, self.decimals)?,
            // The sum is scaled already, so dividing it by a bare count keeps the scale.
            Aggregation::Mean => decimal::ratio(value?, i64::try_from(values.len()).ok()?, 1, 0)?,
            Aggregation::None | Aggregation::UniqueCount => return None,
        };
        let counted = self.aggregation != Aggregation::Mean;
        Some(ScaledValue {
            value,
            numerator: numerator.filter(|_| counted),
            denominator: denominator.filter(|_| counted),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(aggregation: Aggregation) -> Arithmetic {
        Arithmetic { aggregation, multiplier: 100, decimals: 1 }
    }

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 1, day).expect("a day")
    }

    fn plain(value: i64) -> ScaledValue {
        ScaledValue { value, numerator: None, denominator: None }
    }

    fn share(numerator: i64, denominator: i64) -> ScaledValue {
        ScaledValue { value: 0, numerator: Some(numerator), denominator: Some(denominator) }
    }

    fn seen(series: i64, start: NaiveDate, value: ScaledValue) -> Observation {
        Observation { series, start, value }
    }

    #[test]
    fn each_way_of_adding_up() {
        let two = |a, b| [seen(1, day(1), a), seen(2, day(1), b)];
        for (aggregation, observations, total) in [
            (Aggregation::Sum, two(plain(10), plain(25)), Some(plain(35))),
            (Aggregation::Mean, two(plain(10), plain(25)), Some(plain(18))),
            (
                Aggregation::RatioOfSums,
                two(share(10, 40), share(20, 20)),
                Some(ScaledValue { value: 500, ..share(30, 60) }),
            ),
            (Aggregation::RatioOfSums, two(share(1, 0), share(2, 0)), None),
            (Aggregation::Sum, two(plain(i64::MAX), plain(1)), None),
            (Aggregation::UniqueCount, two(plain(1), plain(1)), None),
        ] {
            assert_eq!(by(aggregation).total(&observations).values.remove(&day(1)), total, "{aggregation:?}");
        }
    }

    #[test]
    fn a_period_that_lacks_a_series_is_partial() {
        let observations = [seen(1, day(1), plain(1)), seen(2, day(1), plain(2)), seen(1, day(2), plain(3))];
        let total = by(Aggregation::Sum).total(&observations);
        assert_eq!((total.values.len(), total.partial), (2, 1));
        assert_eq!(by(Aggregation::Sum).total(&[]), Total::default());
    }

    #[test]
    fn a_ratio_without_its_parts_cannot_be_added_to_others() {
        let observations = [seen(1, day(1), share(1, 4)), seen(2, day(1), plain(70)), seen(2, day(2), plain(80))];
        let total = by(Aggregation::RatioOfSums).total(&observations);
        assert_eq!(total.values.keys().copied().collect::<Vec<_>>(), [day(1)]);
        assert_eq!(total.partial, 1);
    }
}
