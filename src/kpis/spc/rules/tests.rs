//! The method, as tables and as laws that hold for any series.

use proptest::collection::vec;
use proptest::prelude::*;

use super::analysis::{assure, judge};
use super::points::compare;
use super::*;

fn points(values: &[f64]) -> Vec<Point> {
    values.iter().map(|value| Point { value: Some(*value), ..Point::default() }).collect()
}

fn towards(target: f64, values: &[f64]) -> Vec<Point> {
    values
        .iter()
        .map(|value| Point { value: Some(*value), target: Some(target), excluded: false, ..Point::default() })
        .collect()
}

/// Making Data Count for a measure that should rise, with icons from two points on.
fn mdc() -> Parameters {
    Parameters { min_points: 2, ..Parameters::of(Profile::Mdc, Direction::Increase) }
}

fn ptd() -> Parameters {
    Parameters::of(Profile::Ptd, Direction::Increase)
}

fn plain(values: &[f64], parameters: &Parameters) -> Analysis {
    analyse(&points(values), None, &[], parameters)
}

fn from(at: usize) -> Recalculation {
    Recalculation { at, baseline_points: None }
}

fn close(a: f64, b: f64) -> bool {
    compare(a, b).is_eq()
}

fn limits_of(part: &Part) -> (f64, f64) {
    part.limits.map(|limits| (limits.lpl, limits.upl)).expect("the part has limits")
}

/// The marks of values around a mean of 0 with limits far away, so that only runs can show.
fn runs(values: &[f64]) -> Vec<Rules> {
    let limits = Limits::around(0.0, 1000.0, &mdc()).expect("finite");
    marks::mark(values, Some(0.0), Some(&limits), &mdc())
}

/// Which of the marks hold the rule: `1` or `.` per point.
fn picture(marks: &[Rules], rule: Rule) -> String {
    marks.iter().map(|mark| if mark.contains(rule) { '1' } else { '.' }).collect()
}

fn signals(analysis: &Analysis) -> Vec<Option<Signal>> {
    analysis.points.iter().map(|point| point.signal).collect()
}

#[test]
fn eight_rising_points_come_out_as_worked_by_hand() {
    let analysis = plain(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], &mdc());
    let part = analysis.parts[0];
    let (lpl, upl) = limits_of(&part);
    assert_eq!((part.n, part.mean, part.mean_moving_range), (8, Some(3.5), Some(1.0)));
    assert!(close(lpl, 0.84) && close(upl, 6.16));

    let marks: Vec<Rules> = analysis.points.iter().map(|point| point.rules).collect();
    assert_eq!(picture(&marks, Rule::BelowLimit), "1.......");
    assert_eq!(picture(&marks, Rule::AboveLimit), ".......1");
    assert_eq!(picture(&marks, Rule::TrendHigh), "11111111");
    assert_eq!(picture(&marks, Rule::TwoOfThreeLow), "11......");
    assert_eq!(picture(&marks, Rule::TwoOfThreeHigh), "......11");
    assert_eq!(analysis.variation, Variation::Signal(Signal::ImprovementHigh));
    assert!(analysis.points[0].conflict, "a low point in a rising trend says both");
}

#[test]
fn a_shift_needs_seven_points_on_one_side_of_the_mean() {
    for (what, values, high, low) in [
        ("six", vec![1.0; 6], "......", "......"),
        ("seven", vec![1.0; 7], "1111111", "......."),
        ("seven below", vec![-1.0; 7], ".......", "1111111"),
        ("eight and one across", [vec![1.0; 8], vec![-1.0]].concat(), "11111111.", "........."),
        ("six and one across", [vec![1.0; 6], vec![-1.0]].concat(), ".......", "......."),
        ("a point on the mean", [vec![1.0; 4], vec![0.0], vec![1.0; 4]].concat(), ".........", "........."),
    ] {
        let marks = runs(&values);
        assert_eq!(picture(&marks, Rule::ShiftHigh), high, "{what}");
        assert_eq!(picture(&marks, Rule::ShiftLow), low, "{what}");
    }
}

