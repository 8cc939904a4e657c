//! The whole analysis: from points to what they say.

use std::collections::BTreeMap;

use super::limits::{self, Limits};
use super::marks;
use super::parameters::Parameters;
use super::parts::Part;
use super::points::{Point, Recalculation, compare};
use super::warnings::Warning;
use super::words::{Assurance, ConflictRule, Direction, Profile, Rule, Rules, Signal, Variation};

/// What the series says.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    pub parameters: Parameters,
    /// One per stretch between recalculations, in order. None for a series without points.
    pub parts: Vec<Part>,
    /// One per point given, in order.
    pub points: Vec<PointResult>,
    pub variation: Variation,
    pub assurance: Assurance,
    /// The indices of the points without a value.
    pub gaps: Vec<usize>,
    pub warnings: Vec<Warning>,
}

/// What one point says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointResult {
    /// The index of its part.
    pub part: usize,
    /// The rules it breaks; [`Profile::Ptd`] keeps only the first in its order of precedence.
    pub rules: Rules,
    /// `None` for a gap or an excluded point, which say nothing.
    pub signal: Option<Signal>,
    /// Whether its rules say both improvement and concern, so that the conflict rule decided.
    pub conflict: bool,
}

/// Analyses a series in time order: finds the mean and limits of each part, the rules each point
/// breaks, and from the last counted point the variation and assurance of the whole.
///
/// `first_baseline` is the number of counted points that set the first part's mean and limits,
/// unless a recalculation of the very first point says otherwise; `None` means all of them.
/// Recalculations may come in any order; of two at one point the later in the list holds.
#[must_use]
pub fn analyse(
    points: &[Point],
    first_baseline: Option<usize>,
    recalculations: &[Recalculation],
    parameters: &Parameters,
) -> Analysis {
    let mut warnings = Vec::new();
    let mut parts = Vec::new();
    let mut results = Vec::with_capacity(points.len());
    let mut withheld = 0;

    for stretch in split(points.len(), first_baseline, recalculations, &mut warnings) {
        let members = points.get(stretch.from..stretch.until).unwrap_or_default();
        let values: Vec<f64> = members.iter().filter_map(Point::counted).collect();
        let part = measure(&stretch, &values, parameters);
        warnings.extend(Warning::of_part(parts.len(), &part, stretch.baseline, parameters.profile));

        let mut marks = marks::mark(&values, part.mean, part.limits.as_ref(), parameters);
        if members.iter().any(|point| point.completed.is_some()) {
            let whole: Vec<f64> = members.iter().filter_map(Point::counted_whole).collect();
            let completed = measure(&stretch, &whole, parameters);
            let sure = marks::mark(&whole, completed.mean, completed.limits.as_ref(), parameters);
            for (mark, sure) in marks.iter_mut().zip(sure) {
                withheld += usize::from(!mark.is_empty() && mark.both(sure).is_empty());
                *mark = mark.both(sure);
            }
        }
        let mut marks = marks.into_iter();
        results.extend(members.iter().map(|point| {
            let rules = point.counted().and_then(|_| marks.next());
            let judged = rules.map(|rules| judge(rules, parameters));
            PointResult {
                part: parts.len(),
                rules: rules.unwrap_or_default(),
                signal: judged.map(|(signal, _)| signal),
                conflict: judged.is_some_and(|(_, conflict)| conflict),
            }
        }));
        parts.push(part);
    }

    let counted = parts.iter().map(|part: &Part| part.n).sum();
    if counted < parameters.min_points {
        warnings.insert(0, Warning::FewPoints { points: counted, needed: parameters.min_points });
    }
    if withheld > 0 {
        warnings.push(Warning::SignalWithheld { points: withheld });
    }
    let (variation, assurance) = conclude(points, &results, &parts, counted, parameters);
    let gaps = points.iter().enumerate().filter(|(_, point)| point.figure().is_none());
    Analysis {
        parameters: *parameters,
        parts,
        variation,
        assurance,
        gaps: gaps.map(|(index, _)| index).collect(),
        points: results,
        warnings,
    }
}

impl Analysis {
    /// The same where the method does not apply: without rules, signals and icons, and without the warnings about them. The
    /// mean and limits stay where `with_lines`.
    #[must_use]
    pub fn unjudged(mut self, with_lines: bool) -> Self {
        for point in &mut self.points {
            (point.rules, point.signal, point.conflict) = (Rules::default(), None, false);
        }
        if !with_lines {
            for part in &mut self.parts {
                (part.mean, part.mean_moving_range, part.limits) = (None, None, None);
            }
        }
        (self.variation, self.assurance) = (Variation::NotApplicable, Assurance::NotApplicable);
        self.warnings.clear();
        self
    }
}

