//! One series out of several, by the KPI's own way of adding up, and how much of what was expected each period holds.

use crate::calendar::{DayRange, Period, PeriodType};
use crate::decimal::{self, to_f64};
use crate::disclosure::rounded;
use crate::error::Result;
use crate::kpis::catalogue::rules::Aggregation;
use crate::kpis::values::rules::ScaledValue;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::words;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// Of which organisations a total is made.
    pub enum TotalBasis {
        /// Of all that reported in each period.
        All = "all",
        /// Of those alone that reported in every period.
        Comparable = "comparable",
    }
}

/// The most periods that are walked through one by one.
const LONGEST: usize = 10_000;

/// The periods asked for, both ends included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    pub from: Option<Period>,
    pub to: Option<Period>,
}

impl Window {
    /// Reads its ends, each a period of this kind or a date: the periods whose first day lies between them.
    ///
    /// # Errors
    /// As [`DayRange::read`].
    pub fn read(kind: PeriodType, from: Option<&str>, to: Option<&str>, place: &str) -> Result<Self> {
        let (from, to) = DayRange::read(kind, from, to, place)?.periods(kind);
        Ok(Self { from, to })
    }

    pub fn holds(self, period: Period) -> bool {
        self.from.is_none_or(|from| from <= period) && self.to.is_none_or(|to| period <= to)
    }
}

/// How a KPI's values are added up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arithmetic {
    pub aggregation: Aggregation,
    pub period_type: PeriodType,
    /// Whether its values are a numerator over a denominator.
    pub is_quotient: bool,
    /// 100 for a percentage, 1,000 for a rate per 1,000.
    pub multiplier: u32,
    pub decimals: u8,
    /// From which share of what is expected on a total is complete.
    pub complete_at: f64,
}

/// A value of one of the series that are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    pub series: i64,
    /// The organisation of the series.
    pub organisation: Id,
    /// The first day of its period.
    pub start: NaiveDate,
    pub value: ScaledValue,
    pub qualifier: Qualifier,
    pub basis: Basis,
    /// What the series had, as the caller may see it: the value where values are summed, the numerator of a ratio, the number
    /// of things behind a mean. None where that is not known.
    pub weight: Option<i64>,
    /// The value as the caller may see it, which stands for the series where later values of it are missing.
    pub seen: ScaledValue,
}

/// How a series stands towards a total in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// Its organisation does not count here.
    Elsewhere,
    /// It counts where it has a value; nothing is expected of it.
    Free,
    Expected,
}

/// How much of what was expected a total holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coverage {
    /// Organisations that values are expected of.
    pub expected: usize,
    /// Those of them whose values are all there.
    pub actual: usize,
    /// What the series present had in their last value, as a share of what all expected had in theirs.
    pub share: f64,
    /// Whether that is too little to say anything of the total.
    pub partial: bool,
}

/// The total of a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Total {
    /// None where there is nothing to add up or to divide by, or more than can be stored.
    pub value: Option<ScaledValue>,
    /// The same, not rounded to the KPI's decimals.
    pub figure: Option<f64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    /// None for a single series.
    pub coverage: Option<Coverage>,
    /// The figure with what is missing at its last values; none where nothing is.
    pub completed: Option<f64>,
    /// Whether it is kept back because a mean does not say of how many things it was taken.
    pub unweighted: bool,
}

/// What a series last had.
#[derive(Clone, Copy)]
struct Last {
    organisation: Id,
    weight: Option<i64>,
}

/// What is found of a period, series by series.
#[derive(Default)]
struct Tally {
    values: Vec<ScaledValue>,
    qualifier: Option<Qualifier>,
    basis: Option<Basis>,
    /// Each organisation that something is expected of, and whether some of that is missing.
    organisations: BTreeMap<Id, bool>,
    series: (i128, i128),
    weights: (i128, i128),
    weights_are_known: bool,
    /// The last values of those that are missing.
    missing: Vec<ScaledValue>,
}

impl Tally {
    fn count(&mut self, last: Last, weight: Option<i64>, is_there: bool) {
        *self.organisations.entry(last.organisation).or_default() |= !is_there;
        let size = i128::from(weight.unwrap_or_default().unsigned_abs());
        self.weights_are_known &= weight.is_some();
        self.series.1 += 1;
        self.weights.1 += size;
        if is_there {
            self.series.0 += 1;
            self.weights.0 += size;
        }
    }

    fn coverage(&self, complete_at: f64) -> Coverage {
        let (present, expected) = if self.weights_are_known && self.weights.1 > 0 { self.weights } else { self.series };
        let share = if expected == 0 { 1.0 } else { present as f64 / expected as f64 };
        Coverage {
            expected: self.organisations.len(),
            actual: self.organisations.values().filter(|lacks| !**lacks).count(),
            share,
            partial: share < complete_at - 1e-12,
        }
    }
}