#[test]
fn a_trend_needs_seven_points_each_beyond_the_last() {
    for (what, values, high, low) in [
        ("six", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0][..], "......", "......"),
        ("seven", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], "1111111", "......."),
        ("a tie", &[1.0, 2.0, 3.0, 3.0, 4.0, 5.0, 6.0], ".......", "......."),
        ("falling, inside", &[2.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 3.0], ".........", ".1111111."),
        (
            "a peak",
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0],
            "1111111......",
            "......1111111",
        ),
        ("noise of binary arithmetic", &[0.1, 0.2, 0.3, 0.1 + 0.2, 0.4, 0.5, 0.6], ".......", "......."),
    ] {
        let marks = runs(values);
        assert_eq!(picture(&marks, Rule::TrendHigh), high, "{what}");
        assert_eq!(picture(&marks, Rule::TrendLow), low, "{what}");
    }
}

#[test]
fn two_of_three_needs_two_close_to_a_limit_and_all_three_on_its_side() {
    // Mean 0, two sigma at 2, limits at 3.
    let limits = Limits::around(0.0, 3.0 / 2.66, &mdc()).expect("finite");
    for (what, values, in_mdc, in_ptd) in [
        ("apart by one", &[2.5, 1.0, 2.5][..], "1.1", "1.1"),
        ("apart by one, inside", &[1.0, 1.0, 2.5, 1.0, 2.5, 1.0, 1.0], "..1.1..", "..1.1.."),
        ("side by side", &[1.0, 1.0, 2.5, 2.5, 1.0, 1.0, 1.0], "..11...", "..11..."),
        ("too far apart", &[2.5, 1.0, 1.0, 2.5], "....", "...."),
        ("one pair of three", &[2.5, 1.0, 1.0, 2.5, 2.5], "...11", "...11"),
        ("across the mean", &[1.0, -1.0, 2.5, -1.0, 2.5, -1.0, 1.0], ".......", "......."),
        ("beyond the limit", &[3.5, 1.0, 3.5], "1.1", "..."),
        ("one beyond the limit", &[2.5, 1.0, 3.5], "1.1", "..."),
        ("on two sigma", &[2.0, 1.0, 2.0], "...", "..."),
        ("only two points", &[2.5, 2.5], "..", ".."),
    ] {
        for (parameters, expected) in [(mdc(), in_mdc), (ptd(), in_ptd)] {
            let marks = marks::mark(values, Some(0.0), Some(&limits), &parameters);
            assert_eq!(picture(&marks, Rule::TwoOfThreeHigh), expected, "{what}, {}", parameters.profile);
            let mirror: Vec<f64> = values.iter().map(|value| -value).collect();
            let marks = marks::mark(&mirror, Some(0.0), Some(&limits), &parameters);
            assert_eq!(picture(&marks, Rule::TwoOfThreeLow), expected, "{what} mirrored, {}", parameters.profile);
        }
    }
}

#[test]
fn nhsrplotthedots_gives_a_point_one_cause() {
    let rising = plain(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], &ptd());
    let causes: Vec<Vec<Rule>> = rising.points.iter().map(|point| point.rules.iter().collect()).collect();
    assert_eq!(causes[0], [Rule::BelowLimit]);
    assert_eq!(causes[1..7], vec![vec![Rule::TrendHigh]; 6]);
    assert_eq!(causes[7], [Rule::AboveLimit]);
}

#[test]
fn in_nhsrplotthedots_a_point_goes_as_the_step_after_it_where_the_next_is_part_of_a_trend_too() {
    let far = Limits::around(0.0, 1000.0, &ptd()).expect("finite");
    for (what, values, high, low) in [
        ("a peak", &[1, 2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2, 1][..], "111111.......", "......1111111"),
        ("a tie between trends", &[1, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10, 11, 12, 13], "111111.1111111", "......1......."),
        ("a fall between trends", &[1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6], "111111.1111111", "......1......."),
        ("a rise between trends", &[7, 6, 5, 4, 3, 2, 1, 9, 8, 7, 6, 5, 4, 3], "......1.......", "111111.1111111"),
        ("a tie after a trend", &[1, 2, 3, 4, 5, 6, 7, 7, 6], "1111111..", "........."),
        ("a fall after a trend", &[1, 2, 3, 4, 5, 6, 7, 0, 1], "1111111..", "........."),
    ] {
        let values: Vec<f64> = values.iter().copied().map(f64::from).collect();
        let marks = marks::mark(&values, Some(0.0), Some(&far), &ptd());
        assert_eq!(picture(&marks, Rule::TrendHigh), high, "{what}");
        assert_eq!(picture(&marks, Rule::TrendLow), low, "{what}");
    }
    let tie = plain(&[1, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10, 11, 12, 13].map(f64::from), &ptd());
    assert_eq!(tie.points[6].signal, Some(Signal::ConcernLow), "a tie reads as a fall");
}

