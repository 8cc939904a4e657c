//! Which rules each point of one part breaks. Nothing here sees beyond the part it is given.

use std::cmp::Ordering;

use super::limits::Limits;
use super::parameters::Parameters;
use super::points::compare;
use super::words::{Profile, Rule, Rules};

/// The rules broken by each of a part's counted values, in their order.
pub(super) fn mark(values: &[f64], mean: Option<f64>, limits: Option<&Limits>, parameters: &Parameters) -> Vec<Rules> {
    let mut marks = vec![Rules::default(); values.len()];
    let steps: Vec<Ordering> = values.array_windows().map(|[before, after]| compare(*after, *before)).collect();

    // A trend of n points is n - 1 steps the same way: its first point has no step of its own.
    let trend_steps = parameters.trend_length.saturating_sub(1);
    let trends = (Rule::TrendHigh, Rule::TrendLow);
    mark_runs(&mut marks, &steps, trend_steps, 1, trends);

    if let Some(mean) = mean {
        let sides: Vec<Ordering> = values.iter().map(|value| compare(*value, mean)).collect();
        let shifts = (Rule::ShiftHigh, Rule::ShiftLow);
        mark_runs(&mut marks, &sides, parameters.shift_length, 0, shifts);

        if let Some(limits) = limits {
            mark_beyond_limits(&mut marks, values, limits);
            let beyond: Vec<bool> =
                values.iter().map(|value| beyond_two_sigma(*value, limits, parameters.profile)).collect();
            mark_two_of_three(&mut marks, &sides, &beyond);
        }
    }

    if parameters.profile == Profile::Ptd {
        let directions = directions(&marks, &steps);
        for (mark, trend) in marks.iter_mut().zip(directions) {
            *mark = single_cause(*mark, trend);
        }
    }
    marks
}

/// Which way each point goes where it is part of a trend, as NHSRplotthedots has it: by the step after it where the next point is
/// part of a trend too, be it another one, else by the step before it. A step between equal points counts as falling.
fn directions(marks: &[Rules], steps: &[Ordering]) -> Vec<Rule> {
    let is_in_trend = |mark: &Rules| mark.contains(Rule::TrendHigh) || mark.contains(Rule::TrendLow);
    let direction = |position: usize| {
        let goes_on = marks.get(position + 1).is_some_and(is_in_trend);
        let step = if goes_on { Some(position) } else { position.checked_sub(1) };
        let rises = step.and_then(|step| steps.get(step)).is_some_and(|step| step.is_gt());
        if rises { Rule::TrendHigh } else { Rule::TrendLow }
    };
    (0..marks.len()).map(direction).collect()
}

/// Marks every run of at least `at_least` equal, uneven keys, and `tail` points after it.
/// An even key (a point on the mean, a step that is a tie) belongs to no run, so it breaks one.
fn mark_runs(marks: &mut [Rules], keys: &[Ordering], at_least: usize, tail: usize, (high, low): (Rule, Rule)) {
    let mut start = 0;
    for run in keys.chunk_by(PartialEq::eq) {
        let rule = match run.first() {
            Some(Ordering::Greater) => Some(high),
            Some(Ordering::Less) => Some(low),
            Some(Ordering::Equal) | None => None,
        };
        if let Some(rule) = rule
            && run.len() >= at_least
        {
            for mark in marks.iter_mut().skip(start).take(run.len() + tail) {
                mark.insert(rule);
            }
        }
        start += run.len();
    }
}

fn mark_beyond_limits(marks: &mut [Rules], values: &[f64], limits: &Limits) {
    for (mark, value) in marks.iter_mut().zip(values) {
        if compare(*value, limits.upl).is_gt() {
            mark.insert(Rule::AboveLimit);
        } else if compare(*value, limits.lpl).is_lt() {
            mark.insert(Rule::BelowLimit);
        }
    }
}

/// Whether a value counts towards two of three. NHSRplotthedots leaves out values beyond a process
/// limit, which have a rule of their own; Making Data Count has counted them since November 2023.
fn beyond_two_sigma(value: f64, limits: &Limits, profile: Profile) -> bool {
    let outside = |low, high| compare(value, high).is_gt() || compare(value, low).is_lt();
    let beyond = outside(limits.sigma2_low, limits.sigma2_high);
    match profile {
        Profile::Mdc => beyond,
        Profile::Ptd => beyond && !outside(limits.lpl, limits.upl),
    }
}

fn mark_two_of_three(marks: &mut [Rules], sides: &[Ordering], beyond: &[bool]) {
    let windows = sides.array_windows::<3>().zip(beyond.array_windows::<3>());
    for (start, (sides, beyond)) in windows.enumerate() {
        let rule = match sides {
            [Ordering::Greater, Ordering::Greater, Ordering::Greater] => Rule::TwoOfThreeHigh,
            [Ordering::Less, Ordering::Less, Ordering::Less] => Rule::TwoOfThreeLow,
            _ => continue,
        };
        if beyond.iter().filter(|beyond| **beyond).count() < 2 {
            continue;
        }
        for (mark, beyond) in marks.iter_mut().skip(start).zip(beyond) {
            if *beyond {
                mark.insert(rule);
            }
        }
    }
}

/// The one cause NHSRplotthedots gives a point: limit before trend before two of three before shift.
fn single_cause(rules: Rules, trend: Rule) -> Rules {
    let in_trend = rules.contains(Rule::TrendHigh) || rules.contains(Rule::TrendLow);
    let first = |some: &[Rule]| some.iter().copied().find(|rule| rules.contains(*rule));
    let cause = first(&[Rule::AboveLimit, Rule::BelowLimit]).or(in_trend.then_some(trend));
    let lesser = [Rule::TwoOfThreeHigh, Rule::TwoOfThreeLow, Rule::ShiftHigh, Rule::ShiftLow];
    cause.or_else(|| first(&lesser)).into_iter().collect()
}