impl Arithmetic {
    /// Whether several series of the KPI can become one.
    pub fn adds_up(self) -> bool {
        matches!(self.aggregation, Aggregation::Sum | Aggregation::RatioOfSums | Aggregation::Mean)
    }

    /// What a value weighs among others: the value, the numerator of a ratio, the number of things behind a mean.
    pub fn weight(self, value: ScaledValue) -> Option<i64> {
        match self.aggregation {
            Aggregation::RatioOfSums => value.numerator,
            Aggregation::Mean => value.denominator,
            Aggregation::Sum | Aggregation::None | Aggregation::UniqueCount => Some(value.value),
        }
    }

    /// The value with its parts as readers without the grant may know of them: counts to the nearest five, each small one as five. So what is
    /// said of what is missing discloses none.
    pub fn coarse(self, value: ScaledValue) -> ScaledValue {
        let one = 10_i64.pow(u32::from(self.decimals));
        let count = |count: i64| rounded(count, one).unwrap_or(5 * one);
        let whole = if self.aggregation == Aggregation::Sum { count(value.value) } else { value.value };
        ScaledValue { value: whole, numerator: value.numerator.map(count), denominator: value.denominator.map(count) }
    }

    /// The value as a figure, not rounded where it has parts; none where there was nothing to divide.
    pub fn figure(self, value: ScaledValue) -> Option<f64> {
        match (value.numerator, value.denominator) {
            (Some(_), Some(0)) if self.is_quotient => None,
            (Some(numerator), Some(denominator)) if self.is_quotient => {
                Some(numerator as f64 * f64::from(self.multiplier) / denominator as f64)
            }
            _ => Some(to_f64(value.value, self.decimals)),
        }
    }

    /// A single series, which is its own total.
    pub fn only(self, observations: &[Observation]) -> BTreeMap<Period, Total> {
        let total = |one: &Observation| Total {
            value: Some(one.value).filter(|value| !value.is_not_applicable()),
            figure: self.figure(one.value),
            qualifier: one.qualifier,
            basis: one.basis,
            coverage: None,
            completed: None,
            unweighted: false,
        };
        observations.iter().map(|one| (self.period(one.start), total(one))).collect()
    }

    fn period(self, day: NaiveDate) -> Period {
        Period::containing(self.period_type, day)
    }

    /// Adds the observations up, period by period from the first to the last of them. A series is expected from its first
    /// value on, wherever `stand` says so, whether or not it has been silent since.
    pub fn totals(
        self,
        observations: &[Observation],
        stand: impl Fn(&Observation, Period) -> Stand,
    ) -> BTreeMap<Period, Total> {
        let mut found: BTreeMap<Period, BTreeMap<i64, &Observation>> = BTreeMap::new();
        for one in observations {
            found.entry(self.period(one.start)).or_default().insert(one.series, one);
        }
        let mut periods: Vec<Period> = found.keys().copied().collect();
        if let (Some(first), Some(last)) = (periods.first(), periods.last()) {
            let all: Vec<Period> = first.through(*last).take(LONGEST + 1).collect();
            periods = if all.len() > LONGEST { periods } else { all };
        }
        let nothing = BTreeMap::new();
        let mut known: BTreeMap<i64, (&Observation, Last)> = BTreeMap::new();
        let mut totals = BTreeMap::new();
        for period in periods {
            let present = found.get(&period).unwrap_or(&nothing);
            let mut tally = Tally { weights_are_known: true, ..Tally::default() };
            for (series, (one, last)) in &known {
                if !present.contains_key(series) && stand(one, period) == Stand::Expected {
                    tally.count(*last, last.weight, false);
                    tally.missing.push(one.seen);
                }
            }
            let mut counted = false;
            for (series, one) in present {
                let now = Last { organisation: one.organisation, weight: one.weight };
                if stand(one, period) != Stand::Elsewhere {
                    counted = true;
                    // Measured by what it had before, so that a jump of its own does not hide what is missing.
                    let before = known.get(series).map_or(now, |(_, last)| *last);
                    self.add(&mut tally, one, before);
                }
                known.insert(*series, (one, now));
            }
            if counted || !tally.organisations.is_empty() {
                totals.insert(period, self.close(&tally));
            }
        }
        // Before the first and after the last value here nothing is told.
        let is_reported =
            |total: &Total| total.value.is_some() || total.coverage.is_some_and(|coverage| coverage.actual > 0);
        let ends = totals.iter().filter(|(_, total)| is_reported(total)).map(|(period, _)| *period);
        let (first, last) = (ends.clone().min(), ends.max());
        totals.retain(|period, _| {
            first.is_some_and(|first| first <= *period) && last.is_some_and(|last| *period <= last)
        });
        totals
    }