#[test]
fn the_conflict_rule_decides_when_rules_contradict_each_other() {
    let rules: Rules = [Rule::BelowLimit, Rule::TrendHigh].into_iter().collect();
    for (direction, conflict_rule, signal, conflict) in [
        (Direction::Increase, ConflictRule::Improvement, Signal::ImprovementHigh, true),
        (Direction::Increase, ConflictRule::Concern, Signal::ConcernLow, true),
        (Direction::Decrease, ConflictRule::Improvement, Signal::ImprovementLow, true),
        (Direction::Decrease, ConflictRule::Concern, Signal::ConcernHigh, true),
        (Direction::Neutral, ConflictRule::Concern, Signal::NeitherHigh, false),
    ] {
        assert_eq!(judge(rules, &Parameters { direction, conflict_rule, ..mdc() }), (signal, conflict));
    }
}

#[test]
fn one_sided_rules_mean_what_the_direction_makes_of_them() {
    let high: Rules = [Rule::ShiftHigh].into_iter().collect();
    let low: Rules = [Rule::AboveLimit, Rule::TwoOfThreeLow].into_iter().filter(|rule| !rule.is_high()).collect();
    for (rules, direction, signal) in [
        (high, Direction::Increase, Signal::ImprovementHigh),
        (high, Direction::Decrease, Signal::ConcernHigh),
        (high, Direction::Neutral, Signal::NeitherHigh),
        (low, Direction::Increase, Signal::ConcernLow),
        (low, Direction::Decrease, Signal::ImprovementLow),
        (low, Direction::Neutral, Signal::NeitherLow),
        (Rules::default(), Direction::Increase, Signal::CommonCause),
    ] {
        for conflict_rule in [ConflictRule::Improvement, ConflictRule::Concern] {
            assert_eq!(judge(rules, &Parameters { direction, conflict_rule, ..mdc() }), (signal, false));
        }
    }
}

#[test]
fn assurance_compares_the_target_with_the_limits() {
    use Assurance::{Fail, HitOrMiss, NoTarget, Pass};
    use Direction::{Decrease, Increase, Neutral};
    for (direction, lpl, upl, target, in_mdc, in_ptd) in [
        (Increase, 1.0, 3.0, 4.0, Fail, Fail),
        (Increase, 5.0, 7.0, 4.0, Pass, Pass),
        (Increase, 1.0, 5.0, 4.0, HitOrMiss, HitOrMiss),
        (Decrease, 1.0, 3.0, 4.0, Pass, Pass),
        (Decrease, 5.0, 7.0, 4.0, Fail, Fail),
        (Decrease, 1.0, 5.0, 4.0, HitOrMiss, HitOrMiss),
        (Neutral, 1.0, 5.0, 4.0, NoTarget, NoTarget),
        (Increase, 1.0, 5.0, 1.0, Pass, HitOrMiss),
        (Increase, 1.0, 5.0, 5.0, Fail, HitOrMiss),
        (Decrease, 1.0, 5.0, 5.0, Pass, HitOrMiss),
        (Decrease, 1.0, 5.0, 1.0, Fail, HitOrMiss),
        (Increase, 100.0, 100.0, 100.0, Pass, HitOrMiss),
    ] {
        let limits = Limits::around(f64::midpoint(lpl, upl), (upl - lpl) / 5.32, &mdc());
        for (profile, expected) in [(mdc(), in_mdc), (ptd(), in_ptd)] {
            let parameters = Parameters { direction, ..profile };
            let assurance = assure(Some(target), limits.as_ref(), &parameters);
            assert_eq!(assurance, expected, "{direction} {lpl}..{upl} towards {target}, {}", parameters.profile);
        }
    }
}

#[test]
fn assurance_takes_the_target_of_the_last_counted_point() {
    let mut series = towards(0.0, &[5.0, 6.0, 5.0, 6.0, 5.0, 6.0]);
    series.push(Point { value: Some(5.0), target: Some(99.0), excluded: true, ..Point::default() });
    series.push(Point { value: None, target: Some(99.0), excluded: false, ..Point::default() });
    assert_eq!(analyse(&series, None, &[], &mdc()).assurance, Assurance::Pass);
}

