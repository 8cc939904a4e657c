//! What is drawn, and on how large a sheet.

use super::super::rules::{Analysis, Limits, Point};
use crate::drawing::figure;

/// What is drawn. Text is taken as it comes and made safe here.
#[derive(Clone, Copy, Debug)]
pub struct Chart<'a> {
    pub title: &'a str,
    /// A line under the title, such as the organisation; may be empty.
    pub subtitle: &'a str,
    /// Whether its values are invented, which the title says and a hatched plot shows.
    pub illustrative: bool,
    /// A percent sign follows every figure of a percentage; any longer unit is written once, above the axis. May be empty.
    pub unit: &'a str,
    /// What a figure is multiplied by before it is written: 100 for a share that is written as a percentage.
    pub factor: f64,
    /// The digits after the point with which figures are written; those of the lines may need more.
    pub decimals: usize,
    /// A label per point.
    pub periods: &'a [String],
    pub points: &'a [Point],
    /// The analysis of these very points.
    pub analysis: &'a Analysis,
    /// What to know before relying on it, printed below.
    pub notes: &'a [String],
    /// Why points are excluded and limits begin anew, and what is to be known of points, printed below that.
    pub remarks: &'a [String],
    /// What is to be known of points, by their index: a mark above each.
    pub annotations: &'a [(usize, &'a str)],
}

impl Chart<'_> {
    /// A figure as it is written.
    pub fn figure(&self, value: f64, decimals: usize) -> String {
        figure(value * self.factor, decimals, self.unit)
    }

    pub(super) fn title(&self) -> String {
        if self.illustrative { format!("Illustrative: {}", self.title) } else { self.title.to_owned() }
    }
}

pub(super) const WIDTH: f64 = 960.0;
pub(super) const HEIGHT: f64 = 480.0;
pub(super) const MARGIN: f64 = 24.0;
pub(super) const PLOT_TOP: f64 = 108.0;

pub(super) fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}

/// The target of a point, if it is a number.
pub(super) fn target_of(point: &Point) -> Option<f64> {
    point.target.filter(|target| target.is_finite())
}

/// The trajectory of a point, if it is a number.
pub(super) fn trajectory_of(point: &Point) -> Option<f64> {
    point.trajectory.filter(|trajectory| trajectory.is_finite())
}

/// The limits as drawn: within what the measure can be.
pub(super) fn shown(limits: &Limits) -> [f64; 2] {
    [limits.clipped_low.unwrap_or(limits.lpl), limits.clipped_high.unwrap_or(limits.upl)]
}
