//! What the values of a period come to: sums that do not depend on the order in which values are counted, and so can be kept.

use super::arithmetic::{Arithmetic, Coverage, Lack, Observation, Stand, Total, Window};
use crate::calendar::Period;
use crate::decimal::{self, to_f64};
use crate::kpis::catalogue::rules::Aggregation;
use crate::kpis::values::rules::ScaledValue;
use crate::vocabulary::{Basis, Qualifier};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most periods that are walked through one by one.
const LONGEST: usize = 10_000;

/// A sum too large for a number of JSON, which is kept as text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
struct Sum(i128);

impl From<Sum> for String {
    fn from(sum: Sum) -> Self {
        sum.0.to_string()
    }
}

impl TryFrom<String> for Sum {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

/// Values added up, part by part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sums {
    count: u32,
    /// How many of them say something: there was something to divide.
    applicable: u32,
    value: Sum,
    numerator: Sum,
    /// How many of them have a numerator, and a denominator.
    numerators: u32,
    denominator: Sum,
    denominators: u32,
    /// Each value times its denominator; none where that is more than can be held.
    products: Option<Sum>,
}

impl Sums {
    fn add(&mut self, value: ScaledValue) {
        let product = i128::from(value.value).checked_mul(i128::from(value.denominator.unwrap_or_default()));
        let before = if self.count == 0 { Some(0) } else { self.products.map(|sum| sum.0) };
        self.products = before.zip(product).and_then(|(sum, product)| sum.checked_add(product)).map(Sum);
        self.count += 1;
        self.applicable += u32::from(!value.is_not_applicable());
        // A hundred thousand million million values would have to be added up to overflow.
        self.value.0 += i128::from(value.value);
        self.numerator.0 += i128::from(value.numerator.unwrap_or_default());
        self.numerators += u32::from(value.numerator.is_some());
        self.denominator.0 += i128::from(value.denominator.unwrap_or_default());
        self.denominators += u32::from(value.denominator.is_some());
    }

    fn with(mut self, others: Self) -> Self {
        let products = |sums: &Self| if sums.count == 0 { Some(0) } else { sums.products.map(|sum| sum.0) };
        self.products = products(&self).zip(products(&others)).and_then(|(one, other)| one.checked_add(other)).map(Sum);
        self.count += others.count;
        self.applicable += others.applicable;
        self.value.0 += others.value.0;
        self.numerator.0 += others.numerator.0;
        self.numerators += others.numerators;
        self.denominator.0 += others.denominator.0;
        self.denominators += others.denominators;
        self
    }

    /// The total as stored, as a figure, and why there is none.
    fn total(&self, by: Arithmetic) -> (Option<ScaledValue>, Option<f64>, Option<Lack>) {
        let total = match by.aggregation {
            _ if self.count == 0 => Ok(None),
            Aggregation::None | Aggregation::UniqueCount => Ok(None),
            Aggregation::Sum => self.value(by),
            Aggregation::RatioOfSums => self.ratio(by),
            Aggregation::Mean => self.mean(by),
        };
        match total {
            Ok(Some((value, figure))) => (Some(value), Some(figure), None),
            Ok(None) => (None, None, None),
            Err(lack) => (None, None, Some(lack)),
        }
    }

    fn value(&self, by: Arithmetic) -> Result<Option<(ScaledValue, f64)>, Lack> {
        let value = stored(self.value)?;
        Ok(Some((ScaledValue { value, numerator: None, denominator: None }, to_f64(value, by.decimals))))
    }

    /// The sum of numerators over the sum of denominators; none where there was nothing to divide.
    fn ratio(&self, by: Arithmetic) -> Result<Option<(ScaledValue, f64)>, Lack> {
        let (Some(above), Some(below)) = (self.numerators()?, self.denominators()?) else { return Ok(None) };
        if below == 0 {
            return Ok(None);
        }
        let value = decimal::ratio(above, below, by.multiplier, by.decimals).ok_or(Lack::TooLarge)?;
        let total = ScaledValue { value, numerator: Some(above), denominator: Some(below) };
        Ok(by.figure(total).map(|figure| (total, figure)))
    }

    /// The mean of means, each weighing as many things as it was taken of. Without these numbers nothing is guessed; where there
    /// was nothing to divide, there is no mean to weigh.
    fn mean(&self, by: Arithmetic) -> Result<Option<(ScaledValue, f64)>, Lack> {
        if self.applicable == 0 {
            return Ok(None);
        }
        if self.applicable == 1 {
            let (numerator, denominator) = (self.numerators()?, self.denominators()?);
            let one = ScaledValue { value: stored(self.value)?, numerator, denominator };
            return Ok(by.figure(one).map(|figure| (one, figure)));
        }
        let weights = self.denominators()?.ok_or(Lack::Unweighted)?;
        let Sum(products) = self.products.ok_or(Lack::TooLarge)?;
        if weights <= 0 {
            return Ok(None);
        }
        let exact = products as f64 / weights as f64 / 10_f64.powi(i32::from(by.decimals));
        let below = u128::from(weights.unsigned_abs());
        // Halves round away from zero, as everywhere.
        let twice = products.unsigned_abs().checked_mul(2).ok_or(Lack::TooLarge)?;
        let value =
            i64::try_from((twice + below) / (below * 2)).map_err(|_| Lack::TooLarge)? * products.signum() as i64;
        Ok(Some((ScaledValue { value, numerator: None, denominator: Some(weights) }, exact)))
    }

