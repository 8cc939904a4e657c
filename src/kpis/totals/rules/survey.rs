//! All that is found of a total, whatever periods are asked for: so that it can be kept, and answer every question.

use super::arithmetic::Window;
use super::tally::Tallies;
use crate::calendar::{Period, PeriodType};
use crate::kpis::returns::rules::ReturnState;
use crate::vocabulary::Id;
use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// In which periods something is so of an organisation, for each of which it ever is: as the first days of the first and last of
/// periods in a row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks(Vec<Vec<(NaiveDate, NaiveDate)>>);

impl Marks {
    pub fn of(marks: impl IntoIterator<Item = (Id, Period)>) -> Self {
        let mut all: BTreeMap<Id, BTreeSet<Period>> = BTreeMap::new();
        for (organisation, period) in marks {
            all.entry(organisation).or_default().insert(period);
        }
        Self(all.into_values().map(runs).collect())
    }

    /// Of how many organisations it is so in one of the periods asked for.
    pub fn count(&self, kind: PeriodType, window: Window) -> usize {
        let period = |day: NaiveDate| Period::containing(kind, day);
        let from = |last: NaiveDate| window.from.is_none_or(|from| from <= period(last));
        let to = |first: NaiveDate| window.to.is_none_or(|to| period(first) <= to);
        self.0.iter().filter(|runs| runs.iter().any(|(first, last)| from(*last) && to(*first))).count()
    }
}

fn runs(periods: BTreeSet<Period>) -> Vec<(NaiveDate, NaiveDate)> {
    let mut runs: Vec<(Period, Period)> = Vec::new();
    for period in periods {
        match runs.last_mut().filter(|(_, last)| last.next() == period) {
            Some((_, last)) => *last = period,
            None => runs.push((period, period)),
        }
    }
    runs.into_iter().map(|(first, last)| (first.start(), last.start())).collect()
}

/// What is found of a total.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    pub tallies: Tallies,
    /// Organisations with values.
    pub organisations: Marks,
    /// Those that came, went or were succeeded: on another map the period tells other figures.
    pub moved: Marks,
    /// Those that did not exist in the period that they have a value of.
    pub outside_life: Marks,
    /// The first days of periods with values that are invented, or of organisations that lie there by edges that are.
    pub illustrative: BTreeSet<NaiveDate>,
    /// Of periods in which values of some organisations were not collected.
    pub not_collected: BTreeSet<NaiveDate>,
    /// Of periods in which parts of what divided organisations had themselves count, by shares.
    pub apportioned: BTreeSet<NaiveDate>,
    /// Of periods in which they had what cannot be apportioned, and some of it would belong here.
    pub undivided: BTreeSet<NaiveDate>,
    /// When a value of a period was last written.
    pub updated: BTreeMap<NaiveDate, NaiveDateTime>,
    /// The least that the returns of a period's values have come to; empty unless it is asked for, and where there are none.
    #[serde(default)]
    pub states: BTreeMap<NaiveDate, ReturnState>,
}
