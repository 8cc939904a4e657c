//! Where things go: the plot between its axes, and the room everything around it needs.

use super::super::rules::Point;
use super::legend::{Entry, LEGEND_ROW, legend};
use super::sheet::{Chart, HEIGHT, MARGIN, PLOT_TOP, WIDTH, count, shown, target_of, trajectory_of};
use crate::drawing::{nice_step, text_width};

/// Why there is no chart, in words for its reader.
pub(super) struct NothingToDraw(pub(super) &'static str);

/// Where things go: the plot, and how a point and a figure become a place in it.
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
    /// The width of one period.
    pub(super) band: f64,
    low: f64,
    high: f64,
    /// The figures with a line across, and the digits they are written with.
    pub(super) ticks: Vec<f64>,
    pub(super) tick_decimals: usize,
    pub(super) legend: Vec<Vec<Entry>>,
    pub(super) legend_top: f64,
    /// The lines named at the right edge: name, figure.
    pub(super) labels: Vec<(String, f64)>,
}

/// Beyond this the arithmetic of an axis would overflow.
const DRAWABLE: f64 = 1e300;

impl Frame {
    pub(super) fn around(chart: &Chart<'_>) -> Result<Self, NothingToDraw> {
        let (low, high) = extent(chart).ok_or(NothingToDraw("No data"))?;
        if low.abs().max(high.abs()) > DRAWABLE {
            return Err(NothingToDraw("The figures are too large to draw"));
        }
        let (low, high, step) = scale(low, high, chart);
        let first = (low / step).ceil();
        let ticks = (0..=20_u8).map(|index| (first + f64::from(index)) * step);
        let ticks: Vec<f64> = ticks.take_while(|tick| *tick <= high + step * 1e-6).collect();
        let tick_decimals = (0..12).find(|digits| step * chart.factor * 10_f64.powi(*digits) >= 0.999).unwrap_or(12);
        let tick_decimals = usize::try_from(tick_decimals).unwrap_or_default();

        let widest =
            |texts: &mut dyn Iterator<Item = String>| texts.map(|text| text_width(&text, 11.0)).fold(0.0, f64::max);
        let tick_width = widest(&mut ticks.iter().map(|tick| chart.figure(*tick, tick_decimals)));
        let labels = line_labels(chart);
        let label_width = widest(&mut labels.iter().map(|(label, _)| label.clone()));

        let legend = legend(chart);
        let legend_top = HEIGHT - MARGIN - LEGEND_ROW * (count(legend.len()) - 1.0);
        let left = MARGIN + tick_width + 12.0;
        let right = WIDTH - MARGIN - label_width - 10.0;
        let band = (right - left) / count(chart.points.len());
        Ok(Self {
            left,
            right,
            bottom: legend_top - 54.0,
            band,
            low,
            high,
            ticks,
            tick_decimals,
            legend,
            legend_top,
            labels,
        })
    }

    /// The left edge of a period.
    pub(super) fn edge(&self, index: usize) -> f64 {
        self.left + self.band * count(index)
    }

    pub(super) fn x(&self, index: usize) -> f64 {
        self.edge(index) + self.band / 2.0
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        self.bottom - (self.bottom - PLOT_TOP) * share.clamp(0.0, 1.0)
    }
}

/// The least and greatest of everything the plot must hold.
fn extent(chart: &Chart<'_>) -> Option<(f64, f64)> {
    let figures = chart.points.iter().filter_map(Point::figure);
    let mut range = figures.map(|value| (value, value)).reduce(wider)?;
    let targets = chart.points.iter().filter_map(target_of);
    let limits = chart.analysis.parts.iter().filter_map(|part| part.limits.as_ref()).flat_map(shown);
    let trajectories = chart.points.iter().filter_map(trajectory_of);
    for value in targets.chain(trajectories).chain(limits) {
        range = wider(range, (value, value));
    }
    Some(range)
}

fn wider(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0.min(b.0), a.1.max(b.1))
}

/// The axis and the step of its ticks: some air around the figures, and 1, 2 or 5 times a power of
/// ten from tick to tick. It does not stray beyond what the measure can be unless a figure does.
fn scale(low: f64, high: f64, chart: &Chart<'_>) -> (f64, f64, f64) {
    let finest = 10_f64.powi(-i32::try_from(chart.decimals.min(12)).unwrap_or_default()) / chart.factor;
    let span = (high - low).max(low.abs().max(high.abs()) * 1e-6).max(finest);
    let air = span * 0.06;
    let step = nice_step((span + 2.0 * air) / 5.0).max(finest);
    let parameters = &chart.analysis.parameters;
    let bottom = ((low - air) / step).floor() * step;
    let top = ((high + air) / step).ceil() * step;
    let floor = parameters.display_min.filter(|min| *min <= low).map_or(bottom, |min| bottom.max(min));
    let ceiling = parameters.display_max.filter(|max| *max >= high).map_or(top, |max| top.min(max));
    if floor < ceiling {
        return (floor, ceiling, step);
    }
    (bottom, top, step)
}

/// The digits after the point with which the lines are written: those of the figures, or as many more as tell a line
/// from the next one beside it.
pub(super) fn line_decimals(chart: &Chart<'_>) -> usize {
    const MOST: usize = 12;
    let target = chart.points.last().and_then(target_of);
    let distinct = |decimals: &usize| {
        chart.analysis.parts.iter().all(|part| {
            let limits = part.limits.iter().flat_map(|limits| [limits.lpl, limits.upl]);
            let mut lines: Vec<f64> = limits.chain(part.mean).chain(target).collect();
            lines.sort_by(f64::total_cmp);
            lines.windows(2).all(|pair| {
                let [one, next] = pair else { return true };
                let same = next - one <= 1e-9 * one.abs().max(next.abs()).max(1.0);
                same || chart.figure(*one, *decimals) != chart.figure(*next, *decimals)
            })
        })
    };
    (chart.decimals..MOST).find(distinct).unwrap_or(chart.decimals.max(MOST))
}

/// The lines in force at the end of the series, by name and figure. Limits are named as they are
/// drawn: one that is clipped is not a figure to quote.
fn line_labels(chart: &Chart<'_>) -> Vec<(String, f64)> {
    let decimals = line_decimals(chart);
    let named = |name: &str, value: f64| (format!("{name} {}", chart.figure(value, decimals)), value);
    let mut labels = Vec::new();
    if let Some(part) = chart.analysis.parts.last() {
        labels.extend(part.mean.map(|mean| named("Mean", mean)));
        if let Some(limits) = &part.limits {
            let [low, high] = shown(limits);
            labels.extend((high >= limits.upl).then(|| named("Upper", high)));
            labels.extend((low <= limits.lpl).then(|| named("Lower", low)));
        }
    }
    labels.extend(chart.points.last().and_then(trajectory_of).map(|planned| named("Trajectory", planned)));
    labels.extend(chart.points.last().and_then(target_of).map(|target| named("Target", target)));
    labels
}