#[test]
fn a_series_that_never_moves_has_limits_on_its_mean() {
    for parameters in [mdc(), ptd(), Parameters { screen_outliers: true, ..mdc() }] {
        let analysis = analyse(&towards(5.0, &[5.0; 14]), None, &[], &parameters);
        assert_eq!(limits_of(&analysis.parts[0]), (5.0, 5.0));
        assert_eq!(analysis.variation, Variation::Signal(Signal::CommonCause));
        let expected = if parameters.profile == Profile::Mdc { Assurance::Pass } else { Assurance::HitOrMiss };
        assert_eq!(analysis.assurance, expected);
    }
}

#[test]
fn a_single_point_has_a_mean_but_no_limits_and_no_icons() {
    for parameters in [mdc(), ptd()] {
        let analysis = analyse(&towards(1.0, &[5.0]), None, &[], &parameters);
        assert_eq!((analysis.parts[0].mean, analysis.parts[0].limits), (Some(5.0), None));
        assert_eq!(analysis.variation, Variation::InsufficientData);
        assert_eq!(analysis.assurance, Assurance::InsufficientData);
        assert_eq!(signals(&analysis), [Some(Signal::CommonCause)]);
    }
}

#[test]
fn icons_wait_for_the_least_number_of_points_over_the_whole_series() {
    let values: Vec<f64> = (0..13).map(|index| f64::from(index % 3)).collect();
    let parameters = Parameters::of(Profile::Mdc, Direction::Increase);
    let twelve = plain(&values[..12], &parameters);
    assert_eq!(twelve.variation, Variation::InsufficientData);
    assert_eq!(twelve.warnings, [Warning::FewPoints { points: 12, needed: 13 }]);
    let thirteen = analyse(&points(&values), None, &[from(11)], &parameters);
    assert_eq!(
        thirteen.variation,
        Variation::Signal(Signal::CommonCause),
        "recalculation does not start the count anew"
    );
}

#[test]
fn screening_leaves_out_the_moving_ranges_of_an_outlier() {
    let values: Vec<f64> = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1].map(f64::from).to_vec();
    let screened = plain(&values, &ptd()).parts[0];
    assert!(close(screened.mean.expect("mean"), 35.0 / 18.0), "NHSRplotthedots keeps the mean");
    assert_eq!(screened.mean_moving_range, Some(1.0));
    let both = plain(&values, &Parameters { screen_outliers: true, ..mdc() }).parts[0];
    assert!(close(both.mean.expect("mean"), 24.0 / 16.0), "Making Data Count drops both points from the mean");
    assert_eq!(both.mean_moving_range, Some(1.0));
    let unscreened = plain(&values, &mdc()).parts[0];
    assert!(close(unscreened.mean_moving_range.expect("range"), 32.0 / 17.0));
}

#[test]
fn a_baseline_sets_the_limits_of_its_whole_part() {
    let values: Vec<f64> = [10, 12, 11, 13, 10, 12, 11, 13, 12, 10, 11, 12, 20, 21, 22, 20, 19].map(f64::from).to_vec();
    let fixed = analyse(&points(&values), Some(12), &[], &mdc());
    let alone = plain(&values[..12], &mdc());
    assert_eq!(fixed.parts[0].limits, alone.parts[0].limits);
    assert_eq!((fixed.parts[0].n, fixed.parts[0].baseline_n), (17, 12));
    assert!(fixed.points[12..].iter().all(|point| point.rules.contains(Rule::AboveLimit)));

    let short = analyse(&points(&values), Some(5), &[], &mdc());
    assert_eq!(short.warnings, [Warning::ShortBaseline { part: 0, points: 5 }]);
    let long = analyse(&points(&values), Some(99), &[], &mdc());
    assert_eq!(long.parts[0].limits, plain(&values, &mdc()).parts[0].limits);
    assert_eq!(long.warnings, [Warning::LongBaseline { part: 0, baseline: 99, points: 17 }]);
    let one = analyse(&points(&values), Some(1), &[], &mdc());
    assert_eq!((one.parts[0].limits, one.variation), (None, Variation::InsufficientData));
}

