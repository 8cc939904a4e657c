//! The points of a series, and how figures compare.

use std::cmp::Ordering;

/// Fewer points than this have no moving range, so no limits and no icons.
pub const POINTS_FOR_LIMITS: usize = 2;

/// One period of a series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// In the unit of the measure; `None` is a gap.
    pub value: Option<f64>,
    /// The target valid in this period, in the same unit.
    pub target: Option<f64>,
    /// What is planned for this period: drawn, and judged by nothing.
    pub trajectory: Option<f64>,
    /// Ghosted: shown, but left out of every calculation.
    pub excluded: bool,
    /// So much of it is missing that it is left out of every calculation, as a gap is.
    pub partial: bool,
    /// Something of it awaits approval: told, and judged as any other.
    pub provisional: bool,
    /// The value with what is missing of it at its last values; `None` where nothing is. A sign counts only where it is one
    /// with these values too.
    pub completed: Option<f64>,
}

impl Point {
    /// The value, if it is a number. A NaN or an infinity is no figure, so it is a gap.
    #[must_use]
    pub fn figure(&self) -> Option<f64> {
        self.value.filter(|value| value.is_finite())
    }

    /// The value, if it takes part in the calculations.
    #[must_use]
    pub fn counted(&self) -> Option<f64> {
        self.figure().filter(|_| !self.excluded && !self.partial)
    }

    /// The value with what is missing, if it takes part in the calculations.
    pub(super) fn counted_whole(&self) -> Option<f64> {
        let value = self.counted()?;
        Some(self.completed.filter(|completed| completed.is_finite()).unwrap_or(value))
    }
}

/// A deliberate new start of the mean and limits, from the point at `at` on. Never automatic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recalculation {
    /// The index of the first point of the new part. It may be a gap or an excluded point.
    pub at: usize,
    /// How many counted points of the new part set its mean and limits; `None` means all of them.
    pub baseline_points: Option<usize>,
}

/// Whether `a` is above, on or below `b`, where values that differ by no more than the noise of
/// binary arithmetic are equal.
pub(super) fn compare(a: f64, b: f64) -> Ordering {
    if (a - b).abs() <= 1e-9 * 1_f64.max(a.abs()).max(b.abs()) { Ordering::Equal } else { a.total_cmp(&b) }
}
