//! From what was found to what is analysed: every period from the first to the last, in order, gaps and all.

use super::rules::{Point, Recalculation};
use crate::calendar::Period;
use crate::kpis::totals::rules::{Coverage, Window};
use std::collections::BTreeMap;

/// The most periods one analysis may span.
pub const LONGEST: usize = 10_000;

/// What was found in one period.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Reading {
    /// `None` where nothing may be shown.
    pub value: Option<f64>,
    /// The point's own target, before that of the series.
    pub target: Option<f64>,
    pub excluded: bool,
    /// Whether so much of it is missing that it counts for nothing.
    pub partial: bool,
    /// Whether something of it awaits approval.
    pub provisional: bool,
    /// The value with what is missing at its last values; `None` where nothing is.
    pub completed: Option<f64>,
    pub facts: Facts,
}

/// What an answer tells of a point beside its value.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Facts {
    /// How much of what was expected a total holds; `None` for a single series.
    pub coverage: Option<Coverage>,
    /// Whether the value is kept back as a small count.
    pub suppressed: bool,
}

impl Reading {
    /// What changed since another reading. What would be reached says nothing of a change.
    fn since(self, other: Self) -> Self {
        let difference = |one: Option<f64>, other: Option<f64>| one.zip(other).map(|(one, other)| one - other);
        let is_completed = self.completed.is_some() || other.completed.is_some();
        let completed = difference(self.completed.or(self.value), other.completed.or(other.value));
        Self {
            value: difference(self.value, other.value),
            target: None,
            excluded: self.excluded || other.excluded,
            partial: self.partial || other.partial,
            provisional: self.provisional || other.provisional,
            completed: completed.filter(|_| is_completed),
            facts: Facts { suppressed: self.facts.suppressed || other.facts.suppressed, ..self.facts },
        }
    }
}

/// What changed in each period since the same one a year before, where both are there.
pub fn since_a_year_before(readings: &BTreeMap<Period, Reading>) -> BTreeMap<Period, Reading> {
    let since =
        |(period, reading): (&Period, &Reading)| Some((*period, reading.since(*readings.get(&period.year_before())?)));
    readings.iter().filter_map(since).collect()
}

/// From which period on the mean and limits begin anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewStart {
    pub from: Period,
    pub baseline_points: Option<usize>,
}

/// A series as the engine takes it: a period and a point per index.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    pub periods: Vec<Period>,
    pub points: Vec<Point>,
    pub facts: Vec<Facts>,
    pub recalculations: Vec<Recalculation>,
}

impl Layout {
    /// Whether what is counted is rare: the points that count have a mean under 5, or a third of them are 0.
    pub fn is_rare(&self) -> bool {
        let figures: Vec<f64> = self.points.iter().filter_map(Point::counted).collect();
        let (sum, zeros) = (figures.iter().sum::<f64>(), figures.iter().filter(|figure| **figure == 0.0).count());
        !figures.is_empty() && (sum < 5.0 * figures.len() as f64 || zeros * 3 >= figures.len())
    }
}