#[test]
fn a_recalculation_starts_a_part_at_its_own_point() {
    let values = [1.0, 2.0, 1.0, 2.0, 11.0, 12.0, 11.0, 12.0];
    let analysis = analyse(&points(&values), None, &[from(4)], &mdc());
    let shapes: Vec<_> = analysis.parts.iter().map(|part| (part.from, part.until, part.n, part.mean)).collect();
    assert_eq!(shapes, [(0, 4, 4, Some(1.5)), (4, 8, 4, Some(11.5))]);
    assert_eq!(analysis.parts[1].mean_moving_range, Some(1.0), "the step between parts is not a moving range");
    assert_eq!(analysis.points.iter().map(|point| point.part).collect::<Vec<_>>(), [0, 0, 0, 0, 1, 1, 1, 1]);
    assert_eq!(
        analysis.warnings,
        [Warning::ShortPart { part: 0, points: 4 }, Warning::ShortPart { part: 1, points: 4 }]
    );
}

#[test]
fn awkward_recalculations_have_a_plain_meaning() {
    let mut series = points(&[1.0, 2.0, 1.0, 2.0, 9.0, 8.0, 9.0, 8.0]);
    let with = |series: &[Point], recalculations: &[Recalculation]| analyse(series, Some(2), recalculations, &mdc());
    let baselines = |analysis: &Analysis| analysis.parts.iter().map(|part| part.baseline_n).collect::<Vec<_>>();

    let at_start = with(&series, &[Recalculation { at: 0, baseline_points: Some(3) }]);
    assert_eq!(baselines(&at_start), [3], "one of the first point says what its baseline is");

    let twice = [Recalculation { at: 4, baseline_points: Some(2) }, Recalculation { at: 4, baseline_points: Some(3) }];
    let superseded = with(&series, &twice);
    assert_eq!(baselines(&superseded), [2, 3], "the later act holds");
    assert!(superseded.warnings.contains(&Warning::RecalculationSuperseded { at: 4 }));

    let outside = with(&series, &[from(8)]);
    assert_eq!(outside.parts.len(), 1);
    assert!(outside.warnings.contains(&Warning::RecalculationOutside { at: 8 }));

    series[4].value = None;
    series[5].excluded = true;
    let on_a_gap = with(&series, &[from(4)]);
    assert_eq!((on_a_gap.parts[1].from, on_a_gap.parts[1].n), (4, 2), "the next counted point is its first");

    for point in &mut series[4..] {
        point.excluded = true;
    }
    let nothing_after = with(&series, &[from(4)]);
    assert_eq!((nothing_after.parts[1].n, nothing_after.parts[1].mean), (0, None));
    assert_eq!(nothing_after.variation, Variation::Signal(Signal::CommonCause), "the last counted point is in part 1");
    assert!(nothing_after.warnings.contains(&Warning::EmptyPart { part: 1 }));
}

#[test]
fn a_part_of_one_point_takes_the_icons_away() {
    let analysis = analyse(&points(&[1.0, 2.0, 1.0, 2.0, 9.0]), None, &[from(4)], &mdc());
    assert_eq!(analysis.variation, Variation::InsufficientData);
    assert!(analysis.warnings.contains(&Warning::NoLimits { part: 1 }));
}

#[test]
fn nothing_to_analyse_is_not_an_error() {
    let empty = analyse(&[], Some(12), &[from(0)], &mdc());
    assert_eq!((empty.parts.len(), empty.points.len()), (0, 0));
    assert_eq!((empty.variation, empty.assurance), (Variation::InsufficientData, Assurance::NoTarget));

    let mut series = points(&[1.0, f64::NAN, f64::INFINITY, 2.0]);
    for index in [0, 3] {
        series[index].excluded = true;
    }
    let left_out = analyse(&series, None, &[], &mdc());
    assert_eq!(left_out.gaps, [1, 2]);
    assert_eq!(signals(&left_out), [None; 4]);
    assert_eq!((left_out.parts[0].n, left_out.parts[0].mean), (0, None));
}

#[test]
fn figures_too_large_to_add_up_have_no_limits_rather_than_infinite_ones() {
    let part = plain(&[f64::MAX, -f64::MAX, f64::MAX, f64::MAX], &ptd()).parts[0];
    assert_eq!((part.mean, part.limits), (None, None));
}

