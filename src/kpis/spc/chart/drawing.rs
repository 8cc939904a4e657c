//! The drawing itself, from the heading to the legend.

use std::fmt::Write;

use super::super::rules::{Part, Point, Rule, Signal};
use super::canvas::{Canvas, GRID, INK, LIMIT, MEAN, MUTED, Mark, Pen, RECALCULATION, RED, SERIES, TARGET, TRAJECTORY};
use super::frame::{Frame, NothingToDraw, line_decimals};
use super::icons::{assurance_caption, draw_icons, variation_caption};
use super::legend::draw_legend;
use super::sheet::{Chart, HEIGHT, MARGIN, PLOT_TOP, WIDTH, count, shown, target_of, trajectory_of};
use crate::drawing::{PER_CENT, cut, label_every, safe, text_width, tidy, wrapped};

/// Draws the chart.
#[must_use]
pub fn draw(chart: &Chart<'_>) -> String {
    let (title, print) = (chart.title(), small_print(chart));
    let height = HEIGHT + PRINT_ROW * count(print.len());
    let mut canvas = Canvas::sheet(&title, &describe(chart), (WIDTH, height));
    let icons_from = draw_icons(&mut canvas, chart.analysis);
    draw_heading(&mut canvas, chart, icons_from - MARGIN);
    match Frame::around(chart) {
        Ok(frame) => {
            if chart.illustrative {
                canvas.hatch((frame.left, PLOT_TOP), (frame.right, frame.bottom));
            }
            draw_axes(&mut canvas, chart, &frame);
            draw_lines(&mut canvas, chart, &frame);
            draw_series(&mut canvas, chart, &frame);
            draw_annotations(&mut canvas, chart, &frame);
            draw_line_labels(&mut canvas, &frame);
            draw_legend(&mut canvas, &frame.legend, frame.legend_top);
        }
        Err(NothingToDraw(reason)) => {
            let size = (WIDTH - 2.0 * MARGIN, HEIGHT - PLOT_TOP - 2.0 * MARGIN);
            canvas.nothing((MARGIN, PLOT_TOP), size, reason);
        }
    }
    for (row, line) in print.iter().enumerate() {
        canvas.text(MARGIN, HEIGHT + PRINT_ROW * count(row), "font-size=\"11\"", MUTED, line);
    }
    canvas.finish()
}

const PRINT_ROW: f64 = 16.0;
/// More reasons than anybody reads below a chart; the acts they are of can be listed.
const MOST_REMARKS: usize = 10;
/// As many lines as the longest warning or reason takes.
const MOST_LINES: usize = 30;

/// The lines below the chart: the notes, and whose rules it follows.
fn small_print(chart: &Chart<'_>) -> Vec<String> {
    let shown = chart.notes.iter().chain(chart.remarks.iter().take(MOST_REMARKS)).cloned();
    let more = chart.remarks.len().saturating_sub(MOST_REMARKS);
    let more = (more > 0).then(|| format!("And {more} more recalculations, exclusions and notes."));
    let rules = format!("Rules: {}", chart.analysis.parameters.profile.rule_set());
    let lines = shown.chain(more).chain([rules]);
    lines.flat_map(|line| wrapped(&line, 11.0, WIDTH - 2.0 * MARGIN, MOST_LINES)).collect()
}

fn draw_heading(canvas: &mut Canvas, chart: &Chart<'_>, right: f64) {
    let lines = wrapped(&chart.title(), 18.0 * 1.1, right - MARGIN, 2);
    let mut y = if lines.len() > 1 { 28.0 } else { 40.0 };
    for line in &lines {
        canvas.text(MARGIN, y, "font-size=\"18\" font-weight=\"bold\"", INK, line);
        y += 22.0;
    }
    for line in wrapped(chart.subtitle, 13.0, right - MARGIN, 1) {
        canvas.text(MARGIN, y, "font-size=\"13\"", MUTED, &line);
    }
}

