//! What the shapes and lines mean.

use super::super::rules::{Direction, Point, Variation};
use super::canvas::{Canvas, INK, LIMIT, MEAN, Mark, Pen, RECALCULATION, TARGET, TRAJECTORY};
use super::sheet::{Chart, MARGIN, WIDTH, count, target_of, trajectory_of};
use crate::drawing::text_width;

pub(super) const LEGEND_ROW: f64 = 20.0;

/// What stands beside a name in the legend.
#[derive(Clone, Copy)]
pub(super) enum Sample {
    Mark(Mark),
    Ring,
    Across(Pen),
    Upright(Pen),
}

pub(super) type Entry = (&'static str, Sample);

/// Only what the chart holds; rows are filled from the left.
pub(super) fn legend(chart: &Chart<'_>) -> Vec<Vec<Entry>> {
    let analysis = chart.analysis;
    let mut entries: Vec<Entry> = Vec::new();
    let judged = analysis.variation != Variation::NotApplicable;
    let has = |is: fn(&Point) -> bool| chart.points.iter().any(|point| is(point) && point.figure().is_some());
    let neutral = analysis.parameters.direction == Direction::Neutral;
    for mark in [
        Mark::CommonCause,
        Mark::Improvement,
        Mark::Concern,
        Mark::NeitherHigh,
        Mark::NeitherLow,
        Mark::Excluded,
        Mark::Partial,
    ] {
        let always = match mark {
            Mark::CommonCause => true,
            Mark::Improvement | Mark::Concern => judged && !neutral,
            Mark::NeitherHigh | Mark::NeitherLow => judged && neutral,
            Mark::Excluded => has(|point| point.excluded && !point.partial),
            Mark::Partial => has(|point| point.partial),
        };
        if always {
            let name = if judged || mark != Mark::CommonCause { mark.name() } else { "Not judged" };
            entries.push((name, Sample::Mark(mark)));
        }
    }
    if has(|point| point.provisional) {
        entries.push(("Provisional", Sample::Ring));
    }
    if analysis.parts.iter().any(|part| part.mean.is_some()) {
        entries.push(("Mean", Sample::Across(MEAN)));
    }
    if analysis.parts.iter().any(|part| part.limits.is_some()) {
        entries.push(("Process limits", Sample::Across(LIMIT)));
    }
    if chart.points.iter().any(|point| target_of(point).is_some()) {
        entries.push(("Target", Sample::Across(TARGET)));
    }
    if chart.points.iter().any(|point| trajectory_of(point).is_some()) {
        entries.push(("Trajectory", Sample::Across(TRAJECTORY)));
    }
    if analysis.parts.len() > 1 {
        entries.push(("Recalculated", Sample::Upright(RECALCULATION)));
    }

    let mut rows: Vec<Vec<Entry>> = vec![Vec::new()];
    let mut used = 0.0;
    for entry in entries {
        let width = legend_width(entry);
        if used + width > WIDTH - 2.0 * MARGIN {
            rows.push(Vec::new());
            used = 0.0;
        }
        used += width;
        if let Some(row) = rows.last_mut() {
            row.push(entry);
        }
    }
    rows
}

impl Sample {
    const fn width(self) -> f64 {
        match self {
            Self::Mark(_) | Self::Ring | Self::Upright(_) => 12.0,
            Self::Across(_) => 26.0,
        }
    }
}

fn legend_width((name, sample): Entry) -> f64 {
    sample.width() + 6.0 + text_width(name, 12.0) + 18.0
}

/// Draws the rows of a legend from this height down.
pub(super) fn draw_legend(canvas: &mut Canvas, rows: &[Vec<Entry>], top: f64) {
    for (row, entries) in rows.iter().enumerate() {
        let y = top + LEGEND_ROW * count(row);
        let mut x = MARGIN;
        for (name, sample) in entries.iter().copied() {
            let middle = x + sample.width() / 2.0;
            match sample {
                Sample::Mark(mark) => canvas.mark(mark, middle, y, 4.6),
                Sample::Ring => canvas.ring(middle, y, 5.6),
                Sample::Across(pen) => canvas.line((x, y), (x + sample.width(), y), pen),
                Sample::Upright(pen) => canvas.line((middle, y - 8.0), (middle, y + 8.0), pen),
            }
            canvas.text(x + sample.width() + 6.0, y + 4.0, "font-size=\"12\"", INK, name);
            x += legend_width((name, sample));
        }
    }
}
