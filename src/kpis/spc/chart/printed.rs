//! The figures of the last period as the chart writes them, for tables beside it.

use super::super::rules::Point;
use super::frame::line_decimals;
use super::sheet::{Chart, target_of, trajectory_of};
use crate::drawing::PER_CENT;

/// Figures in words; `None` where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Printed {
    pub value: Option<String>,
    pub target: Option<String>,
    pub trajectory: Option<String>,
    pub mean: Option<String>,
    pub lpl: Option<String>,
    pub upl: Option<String>,
    /// The unit, unless every figure bears it.
    pub unit: Option<String>,
}

/// The figures of the last period. The lines have the digits that tell them from each other.
#[must_use]
pub fn printed(chart: &Chart<'_>) -> Printed {
    let (last, part) = (chart.points.last(), chart.analysis.parts.last());
    let digits = line_decimals(chart);
    let line = |value: f64| chart.figure(value, digits);
    let limits = part.and_then(|part| part.limits);
    Printed {
        value: last.and_then(Point::figure).map(|value| chart.figure(value, chart.decimals)),
        target: last.and_then(target_of).map(line),
        trajectory: last.and_then(trajectory_of).map(line),
        mean: part.and_then(|part| part.mean).map(line),
        lpl: limits.map(|limits| line(limits.lpl)),
        upl: limits.map(|limits| line(limits.upl)),
        unit: Some(chart.unit.to_owned()).filter(|unit| !unit.is_empty() && !PER_CENT.contains(&unit.as_str())),
    }
}
