//! The stretches of a series between recalculations.

use super::limits::Limits;

/// A stretch of the series with one mean and one pair of limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The index of its first point.
    pub from: usize,
    /// The index after its last point.
    pub until: usize,
    /// Its counted points: neither gaps nor excluded.
    pub n: usize,
    /// How many of them, from the first on, set the mean and limits.
    pub baseline_n: usize,
    /// `None` without counted points.
    pub mean: Option<f64>,
    /// The mean moving range, after screening where that is asked for.
    pub mean_moving_range: Option<f64>,
    /// `None` where fewer than two points set them.
    pub limits: Option<Limits>,
}
