//! From what was found to what is analysed: every period from the first to the last, in order, gaps and all.

use super::rules::{Point, Recalculation};
use crate::calendar::{DayRange, Period, PeriodType};
use crate::error::Result;
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
}

/// From which period on the mean and limits begin anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewStart {
    pub from: Period,
    pub baseline_points: Option<usize>,
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

    fn holds(self, period: Period) -> bool {
        self.from.is_none_or(|from| from <= period) && self.to.is_none_or(|to| period <= to)
    }
}

/// A series as the engine takes it: a period and a point per index.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    pub periods: Vec<Period>,
    pub points: Vec<Point>,
    pub recalculations: Vec<Recalculation>,
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
        Point { value: reading.value, target: reading.target.or_else(|| target(*period)), excluded: reading.excluded }
    };
    let points = periods.iter().map(point).collect();

    let mut starts: Vec<NewStart> = starts.iter().copied().filter(|start| window.holds(start.from)).collect();
    starts.sort_by_key(|start| start.from);
    // Of those that come no later than the first point, only the last is still in force there.
    let superseded = starts.iter().filter(|start| start.from <= first).count().saturating_sub(1);
    let recalculations = starts.iter().skip(superseded).map(|start| Recalculation {
        at: periods.partition_point(|period| *period < start.from),
        baseline_points: start.baseline_points,
    });
    Ok(Layout { recalculations: recalculations.collect(), points, periods })
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
        let layout = lay_out(&readings, Window::default(), &[], |_| Some(9.0)).expect("short");
        let labels: Vec<String> = layout.periods.iter().map(|period| period.label()).collect();
        assert_eq!(labels, ["2024-01", "2024-02", "2024-03"]);
        let values: Vec<_> = layout.points.iter().map(|point| (point.value, point.target)).collect();
        assert_eq!(values, [(Some(1.0), Some(9.0)), (None, Some(9.0)), (Some(3.0), Some(9.0))]);
    }

    #[test]
    fn the_window_cuts_points_and_the_starts_outside_it() {
        let readings = readings(&[("2024-01", 1.0), ("2024-02", 2.0), ("2024-03", 3.0), ("2024-04", 4.0)]);
        let window = Window { from: Some(month("2024-02")), to: Some(month("2024-03")) };
        let starts = [start("2024-04", None), start("2024-01", Some(2)), start("2024-03", None)];
        let layout = lay_out(&readings, window, &starts, |_| None).expect("short");
        assert_eq!(layout.periods, [month("2024-02"), month("2024-03")]);
        assert_eq!(layout.recalculations, [at(1, None)]);
    }

    #[test]
    fn the_last_start_before_the_first_point_begins_the_first_part() {
        let readings = readings(&[("2024-05", 1.0), ("2024-08", 2.0)]);
        let starts =
            [start("2024-03", Some(5)), start("2024-01", Some(9)), start("2024-07", None), start("2025-01", None)];
        let layout = lay_out(&readings, Window::default(), &starts, |_| None).expect("short");
        assert_eq!(layout.recalculations, [at(0, Some(5)), at(2, None), at(4, None)]);
    }

    #[test]
    fn a_window_holds_the_periods_that_begin_in_it() {
        let window = Window::read(PeriodType::Month, Some("2024-01-02"), Some("2024-03-15"), "?").expect("a window");
        assert_eq!(window, Window { from: Some(month("2024-02")), to: Some(month("2024-03")) });
    }

    #[test]
    fn nothing_found_is_nothing_to_analyse_and_too_much_is_refused() {
        assert_eq!(lay_out(&BTreeMap::new(), Window::default(), &[], |_| None), Ok(Layout::default()));
        let day = |text: &str| Period::parse(PeriodType::Day, text).expect("a day");
        let far: BTreeMap<_, _> = [day("1990-01-01"), day("2024-01-01")].map(|day| (day, Reading::default())).into();
        assert_eq!(lay_out(&far, Window::default(), &[], |_| None), Err(TooLong));
    }
}