#[test]
fn clipped_limits_stay_within_what_the_measure_can_be() {
    let parameters = Parameters { display_min: Some(0.0), display_max: Some(100.0), ..mdc() };
    let limits = plain(&[1.0, 99.0, 2.0, 98.0], &parameters).parts[0].limits.expect("limits");
    assert!(limits.lpl < 0.0 && limits.upl > 100.0);
    assert_eq!((limits.clipped_low, limits.clipped_high), (Some(0.0), Some(100.0)));
}

#[test]
fn each_profile_says_which_parameters_it_allows() {
    let named = |parameters: Parameters| parameters.faults().iter().map(|fault| fault.parameter).collect::<Vec<_>>();
    let eight = |profile| Parameters { shift_length: 8, ..profile };
    assert!(named(mdc()).is_empty() && named(ptd()).is_empty() && named(eight(mdc())).is_empty());
    assert_eq!(named(eight(ptd())), ["shiftLength"]);
    let wrong = Parameters {
        shift_length: 5,
        trend_length: 9,
        min_points: 1,
        display_min: Some(1.0),
        display_max: Some(1.0),
        ..mdc()
    };
    assert_eq!(named(wrong), ["shiftLength", "trendLength", "minPoints", "displayMin"]);
}

#[test]
fn every_word_reads_back_as_itself() {
    for rule in Rule::ALL {
        assert_eq!(rule.as_str().parse(), Ok(*rule));
    }
    assert_eq!("ptd".parse(), Ok(Profile::Ptd));
    assert_eq!("MDC".parse::<Profile>(), Err(UnknownWord));
    assert_eq!(Variation::Signal(Signal::ConcernLow).to_string(), "concern-low");
}

#[test]
fn warnings_speak_plain_english() {
    let warning = Warning::ShortPart { part: 1, points: 1 };
    assert_eq!(warning.code(), "short-part");
    assert_eq!(warning.to_string(), "Part 2 has 1 point; with fewer than 12 its limits are provisional.");
}

/// Whole numbers, so that no two figures differ by less than the tolerance of a comparison.
fn a_series() -> impl Strategy<Value = Vec<f64>> {
    vec((-100_i32..=100).prop_map(f64::from), 0..40)
}

fn any_parameters() -> impl Strategy<Value = Parameters> {
    let profile = prop_oneof![Just(Profile::Mdc), Just(Profile::Ptd)];
    let direction = prop_oneof![Just(Direction::Increase), Just(Direction::Decrease)];
    let conflict_rule = prop_oneof![Just(ConflictRule::Improvement), Just(ConflictRule::Concern)];
    (profile, direction, conflict_rule, any::<bool>()).prop_map(|(profile, direction, conflict_rule, screen)| {
        let defaults = Parameters::of(profile, direction);
        Parameters { conflict_rule, screen_outliers: screen, min_points: 2, ..defaults }
    })
}

fn mirrored(signal: Signal) -> Signal {
    match signal {
        Signal::CommonCause => Signal::CommonCause,
        Signal::ImprovementHigh => Signal::ImprovementLow,
        Signal::ImprovementLow => Signal::ImprovementHigh,
        Signal::ConcernHigh => Signal::ConcernLow,
        Signal::ConcernLow => Signal::ConcernHigh,
        Signal::NeitherHigh => Signal::NeitherLow,
        Signal::NeitherLow => Signal::NeitherHigh,
    }
}