fn draw_axes(canvas: &mut Canvas, chart: &Chart<'_>, frame: &Frame) {
    if !PER_CENT.contains(&chart.unit) {
        for unit in wrapped(chart.unit, 11.0, 400.0, 1) {
            canvas.text(MARGIN, PLOT_TOP - 16.0, "font-size=\"11\"", MUTED, &unit);
        }
    }
    for tick in &frame.ticks {
        let y = frame.y(*tick);
        canvas.line((frame.left, y), (frame.right, y), Pen { colour: GRID, width: 1.0, dashes: "none" });
        let label = chart.figure(*tick, frame.tick_decimals);
        canvas.text(frame.left - 8.0, y + 4.0, "text-anchor=\"end\" font-size=\"11\"", MUTED, &label);
    }
    let axis = Pen { colour: MUTED, width: 1.0, dashes: "none" };
    canvas.line((frame.left, frame.bottom), (frame.right, frame.bottom), axis);

    let labels: Vec<String> = chart.periods.iter().map(|period| cut(&tidy(period), 11.0, 110.0)).collect();
    let widest = labels.iter().map(|label| text_width(label, 11.0)).fold(0.0, f64::max);
    let every = label_every((widest + 14.0) / frame.band, chart.points.len());
    for (index, label) in labels.iter().enumerate().take(chart.points.len()).step_by(every) {
        let x = frame.x(index);
        canvas.line((x, frame.bottom), (x, frame.bottom + 5.0), axis);
        canvas.text(x, frame.bottom + 20.0, "text-anchor=\"middle\" font-size=\"11\"", MUTED, label);
    }
}

fn draw_lines(canvas: &mut Canvas, chart: &Chart<'_>, frame: &Frame) {
    for (number, Part { from, until, mean, limits, .. }) in chart.analysis.parts.iter().enumerate() {
        let (left, right) = (frame.edge(*from), frame.edge(*until));
        if number > 0 {
            canvas.line((left, PLOT_TOP), (left, frame.bottom), RECALCULATION);
        }
        for limit in limits.iter().flat_map(shown) {
            canvas.line((left, frame.y(limit)), (right, frame.y(limit)), LIMIT);
        }
        if let Some(mean) = mean {
            canvas.line((left, frame.y(*mean)), (right, frame.y(*mean)), MEAN);
        }
    }
    canvas.path(&steps(chart.points, frame, trajectory_of), TRAJECTORY);
    canvas.path(&steps(chart.points, frame, target_of), TARGET);
}

/// A target or trajectory that changes is drawn as a step; a period without one breaks it.
fn steps(points: &[Point], frame: &Frame, of: fn(&Point) -> Option<f64>) -> String {
    let mut path = String::new();
    let mut drawn_to = None;
    for (index, point) in points.iter().enumerate() {
        if let Some(value) = of(point) {
            let (from, to, y) = (frame.edge(index), frame.edge(index + 1), frame.y(value));
            let start = if drawn_to == Some(index) { 'L' } else { 'M' };
            let _ = write!(path, "{start}{from:.1} {y:.1}H{to:.1}");
            drawn_to = Some(index + 1);
        }
    }
    path
}

/// The line through the counted points. A gap breaks it; an excluded or a partial point does not, for its
/// neighbours count as consecutive.
fn series_path(points: &[Point], frame: &Frame) -> String {
    let mut path = String::new();
    let mut broken = true;
    for (index, point) in points.iter().enumerate() {
        match point.figure() {
            None => broken = true,
            Some(_) if point.excluded || point.partial => {}
            Some(value) => {
                let start = if broken { 'M' } else { 'L' };
                let _ = write!(path, "{start}{:.1} {:.1}", frame.x(index), frame.y(value));
                broken = false;
            }
        }
    }
    path
}

fn draw_series(canvas: &mut Canvas, chart: &Chart<'_>, frame: &Frame) {
    canvas.path(&series_path(chart.points, frame), SERIES);
    let radius = (frame.band * 0.34).clamp(2.4, 4.6);
    for (index, (point, result)) in chart.points.iter().zip(&chart.analysis.points).enumerate() {
        let Some(value) = point.figure() else { continue };
        let period = chart.periods.get(index).map_or("", String::as_str);
        let rules: Vec<&str> = result.rules.iter().map(Rule::as_str).collect();
        let mark = Mark::of(point, result.signal);
        let unsaid = match mark {
            Mark::Partial => "partial",
            Mark::Excluded => "excluded",
            _ => "not judged",
        };
        let signal = result.signal.map_or(unsaid, Signal::as_str);
        let awaits: &[&str] = if point.provisional { &["provisional"] } else { &[] };
        let meaning = [awaits, &[signal], rules.as_slice()].concat().join(", ");
        let figure = chart.figure(value, chart.decimals);
        canvas.put(format_args!("<g><title>{}: {figure} ({meaning})</title>", safe(period)));
        // What stands out must be seen in a crowd.
        let radius = if mark == Mark::CommonCause { radius } else { radius.max(3.6) };
        canvas.mark(mark, frame.x(index), frame.y(value), radius);
        if point.provisional {
            canvas.ring(frame.x(index), frame.y(value), radius + 3.0);
        }
        canvas.put(format_args!("</g>"));
    }
}