/// The series spans more than [`LONGEST`] periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// Lays the readings of the window out without holes. A new start before the first of them, but inside the window,
/// begins the first part; one outside the window has no part to begin.
///
/// # Errors
/// [`TooLong`].
pub fn lay_out(
    readings: &BTreeMap<Period, Reading>,
    window: Window,
    starts: &[NewStart],
    target: impl Fn(Period) -> Option<f64>,
    trajectory: impl Fn(Period) -> Option<f64>,
) -> Result<Layout, TooLong> {
    let mut inside = readings.keys().copied().filter(|period| window.holds(*period));
    let Some(first) = inside.next() else { return Ok(Layout::default()) };
    let last = inside.next_back().unwrap_or(first);
    let periods: Vec<Period> = first.through(last).take(LONGEST + 1).collect();
    if periods.len() > LONGEST {
        return Err(TooLong);
    }
    let point = |period: &Period| {
        let reading = readings.get(period).copied().unwrap_or_default();
        Point {
            value: reading.value,
            target: reading.target.or_else(|| target(*period)),
            trajectory: trajectory(*period),
            excluded: reading.excluded,
            partial: reading.partial,
            provisional: reading.provisional,
            completed: reading.completed,
        }
    };
    let points = periods.iter().map(point).collect();
    let facts = periods.iter().map(|period| readings.get(period).copied().unwrap_or_default().facts).collect();

    let mut starts: Vec<NewStart> = starts.iter().copied().filter(|start| window.holds(start.from)).collect();
    starts.sort_by_key(|start| start.from);
    // Of those that come no later than the first point, only the last is still in force there.
    let superseded = starts.iter().filter(|start| start.from <= first).count().saturating_sub(1);
    let recalculations = starts.iter().skip(superseded).map(|start| Recalculation {
        at: periods.partition_point(|period| *period < start.from),
        baseline_points: start.baseline_points,
    });
    Ok(Layout { recalculations: recalculations.collect(), points, facts, periods })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::PeriodType;

    fn month(text: &str) -> Period {
        Period::parse(PeriodType::Month, text).expect("a month")
    }

    fn readings(months: &[(&str, f64)]) -> BTreeMap<Period, Reading> {
        let reading = |value: &f64| Reading { value: Some(*value), ..Reading::default() };
        months.iter().map(|(text, value)| (month(text), reading(value))).collect()
    }

    fn start(text: &str, baseline_points: Option<usize>) -> NewStart {
        NewStart { from: month(text), baseline_points }
    }

    fn at(at: usize, baseline_points: Option<usize>) -> Recalculation {
        Recalculation { at, baseline_points }
    }

    #[test]
    fn a_missing_month_is_a_gap_with_the_target_of_the_series() {
        let readings = readings(&[("2024-03", 3.0), ("2024-01", 1.0)]);
        let layout = lay_out(&readings, Window::default(), &[], |_| Some(9.0), |_| Some(8.0)).expect("short");
        let labels: Vec<String> = layout.periods.iter().map(|period| period.label()).collect();
        assert_eq!(labels, ["2024-01", "2024-02", "2024-03"]);
        assert!(layout.points.iter().all(|point| point.trajectory == Some(8.0)));
        let values: Vec<_> = layout.points.iter().map(|point| (point.value, point.target)).collect();
        assert_eq!(values, [(Some(1.0), Some(9.0)), (None, Some(9.0)), (Some(3.0), Some(9.0))]);
    }

    #[test]
    fn the_window_cuts_points_and_the_starts_outside_it() {
        let readings = readings(&[("2024-01", 1.0), ("2024-02", 2.0), ("2024-03", 3.0), ("2024-04", 4.0)]);
        let window = Window { from: Some(month("2024-02")), to: Some(month("2024-03")) };
        let starts = [start("2024-04", None), start("2024-01", Some(2)), start("2024-03", None)];
        let layout = lay_out(&readings, window, &starts, |_| None, |_| None).expect("short");
        assert_eq!(layout.periods, [month("2024-02"), month("2024-03")]);
        assert_eq!(layout.recalculations, [at(1, None)]);
    }

    #[test]
    fn a_change_is_since_the_same_period_a_year_before() {
        let readings = readings(&[("2023-01", 10.0), ("2023-02", 20.0), ("2024-01", 13.0), ("2024-03", 1.0)]);
        let changed = since_a_year_before(&readings);
        let changes: Vec<_> = changed.iter().map(|(period, reading)| (period.label(), reading.value)).collect();
        assert_eq!(changes, [("2024-01".to_owned(), Some(3.0))]);
    }

    #[test]
    fn what_is_seldom_or_mostly_nothing_is_rare() {
        for (values, rare) in [(&[4.0, 5.0][..], true), (&[5.0, 5.0], false), (&[0.0, 90.0, 90.0], true), (&[], false)]
        {
            let points = values.iter().map(|value| Point { value: Some(*value), ..Point::default() }).collect();
            assert_eq!(Layout { points, ..Layout::default() }.is_rare(), rare, "{values:?}");
        }
    }

    #[test]
    fn the_last_start_before_the_first_point_begins_the_first_part() {
        let readings = readings(&[("2024-05", 1.0), ("2024-08", 2.0)]);
        let starts =
            [start("2024-03", Some(5)), start("2024-01", Some(9)), start("2024-07", None), start("2025-01", None)];
        let layout = lay_out(&readings, Window::default(), &starts, |_| None, |_| None).expect("short");
        assert_eq!(layout.recalculations, [at(0, Some(5)), at(2, None), at(4, None)]);
    }

    #[test]
    fn a_window_holds_the_periods_that_begin_in_it() {
        let window = Window::read(PeriodType::Month, Some("2024-01-02"), Some("2024-03-15"), "?").expect("a window");
        assert_eq!(window, Window { from: Some(month("2024-02")), to: Some(month("2024-03")) });
    }

    #[test]
    fn nothing_found_is_nothing_to_analyse_and_too_much_is_refused() {
        assert_eq!(lay_out(&BTreeMap::new(), Window::default(), &[], |_| None, |_| None), Ok(Layout::default()));
        let day = |text: &str| Period::parse(PeriodType::Day, text).expect("a day");
        let far: BTreeMap<_, _> = [day("1990-01-01"), day("2024-01-01")].map(|day| (day, Reading::default())).into();
        assert_eq!(lay_out(&far, Window::default(), &[], |_| None, |_| None), Err(TooLong));
    }
}