    /// The sum of numerators; none where a value lacks its own.
    fn numerators(&self) -> Result<Option<i64>, Lack> {
        if self.numerators < self.count { Ok(None) } else { stored(self.numerator).map(Some) }
    }

    fn denominators(&self) -> Result<Option<i64>, Lack> {
        if self.denominators < self.count { Ok(None) } else { stored(self.denominator).map(Some) }
    }
}

/// The sum, where it can be stored.
fn stored(sum: Sum) -> Result<i64, Lack> {
    i64::try_from(sum.0).map_err(|_| Lack::TooLarge)
}

/// What is found of a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    sums: Sums,
    /// What of it the caller sees as it is, where they do not see all of it so.
    #[serde(default)]
    own: Sums,
    /// Whether the total is kept back.
    #[serde(default)]
    is_kept_back: bool,
    /// The last values of those that are missing.
    missing: Sums,
    qualifier: Option<Qualifier>,
    basis: Option<Basis>,
    /// Organisations that something is expected of, and those of them of which all of it is there.
    expected: u32,
    actual: u32,
    /// Series that are there, and those that count.
    series: (u32, u32),
    weights: (Sum, Sum),
    /// Of how many of the series the weight is not known.
    unknown: u32,
}

impl Tally {
    fn count(&mut self, weight: Option<i64>, is_there: bool) {
        let size = i128::from(weight.unwrap_or_default().unsigned_abs());
        self.unknown += u32::from(weight.is_none());
        self.series.1 += 1;
        self.weights.1.0 += size;
        if is_there {
            self.series.0 += 1;
            self.weights.0.0 += size;
        }
    }

    /// A value, measured by what its series had before, so that a jump of its own does not hide what is missing.
    fn add(&mut self, by: Arithmetic, one: &Observation, before: Option<i64>) -> bool {
        let usable = match by.aggregation {
            Aggregation::RatioOfSums => one.value.numerator.is_some() && one.value.denominator.is_some(),
            _ => true,
        };
        self.count(before.or(one.weight), usable);
        if usable {
            if one.is_own { &mut self.own } else { &mut self.sums }.add(one.value);
            self.qualifier = Some(self.qualifier.map_or(one.qualifier, |known| known.plus(one.qualifier)));
            self.basis = Some(self.basis.map_or(one.basis, |basis| basis.max(one.basis)));
        }
        usable
    }

    fn coverage(&self, complete_at: f64) -> Coverage {
        let (series, weights) = (self.series, (self.weights.0.0, self.weights.1.0));
        let by_weight = self.unknown == 0 && weights.1 > 0;
        let (present, expected) = if by_weight { weights } else { (series.0.into(), series.1.into()) };
        let share = if expected == 0 { 1.0 } else { present as f64 / expected as f64 };
        let (expected, actual) = (self.expected as usize, self.actual as usize);
        Coverage { expected, actual, share, partial: false }.against(complete_at)
    }

    /// The total, with how much of what was expected it holds.
    fn close(&self, by: Arithmetic) -> Total {
        let sums = self.sums.with(self.own);
        let (value, figure, lack) = sums.total(by);
        let completed = (self.missing.count > 0 && !self.is_kept_back).then(|| sums.with(self.missing).total(by).1);
        Total {
            value,
            figure,
            qualifier: self.qualifier.unwrap_or(Qualifier::Exact),
            basis: self.basis.unwrap_or(Basis::Measured),
            coverage: Some(self.coverage(by.complete_at)),
            completed: completed.flatten(),
            lack,
            is_kept_back: self.is_kept_back,
        }
    }
}

impl Tally {
    /// Puts what is told of it in the place of what others than the caller have in it: its counts, or nothing where it is kept back.
    fn tell(&mut self, by: Arithmetic, counts: Option<&[i64]>) {
        let plain = |value: i64| ScaledValue { value, numerator: None, denominator: None };
        let value = match (by.aggregation, counts) {
            _ if self.sums.count == 0 || self.sums.total(by).2.is_some() => return,
            // Nobody knows of how many.
            (Aggregation::Mean, _) if self.sums.denominators == 0 => return,
            (Aggregation::Sum, Some([value])) => Some(plain(*value)),
            (Aggregation::RatioOfSums, Some([above, below, ..])) => {
                Some(ScaledValue { value: 0, numerator: Some(*above), denominator: Some(*below) })
            }
            (Aggregation::Mean, Some([of])) => match self.sums.total(by).0 {
                Some(mean) => Some(ScaledValue { denominator: mean.denominator.map(|_| *of), ..plain(mean.value) }),
                None => return,
            },
            _ => None,
        };
        (self.sums, self.is_kept_back) = (Sums::default(), value.is_none());
        match value {
            Some(value) => self.sums.add(value),
            None => self.own = Sums::default(),
        }
    }
}