/// A small flag above each point of which something is to be known, with what that is.
fn draw_annotations(canvas: &mut Canvas, chart: &Chart<'_>, frame: &Frame) {
    for (index, text) in chart.annotations {
        let period = chart.periods.get(*index).map_or("", String::as_str);
        let (x, y) = (frame.x(*index), PLOT_TOP + 5.0);
        canvas.put(format_args!("<g><title>Note on {}: {}</title>", safe(period), safe(text)));
        canvas.polygon(INK, x, y, 4.5, &[(0.0, 1.0), (1.0, -1.0), (-1.0, -1.0)]);
        canvas.put(format_args!("</g>"));
    }
}

/// Writes each label beside its line, moved just far enough that none covers another.
fn draw_line_labels(canvas: &mut Canvas, frame: &Frame) {
    const SPACING: f64 = 14.0;
    let mut placed: Vec<(f64, &str)> =
        frame.labels.iter().map(|(label, value)| (frame.y(*value), label.as_str())).collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut least = PLOT_TOP;
    for (y, _) in &mut placed {
        *y = y.max(least);
        least = *y + SPACING;
    }
    let mut most = frame.bottom;
    for (y, _) in placed.iter_mut().rev() {
        *y = y.min(most);
        most = *y - SPACING;
    }
    for (y, label) in placed {
        let colour = if label.starts_with("Target") { RED } else { MUTED };
        canvas.text(frame.right + 8.0, y + 4.0, "font-size=\"11\"", colour, label);
    }
}

/// The chart in words, for those who do not see it.
fn describe(chart: &Chart<'_>) -> String {
    let analysis = chart.analysis;
    let shown = |value: f64| chart.figure(value, line_decimals(chart));
    let mut text = String::new();
    if chart.illustrative {
        text.push_str("Illustrative: some or all of it is invented. ");
    }
    if !chart.subtitle.is_empty() {
        let _ = write!(text, "{}. ", chart.subtitle);
    }
    let periods = (chart.periods.first(), chart.periods.last());
    if let (Some(first), Some(last)) = periods
        && chart.points.iter().any(|point| point.figure().is_some())
    {
        let _ = write!(text, "XmR chart from {first} to {last}, {} periods. ", chart.points.len());
    } else {
        text.push_str("XmR chart without data. ");
    }
    let (variation, assurance) = (variation_caption(analysis.variation), assurance_caption(analysis.assurance));
    let _ = write!(text, "Variation: {variation}. Assurance: {assurance}.");
    for (number, part) in analysis.parts.iter().enumerate() {
        if number > 0 {
            let from = chart.periods.get(part.from).map_or("", String::as_str);
            let _ = write!(text, " Limits recalculated from {from}.");
        }
        if let Some(mean) = part.mean {
            let _ = write!(text, " Mean {}", shown(mean));
            if let Some(limits) = part.limits {
                let _ = write!(text, ", process limits {} to {}", shown(limits.lpl), shown(limits.upl));
            }
            text.push('.');
        }
    }
    if let Some(target) = chart.points.last().and_then(target_of) {
        let _ = write!(text, " Target {}.", shown(target));
    }
    if !analysis.gaps.is_empty() {
        let _ = write!(text, " Periods without a value: {}.", analysis.gaps.len());
    }
    if let Some(planned) = chart.points.last().and_then(trajectory_of) {
        let _ = write!(text, " Trajectory {}.", shown(planned));
    }
    for note in chart.notes.iter().chain(chart.remarks.iter().take(MOST_REMARKS)) {
        let _ = write!(text, " {note}");
    }
    let _ = write!(text, " Rules: {}.", analysis.parameters.profile.rule_set());
    text
}
