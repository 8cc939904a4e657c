//! What is added up, and by which rules.

use crate::calendar::{DayRange, Period, PeriodType};
use crate::decimal::to_f64;
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
    /// Whether the caller sees it as it is, where they do not see all that is added up so.
    pub is_own: bool,
}

impl Observation {
    /// Makes of what is said of the series where values are missing what readers without the grant may know.
    pub fn blur(&mut self, by: Arithmetic) {
        self.seen = by.coarse(self.value);
        self.weight = by.weight(self.seen);
    }
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

impl Coverage {
    /// The same, held against the share from which on a total is complete.
    #[must_use]
    pub fn against(self, complete_at: f64) -> Self {
        Self { partial: self.share < complete_at - 1e-12, ..self }
    }
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
    /// Why it has no value though there are values to add up.
    pub lack: Option<Lack>,
    /// Whether it is kept back, so that no small count is told.
    pub is_kept_back: bool,
}

/// Why several values have no total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// A mean does not say of how many things it was taken.
    Unweighted,
    /// It is larger than what can be stored.
    TooLarge,
}

impl Arithmetic {
    /// Whether several series of the KPI can become one.
    pub fn adds_up(self) -> bool {
        match self.aggregation {
            Aggregation::RatioOfSums | Aggregation::Mean => true,
            Aggregation::Sum => !self.is_quotient,
            Aggregation::None | Aggregation::UniqueCount => false,
        }
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
            _ if value.is_not_applicable() => None,
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
            lack: None,
            is_kept_back: false,
        };
        observations.iter().map(|one| (self.period(one.start), total(one))).collect()
    }

    pub fn period(self, day: NaiveDate) -> Period {
        Period::containing(self.period_type, day)
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