    fn add(self, tally: &mut Tally, one: &Observation, before: Last) {
        let usable = match self.aggregation {
            Aggregation::RatioOfSums => one.value.numerator.is_some() && one.value.denominator.is_some(),
            _ => true,
        };
        tally.count(before, before.weight.or(one.weight), usable);
        if !usable {
            return;
        }
        tally.values.push(one.value);
        tally.qualifier = Some(tally.qualifier.map_or(one.qualifier, |known| known.plus(one.qualifier)));
        tally.basis = Some(tally.basis.map_or(one.basis, |basis| basis.max(one.basis)));
    }

    fn close(self, tally: &Tally) -> Total {
        let (value, figure, unweighted) = self.sum(&tally.values);
        let completed = (!tally.missing.is_empty()).then(|| self.sum(&[&*tally.values, &*tally.missing].concat()).1);
        Total {
            value,
            figure,
            qualifier: tally.qualifier.unwrap_or(Qualifier::Exact),
            basis: tally.basis.unwrap_or(Basis::Measured),
            coverage: Some(tally.coverage(self.complete_at)),
            completed: completed.flatten(),
            unweighted,
        }
    }

    /// The values added up: as stored, as a figure, and whether it is kept back for want of weights.
    fn sum(self, values: &[ScaledValue]) -> (Option<ScaledValue>, Option<f64>, bool) {
        let add = |part: fn(&ScaledValue) -> Option<i64>| {
            let parts = values.iter().map(part).collect::<Option<Vec<_>>>()?;
            i64::try_from(parts.into_iter().map(i128::from).sum::<i128>()).ok()
        };
        let (numerator, denominator) = (add(|value| value.numerator), add(|value| value.denominator));
        let total = match (self.aggregation, values) {
            (_, []) | (Aggregation::None | Aggregation::UniqueCount, _) => return (None, None, false),
            (Aggregation::Sum, _) => {
                add(|value| Some(value.value)).map(|value| ScaledValue { value, numerator, denominator })
            }
            (Aggregation::RatioOfSums, _) => numerator.zip(denominator).and_then(|(above, below)| {
                let value = decimal::ratio(above, below, self.multiplier, self.decimals)?;
                Some(ScaledValue { value, numerator, denominator })
            }),
            (Aggregation::Mean, [one]) => Some(*one),
            (Aggregation::Mean, _) => return self.mean(values, denominator),
        };
        (total, total.and_then(|total| self.figure(total)), false)
    }

    /// The mean of means, each weighing as many things as it was taken of. Without these numbers nothing is guessed.
    fn mean(self, values: &[ScaledValue], weights: Option<i64>) -> (Option<ScaledValue>, Option<f64>, bool) {
        let Some(weights) = weights else { return (None, None, true) };
        let product = |value: &ScaledValue| {
            i128::from(value.value).checked_mul(i128::from(value.denominator.unwrap_or_default()))
        };
        let products = values.iter().map(product).try_fold(0_i128, |sum, product| sum.checked_add(product?));
        let Some(products) = products.filter(|_| weights > 0) else { return (None, None, false) };
        let exact = products as f64 / weights as f64 / 10_f64.powi(i32::from(self.decimals));
        let below = i128::from(weights);
        // Halves round away from zero, as everywhere.
        let rounded = (products.abs() * 2 + below) / (below * 2) * products.signum();
        let value = i64::try_from(rounded).ok();
        let value = value.map(|value| ScaledValue { value, numerator: None, denominator: Some(weights) });
        (value, value.map(|_| exact), false)
    }

    /// The observations of the organisations alone that have every series of theirs in every period of the window that
    /// anybody has, and how many organisations that leaves out.
    pub fn comparable(
        self,
        observations: Vec<Observation>,
        window: Window,
        stand: impl Fn(&Observation, Period) -> Stand,
    ) -> (Vec<Observation>, usize) {
        let here = |one: &&Observation| {
            let period = self.period(one.start);
            window.holds(period) && stand(one, period) != Stand::Elsewhere
        };
        let periods: BTreeSet<NaiveDate> = observations.iter().filter(here).map(|one| one.start).collect();
        let mut series: BTreeMap<(Id, i64), usize> = BTreeMap::new();
        for one in observations.iter().filter(here) {
            *series.entry((one.organisation, one.series)).or_default() += 1;
        }
        let all: BTreeSet<Id> = series.keys().map(|(organisation, _)| *organisation).collect();
        let lacking = series.iter().filter(|(_, count)| **count < periods.len());
        let lacking: BTreeSet<Id> = lacking.map(|((organisation, _), _)| *organisation).collect();
        // Who reported before and is silent in all of these periods is left out too.
        let silent = |one: &&Observation| {
            let due = |start: &NaiveDate| *start > one.start && stand(one, self.period(*start)) == Stand::Expected;
            !all.contains(&one.organisation) && periods.iter().any(due)
        };
        let silent: BTreeSet<Id> = observations.iter().filter(silent).map(|one| one.organisation).collect();
        let kept = |one: &Observation| all.contains(&one.organisation) && !lacking.contains(&one.organisation);
        (observations.into_iter().filter(kept).collect(), lacking.len() + silent.len())
    }
}

#[cfg(test)]
mod tests;
