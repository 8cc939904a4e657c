//! What a chart must show, and what it must never let through.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::rules::{Direction, Parameters, Point, Profile, Recalculation, analyse};
use super::canvas::{Canvas, Mark};
use super::sheet::{HEIGHT, WIDTH};
use super::*;
use crate::drawing::{HATCH, figure, label_every, wrapped};

fn drawn(title: &str, points: &[Point], recalculations: &[Recalculation]) -> String {
    let parameters = Parameters { min_points: 2, ..Parameters::of(Profile::Mdc, Direction::Increase) };
    let analysis = analyse(points, None, recalculations, &parameters);
    let periods: Vec<String> = (1..=points.len()).map(|number| format!("Month {number}")).collect();
    let (unit, decimals) = ("%", 1);
    draw(&Chart {
        title,
        subtitle: title,
        illustrative: false,
        unit,
        factor: 1.0,
        decimals,
        periods: &periods,
        points,
        analysis: &analysis,
        notes: &[title.to_owned()],
        remarks: &[],
        annotations: &[(0, title)],
    })
}

fn points(values: &[Option<f64>]) -> Vec<Point> {
    values.iter().map(|value| Point { value: *value, target: Some(5.0), excluded: false, ..Point::default() }).collect()
}

/// Whether every element closes in turn and every character may stand in XML 1.0.
fn well_formed(svg: &str) -> bool {
    let mut open = Vec::new();
    let mut pieces = svg.split('<');
    if pieces.next() != Some("") || svg.chars().any(|letter| letter.is_control() || letter == '\u{ffff}') {
        return false;
    }
    for piece in pieces {
        let Some((tag, text)) = piece.split_once('>') else { return false };
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap_or_default();
        let entities = format!("{tag}{text}");
        let entities_known = entities
            .split('&')
            .skip(1)
            .all(|rest| ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|entity| rest.starts_with(entity)));
        let quotes_even = tag.matches('"').count().is_multiple_of(2);
        if text.contains('>') || !entities_known || !quotes_even {
            return false;
        }
        if tag.starts_with('/') {
            if open.pop() != Some(name) {
                return false;
            }
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    open.is_empty()
}

#[test]
fn hostile_text_stays_text() {
    let title = "<script>alert('1')</script> & \"quoted\" ]]> \u{0} \u{8} \u{b} \u{fffe} \u{ffff} \n two";
    let svg = drawn(title, &points(&[Some(1.0), Some(2.0)]), &[]);
    assert!(well_formed(&svg), "{svg}");
    assert!(!svg.contains("<script"));
    assert!(svg.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;quoted&quot;"));
}

#[test]
fn a_series_without_figures_says_so() {
    for points in [vec![], points(&[None, None])] {
        let svg = drawn("Empty", &points, &[]);
        assert!(well_formed(&svg) && svg.contains(">No data</text>") && !svg.contains("<path d=\"M2"));
    }
}

#[test]
fn a_gap_breaks_the_line_and_an_excluded_point_does_not() {
    let mut series = points(&[Some(1.0), Some(2.0), None, Some(3.0), Some(9.0), Some(4.0)]);
    series[4].excluded = true;
    let svg = drawn("Line", &series, &[]);
    let line = svg.split("<path d=\"M").last().and_then(|path| path.split('"').next()).expect("a line");
    assert_eq!((line.matches('M').count() + 1, line.matches('L').count()), (2, 2), "{line}");
    assert!(svg.contains(">Excluded</text>"));
}

#[test]
fn kinds_of_point_differ_in_shape_as_well_as_colour() {
    let shape = |mark| {
        let mut canvas = Canvas::default();
        canvas.mark(mark, 0.0, 0.0, 4.0);
        canvas.0.replace(Mark::colour(mark), "")
    };
    let marks =
        [Mark::CommonCause, Mark::Improvement, Mark::Concern, Mark::NeitherHigh, Mark::NeitherLow, Mark::Excluded];
    for (index, mark) in marks.iter().enumerate() {
        assert!(marks[..index].iter().all(|other| shape(*other) != shape(*mark)));
    }
}

#[test]
fn the_description_tells_what_the_drawing_shows() {
    let values: Vec<Option<f64>> = (0..8).map(|index| Some(f64::from(index))).collect();
    let svg = drawn("Rising", &points(&values), &[Recalculation { at: 6, baseline_points: None }]);
    for expected in [
        "XmR chart from Month 1 to Month 8, 8 periods.",
        "Variation: Common cause. Assurance: Hit or miss.",
        "Mean 2.5%, process limits \u{2212}0.2% to 5.2%.",
        "Limits recalculated from Month 7.",
        "Rules: making-data-count-2.5+2023-11.",
    ] {
        assert!(svg.contains(expected), "{expected} is not in {svg}");
    }
}

/// A chart of these values as it is drawn with other settings than those of the other tests.
fn drawn_with(values: &[f64], change: impl FnOnce(Chart<'_>) -> String) -> String {
    let points: Vec<Point> = values
        .iter()
        .map(|value| Point { value: Some(*value), target: None, excluded: false, ..Point::default() })
        .collect();
    let analysis = analyse(&points, None, &[], &Parameters::of(Profile::Mdc, Direction::Increase));
    let periods: Vec<String> = (1..=points.len()).map(|number| format!("Month {number}")).collect();
    change(Chart {
        title: "Title",
        subtitle: "",
        illustrative: false,
        unit: "",
        factor: 1.0,
        decimals: 0,
        periods: &periods,
        points: &points,
        analysis: &analysis,
        notes: &[],
        remarks: &[],
        annotations: &[],
    })
}

#[test]
fn an_illustrative_chart_says_so_in_its_title_its_description_and_its_plot() {
    let plain = drawn_with(&[1.0, 2.0], |chart| draw(&chart));
    let marked = drawn_with(&[1.0, 2.0], |chart| draw(&Chart { illustrative: true, ..chart }));
    assert!(well_formed(&marked));
    for mark in
        ["<title>Illustrative: Title</title>", "<desc>Illustrative: some or all of it is invented.", HATCH.colour]
    {
        assert!(marked.contains(mark) && !plain.contains(mark), "{mark}");
    }
}

#[test]
fn the_small_print_holds_every_note_and_the_rules() {
    let numbered = |word: &str| (1..=12).map(|number| format!("{word} {number}.")).collect::<Vec<String>>();
    let (notes, remarks) = (numbered("Note"), numbered("Remark"));
    let svg = drawn_with(&[1.0, 2.0], |chart| draw(&Chart { notes: &notes, remarks: &remarks, ..chart }));
    assert!(svg.contains(">Note 12.</text>"), "every warning is on the picture");
    assert!(svg.contains(">Remark 10.</text>") && !svg.contains(">Remark 11.</text>"));
    assert!(svg.contains(">And 2 more recalculations, exclusions and notes.</text>"));
    assert!(svg.contains(">Rules: making-data-count-2.5+2023-11</text>"));
}

#[test]
fn lines_that_lie_close_are_told_apart_and_shares_are_written_as_percentages() {
    let close = drawn_with(&[100.1, 100.2, 100.1, 100.2], |chart| draw(&chart));
    for label in [">Upper 100.4</text>", ">Lower 99.9</text>"] {
        assert!(close.contains(label), "{label}: {close}");
    }
    let share =
        drawn_with(&[0.5, 0.75, 0.5, 0.75], |chart| draw(&Chart { unit: "% of people", factor: 100.0, ..chart }));
    assert!(share.contains(">Mean 62%</text>") || share.contains(">Mean 63%</text>"), "{share}");
    assert!(share.contains("Month 1: 50% (") && share.contains(">% of people</text>"));
}

#[test]
fn figures_are_written_as_readers_expect() {
    for (value, decimals, unit, expected) in [
        (1_234_567.0, 0, "", "1,234,567"),
        (999.96, 1, "%", "1,000.0%"),
        (-0.04, 1, "", "0.0"),
        (-1234.5, 1, "days", "\u{2212}1,234.5"),
        (1e15, 2, "", "1.000e15"),
    ] {
        assert_eq!(figure(value, decimals, unit), expected);
    }
}

#[test]
fn labels_are_thinned_until_they_fit() {
    assert_eq!(label_every(0.8, 36), 1);
    assert_eq!(label_every(4.5, 36), 6);
    assert_eq!(label_every(500.0, 36), 36);
    assert_eq!(wrapped("one two three", 10.0, 45.0, 1), ["one tw…"]);
}

fn a_figure() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![Just(None), (-100.0..100.0).prop_map(Some), any::<f64>().prop_map(Some)]
}

proptest! {
    #[test]
    fn any_series_draws_within_the_picture(
        title in any::<String>(),
        series in vec((a_figure(), a_figure(), any::<bool>()), 0..30),
        at in 0..30_usize,
    ) {
        let series: Vec<Point> =
            series.into_iter().map(|(value, target, excluded)| Point { value, target, excluded, ..Point::default() }).collect();
        let svg = drawn(&title, &series, &[Recalculation { at, baseline_points: None }]);
        prop_assert!(well_formed(&svg));
        for (end, most) in [("x1", WIDTH), ("x2", WIDTH), ("y1", HEIGHT), ("y2", HEIGHT)] {
            for rest in svg.split(&format!(" {end}=\"")).skip(1) {
                let place: f64 = rest.split('"').next().unwrap_or_default().parse().expect("a number");
                prop_assert!((0.0..=most).contains(&place), "{end} is {place}");
            }
        }
    }
}