proptest! {
    #[test]
    fn limits_lie_evenly_about_the_mean(values in a_series(), parameters in any_parameters()) {
        for part in plain(&values, &parameters).parts {
            if let (Some(mean), Some(limits)) = (part.mean, part.limits) {
                prop_assert!(close(f64::midpoint(limits.lpl, limits.upl), mean));
                prop_assert!(close(f64::midpoint(limits.sigma2_low, limits.sigma2_high), mean));
                prop_assert!(limits.lpl <= limits.sigma2_low && limits.sigma2_high <= limits.upl);
            }
        }
    }

    #[test]
    fn adding_a_constant_moves_the_limits_by_it_and_changes_no_rule(
        values in a_series(), parameters in any_parameters(), constant in -100_i32..=100,
    ) {
        let constant = f64::from(constant);
        let moved: Vec<f64> = values.iter().map(|value| value + constant).collect();
        let (before, after) = (plain(&values, &parameters), plain(&moved, &parameters));
        prop_assert_eq!(before.points, after.points);
        for (before, after) in before.parts.iter().zip(&after.parts) {
            prop_assert_eq!(before.limits.is_some(), after.limits.is_some());
            if let (Some(before), Some(after)) = (before.limits, after.limits) {
                prop_assert!(close(before.lpl + constant, after.lpl) && close(before.upl + constant, after.upl));
            }
        }
    }

    #[test]
    fn turning_values_and_direction_over_turns_the_signals_over(
        values in a_series(), parameters in any_parameters(),
    ) {
        let negated: Vec<f64> = values.iter().map(|value| -value).collect();
        let direction = match parameters.direction {
            Direction::Increase => Direction::Decrease,
            Direction::Decrease | Direction::Neutral => Direction::Increase,
        };
        let before = signals(&plain(&values, &parameters));
        let after = signals(&plain(&negated, &Parameters { direction, ..parameters }));
        let expected: Vec<_> = before.into_iter().map(|signal| signal.map(mirrored)).collect();
        prop_assert_eq!(expected, after);
    }

    #[test]
    fn no_rule_looks_across_a_recalculation(
        first in a_series(), second in a_series(), parameters in any_parameters(),
    ) {
        let whole = analyse(&points(&[first.clone(), second.clone()].concat()), None, &[from(first.len())], &parameters);
        let apart = [plain(&first, &parameters), plain(&second, &parameters)];
        let judged = |points: &[PointResult]| {
            points.iter().map(|point| (point.rules, point.signal, point.conflict)).collect::<Vec<_>>()
        };
        let expected = apart.iter().flat_map(|analysis| judged(&analysis.points)).collect::<Vec<_>>();
        prop_assert_eq!(judged(&whole.points), expected);
    }

    #[test]
    fn nhsrplotthedots_gives_every_point_of_a_trend_the_way_of_a_step_beside_it(values in vec((0_i32..4).prop_map(f64::from), 0..60)) {
        // Mostly rising, so that trends meet.
        let climbing: Vec<f64> = values.iter().scan(0.0, |at, step| { *at += if *step < 1.0 { -2.0 } else { *step - 1.0 + f64::from(*step > 1.0) }; Some(*at) }).collect();
        let far = Limits::around(0.0, 1000.0, &ptd()).expect("finite");
        let every = marks::mark(&climbing, None, None, &mdc());
        let single = marks::mark(&climbing, None, Some(&far), &ptd());
        let trend = |at: usize| every.get(at).is_some_and(|mark| !mark.is_empty());
        for (at, mark) in single.iter().enumerate() {
            prop_assert_eq!(trend(at), !mark.is_empty());
            let (from, to) = if trend(at + 1) { (at, at + 1) } else { (at.saturating_sub(1), at) };
            let rises = trend(at) && climbing[to] > climbing[from];
            prop_assert_eq!(mark.contains(Rule::TrendHigh), rises);
        }
    }

    #[test]
    fn gaps_and_excluded_points_never_change_the_rest(
        series in vec(((-100_i32..=100).prop_map(f64::from), 0..4_u8), 0..40), parameters in any_parameters(),
    ) {
        let with: Vec<Point> = series
            .iter()
            .map(|(value, kind)| Point { value: (*kind != 0).then_some(*value), target: None, excluded: *kind == 1, ..Point::default() })
            .collect();
        let without: Vec<f64> = series.iter().filter(|(_, kind)| *kind > 1).map(|(value, _)| *value).collect();
        let (with, without) = (analyse(&with, None, &[], &parameters), plain(&without, &parameters));
        let counted: Vec<PointResult> = with.points.into_iter().filter(|point| point.signal.is_some()).collect();
        prop_assert_eq!(counted, without.points);
        prop_assert_eq!((with.variation, with.assurance), (without.variation, without.assurance));
    }

    #[test]
    fn nothing_infinite_ever_comes_out(values in vec(any::<f64>(), 0..40), parameters in any_parameters()) {
        for part in plain(&values, &parameters).parts {
            let limits = part.limits.map(|limits| [limits.lpl, limits.upl, limits.sigma2_low, limits.sigma2_high]);
            let numbers = [part.mean, part.mean_moving_range].into_iter().flatten().chain(limits.into_iter().flatten());
            prop_assert!(numbers.into_iter().all(f64::is_finite));
        }
    }
}