/// How an organisation stands in a period, by those of its series that were counted so far.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Reported {
    #[default]
    Nothing,
    All,
    Lacking,
}

/// The tallies of periods in a row, each by its first day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tallies(BTreeMap<NaiveDate, Tally>);

impl Tallies {
    /// Counts the observations, series by series. A series is expected from its first value on, wherever `stand` says so,
    /// whether or not it has been silent since.
    pub fn of(by: Arithmetic, observations: &[Observation], stand: impl Fn(&Observation, Period) -> Stand) -> Self {
        let mut order: Vec<&Observation> = observations.iter().collect();
        order.sort_unstable_by_key(|one| (one.organisation, one.series, one.start));
        let periods = periods(by, &order);
        let mut tallies = vec![(Tally::default(), false); periods.len()];
        for organisation in order.chunk_by(|one, other| one.organisation == other.organisation) {
            let mut reported = vec![Reported::Nothing; periods.len()];
            for series in organisation.chunk_by(|one, other| one.series == other.series) {
                count_series(by, series, &periods, &stand, &mut tallies, &mut reported);
            }
            for ((tally, _), reported) in tallies.iter_mut().zip(reported) {
                tally.expected += u32::from(reported != Reported::Nothing);
                tally.actual += u32::from(reported == Reported::All);
            }
        }
        let some = periods.into_iter().zip(tallies).filter(|(_, (tally, counted))| *counted || tally.expected > 0);
        Self(some.map(|(period, (tally, _))| (period.start(), tally)).collect())
    }

    /// Puts what is told of each period in the place of what it comes to.
    pub fn tell<'a>(&mut self, by: Arithmetic, counts: impl Fn(NaiveDate) -> Option<&'a [i64]>) {
        self.0.iter_mut().for_each(|(start, tally)| tally.tell(by, counts(*start)));
    }

    /// The first days of the periods.
    pub fn starts(&self) -> impl Iterator<Item = NaiveDate> {
        self.0.keys().copied()
    }

    /// The totals, up to the last period asked for. Before the first and after the last value nothing is told.
    pub fn totals(&self, by: Arithmetic, window: Window) -> BTreeMap<Period, Total> {
        let all = self.0.iter().map(|(start, tally)| (by.period(*start), tally));
        let up_to = |period: &Period| window.to.is_none_or(|to| *period <= to);
        let asked = all.take_while(|(period, _)| up_to(period));
        let mut totals: BTreeMap<Period, Total> = asked.map(|(period, tally)| (period, tally.close(by))).collect();
        let is_reported =
            |total: &Total| total.value.is_some() || total.coverage.is_some_and(|coverage| coverage.actual > 0);
        let ends = totals.iter().filter(|(_, total)| is_reported(total)).map(|(period, _)| *period);
        let (first, last) = (ends.clone().min(), ends.max());
        totals.retain(|period, _| {
            first.is_some_and(|first| first <= *period) && last.is_some_and(|last| *period <= last)
        });
        totals
    }
}

/// The periods from the first observation to the last; those alone that have one where there would be too many.
fn periods(by: Arithmetic, observations: &[&Observation]) -> Vec<Period> {
    let mut starts: Vec<_> = observations.iter().map(|one| one.start).collect();
    starts.sort_unstable();
    starts.dedup();
    let found: Vec<Period> = starts.into_iter().map(|start| by.period(start)).collect();
    let (Some(first), Some(last)) = (found.first(), found.last()) else { return found };
    let all: Vec<Period> = first.through(*last).take(LONGEST + 1).collect();
    if all.len() > LONGEST { found } else { all }
}

/// Counts a series, in the order of time, in every period from its first value on.
fn count_series(
    by: Arithmetic,
    series: &[&Observation],
    periods: &[Period],
    stand: &impl Fn(&Observation, Period) -> Stand,
    tallies: &mut [(Tally, bool)],
    reported: &mut [Reported],
) {
    let mut values = series.iter().peekable();
    let mut last: Option<&Observation> = None;
    let first = values.peek().map(|one| by.period(one.start));
    let from = first.and_then(|first| periods.binary_search(&first).ok()).unwrap_or(periods.len());
    let rest = periods.iter().zip(tallies).zip(reported).skip(from);
    for ((period, (tally, counted)), reported) in rest {
        let there = values.next_if(|one| one.start == period.start());
        let now = match (there, last) {
            (Some(one), _) if stand(one, *period) != Stand::Elsewhere => {
                *counted = true;
                let before = last.map_or(one.weight, |last| last.weight);
                if tally.add(by, one, before) { Reported::All } else { Reported::Lacking }
            }
            (None, Some(last)) if stand(last, *period) == Stand::Expected => {
                tally.count(last.weight, false);
                tally.missing.add(last.seen);
                Reported::Lacking
            }
            _ => Reported::Nothing,
        };
        *reported = now.max(*reported);
        last = there.copied().or(last);
    }
}