/// Where a part lies, and how many of its points are to set its limits.
struct Stretch {
    from: usize,
    until: usize,
    baseline: Option<usize>,
}

fn split(
    length: usize,
    first_baseline: Option<usize>,
    recalculations: &[Recalculation],
    warnings: &mut Vec<Warning>,
) -> Vec<Stretch> {
    let mut starts = BTreeMap::new();
    for Recalculation { at, baseline_points } in recalculations.iter().copied() {
        if at >= length {
            warnings.push(Warning::RecalculationOutside { at });
        } else if starts.insert(at, baseline_points).is_some() {
            warnings.push(Warning::RecalculationSuperseded { at });
        }
    }
    starts.entry(0).or_insert(first_baseline);
    let ends = starts.keys().copied().skip(1).chain([length]);
    let stretches =
        starts.iter().zip(ends).map(|((from, baseline), until)| Stretch { from: *from, until, baseline: *baseline });
    stretches.filter(|stretch| stretch.from < stretch.until).collect()
}

/// The mean and limits of a part with these counted values.
fn measure(stretch: &Stretch, values: &[f64], parameters: &Parameters) -> Part {
    let baseline_n = stretch.baseline.map_or(values.len(), |baseline| baseline.min(values.len()));
    let baseline = values.get(..baseline_n).unwrap_or_default();
    let (mean, mean_moving_range) = limits::centre_and_spread(baseline, parameters);
    Part {
        from: stretch.from,
        until: stretch.until,
        n: values.len(),
        baseline_n,
        mean,
        mean_moving_range,
        limits: mean.zip(mean_moving_range).and_then(|(mean, range)| Limits::around(mean, range, parameters)),
    }
}

/// What a point that breaks these rules says, and whether they contradict each other.
pub(super) fn judge(rules: Rules, parameters: &Parameters) -> (Signal, bool) {
    let high = rules.iter().any(Rule::is_high);
    let low = rules.iter().any(|rule| !rule.is_high());
    let both = high && low;
    if !high && !low {
        return (Signal::CommonCause, false);
    }
    let favours_improvement = parameters.conflict_rule == ConflictRule::Improvement;
    match parameters.direction {
        Direction::Neutral if high => (Signal::NeitherHigh, false),
        Direction::Neutral => (Signal::NeitherLow, false),
        Direction::Increase if high && (favours_improvement || !low) => (Signal::ImprovementHigh, both),
        Direction::Increase => (Signal::ConcernLow, both),
        Direction::Decrease if low && (favours_improvement || !high) => (Signal::ImprovementLow, both),
        Direction::Decrease => (Signal::ConcernHigh, both),
    }
}

/// The two icons: both look at the last counted point and the limits of its part.
fn conclude(
    points: &[Point],
    results: &[PointResult],
    parts: &[Part],
    counted: usize,
    parameters: &Parameters,
) -> (Variation, Assurance) {
    let last = points.iter().zip(results).rev().find_map(|(point, result)| {
        let limits = parts.get(result.part)?.limits;
        Some((point.target, result.signal?, limits))
    });
    let target = last.and_then(|(target, ..)| target).filter(|target| target.is_finite());
    let judgeable = last.filter(|_| counted >= parameters.min_points);
    let (signal, limits) = match judgeable {
        Some((_, signal, Some(limits))) => (Some(signal), Some(limits)),
        _ => (None, None),
    };
    (signal.map_or(Variation::InsufficientData, Variation::Signal), assure(target, limits.as_ref(), parameters))
}

/// Whether the target is sure to be met, sure to be missed, or neither.
pub(super) fn assure(target: Option<f64>, limits: Option<&Limits>, parameters: &Parameters) -> Assurance {
    let Some(target) = target.filter(|_| parameters.direction != Direction::Neutral) else {
        return Assurance::NoTarget;
    };
    let Some(limits) = limits else {
        return Assurance::InsufficientData;
    };
    // A target on a limit is beyond it for Making Data Count, between them for NHSRplotthedots.
    let on_limit_counts = parameters.profile == Profile::Mdc;
    let against_lower = compare(target, limits.lpl);
    let against_upper = compare(target, limits.upl);
    let below = against_lower.is_lt() || (on_limit_counts && against_lower.is_eq());
    let above = against_upper.is_gt() || (on_limit_counts && against_upper.is_eq());
    let (pass, fail) = match parameters.direction {
        Direction::Decrease => (above, below),
        Direction::Increase | Direction::Neutral => (below, above),
    };
    // Pass first: a process that never moves and sits on its target meets it.
    match (pass, fail) {
        (true, _) => Assurance::Pass,
        (false, true) => Assurance::Fail,
        (false, false) => Assurance::HitOrMiss,
    }
}
