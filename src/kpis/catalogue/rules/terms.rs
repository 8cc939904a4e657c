//! What a KPI's definition asks of returns and totals, and of which periods: a later definition changes nothing of those that
//! ended under an earlier one.

use crate::calendar::{Period, london_date};
use chrono::{NaiveDate, NaiveDateTime};
use serde::Deserialize;

/// The terms of one definition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terms {
    /// How many days after a period its values are due, and locked.
    pub due_days: Option<u32>,
    pub lock_days: Option<u32>,
    pub approval_required: bool,
    /// From which share of what is expected on a total is complete; none where the definition does not say.
    pub complete_at: Option<f64>,
}

/// The terms of a KPI's definitions, each with the day in London from which on it holds. The first of them holds before, too: a
/// history that is loaded was defined by nothing else.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TermsOverTime {
    first: Terms,
    later: Vec<(NaiveDate, Terms)>,
    /// The first day on which the KPI was no longer live.
    ended_on: Option<NaiveDate>,
}

impl TermsOverTime {
    /// The same throughout.
    pub fn always(terms: Terms) -> Self {
        Self { first: terms, ..Self::default() }
    }

    /// Of the versions in their order, each with when it was made. Those that were replaced before the KPI went live were only
    /// proposed, and never held.
    pub fn of(versions: Vec<(NaiveDateTime, Terms)>, live_at: Option<NaiveDateTime>) -> Self {
        let made_by = |at: &NaiveDateTime| live_at.is_some_and(|live| *at <= live);
        let proposed = versions.iter().rposition(|(at, _)| made_by(at)).unwrap_or_default();
        let mut held = versions.into_iter().skip(proposed);
        let first = held.next().map(|(_, terms)| terms).unwrap_or_default();
        let later = held.map(|(at, terms)| (london_date(at.and_utc()), terms)).collect();
        Self { first, later, ended_on: None }
    }

    #[must_use]
    pub fn until(self, ended_on: Option<NaiveDate>) -> Self {
        Self { ended_on, ..self }
    }

    /// The terms of a period: those that held at the end of its last day.
    pub fn in_force(&self, period: Period) -> Terms {
        let begun = |(from, _): &&(NaiveDate, Terms)| *from <= period.end();
        self.later.iter().rfind(begun).map_or(self.first, |(_, terms)| *terms)
    }

    /// Whether the KPI was no longer live on the period's last day.
    pub fn is_over(&self, period: Period) -> bool {
        self.ended_on.is_some_and(|ended| ended <= period.end())
    }

    /// All of them, whenever they held.
    pub fn all(&self) -> impl Iterator<Item = Terms> {
        std::iter::once(self.first).chain(self.later.iter().map(|(_, terms)| *terms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::PeriodType;

    fn at(text: &str) -> NaiveDateTime {
        text.parse().expect("an instant")
    }

    fn due(days: u32) -> Terms {
        Terms { due_days: Some(days), ..Terms::default() }
    }

    #[test]
    fn a_period_keeps_the_terms_that_held_on_its_last_day() {
        let versions = vec![
            (at("2026-01-10T09:00:00"), due(30)),
            // In London it is the first of July already.
            (at("2026-06-30T23:30:00"), due(20)),
            (at("2026-08-31T09:00:00"), due(10)),
            (at("2026-08-31T15:00:00"), due(5)),
        ];
        let terms = TermsOverTime::of(versions, None);
        for (period, days) in
            [("2016-03", 30), ("2026-01", 30), ("2026-06", 30), ("2026-07", 20), ("2026-08", 5), ("2027-01", 5)]
        {
            let month = Period::parse(PeriodType::Month, period).expect("a month");
            assert_eq!(terms.in_force(month), due(days), "{period}");
        }
        assert_eq!(terms.all().filter_map(|terms| terms.due_days).max(), Some(30));
    }

    #[test]
    fn what_was_only_proposed_never_held() {
        let versions = || vec![(at("2026-01-10T09:00:00"), due(30)), (at("2026-02-10T09:00:00"), due(20))];
        let march = Period::parse(PeriodType::Month, "2016-03").expect("a month");
        for (live_at, days) in [(None, 30), (Some("2026-01-20T09:00:00"), 30), (Some("2026-02-20T09:00:00"), 20)] {
            assert_eq!(TermsOverTime::of(versions(), live_at.map(at)).in_force(march), due(days), "{live_at:?}");
        }
    }

    #[test]
    fn a_kpi_that_was_retired_is_over_for_the_periods_that_ended_since() {
        let retired = |on: &str| TermsOverTime::default().until(Some(on.parse().expect("a day")));
        let march = Period::parse(PeriodType::Month, "2026-03").expect("a month");
        for (on, over) in [("2026-03-31", true), ("2026-04-01", false)] {
            assert_eq!(retired(on).is_over(march), over, "{on}");
        }
        assert!(!TermsOverTime::default().is_over(march));
    }
}
