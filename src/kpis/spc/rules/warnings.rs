//! What to know before relying on an answer.

use std::fmt;

use super::parts::Part;
use super::points::POINTS_FOR_LIMITS;
use super::words::Profile;

/// Fewer points than this in a part make its limits provisional.
const POINTS_FOR_STEADY_LIMITS: usize = 12;
/// Fewer points than this in a part, and NHSRplotthedots calls it short.
const POINTS_FOR_PTD: usize = 13;
/// Something to know before relying on an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The series has too few counted points for icons.
    FewPoints { points: usize, needed: usize },
    /// A part without a counted point.
    EmptyPart { part: usize },
    /// A part of fewer than 12 counted points.
    ShortPart { part: usize, points: usize },
    /// A part of fewer than 13 counted points, which NHSRplotthedots calls short.
    Short { part: usize, points: usize },
    /// A baseline of fewer than 12 points, in a part that has more.
    ShortBaseline { part: usize, points: usize },
    /// A baseline longer than its part, so that the whole part was used.
    LongBaseline { part: usize, baseline: usize, points: usize },
    /// A part with a counted point but no limits.
    NoLimits { part: usize },
    /// A recalculation after the last point: it had no effect.
    RecalculationOutside { at: usize },
    /// So many points show a sign that they would not with what is missing of them.
    SignalWithheld { points: usize },
    /// Two recalculations of the same point: the one given later was used.
    RecalculationSuperseded { at: usize },
}

impl Warning {
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::FewPoints { .. } => "few-points",
            Self::EmptyPart { .. } => "empty-part",
            Self::ShortPart { .. } => "short-part",
            Self::Short { .. } => "short",
            Self::ShortBaseline { .. } => "short-baseline",
            Self::LongBaseline { .. } => "long-baseline",
            Self::NoLimits { .. } => "no-limits",
            Self::RecalculationOutside { .. } => "recalculation-outside",
            Self::SignalWithheld { .. } => "signal-withheld",
            Self::RecalculationSuperseded { .. } => "recalculation-superseded",
        }
    }
}

impl fmt::Display for Warning {
    /// Plain English; parts and points are counted from 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::FewPoints { points, needed } => write!(
                f,
                "The series has {}; {needed} are needed before its variation and assurance are judged.",
                Count(points)
            ),
            Self::EmptyPart { part } => write!(f, "Part {} has no points that count.", part + 1),
            Self::ShortPart { part, points } => write!(
                f,
                "Part {} has {}; with fewer than {POINTS_FOR_STEADY_LIMITS} its limits are provisional.",
                part + 1,
                Count(points)
            ),
            Self::Short { part, points } => write!(
                f,
                "Part {} has {}; NHSRplotthedots recommends at least {POINTS_FOR_PTD}.",
                part + 1,
                Count(points)
            ),
            Self::ShortBaseline { part, points } => write!(
                f,
                "The baseline of part {} has {}; with fewer than {POINTS_FOR_STEADY_LIMITS} its limits are provisional.",
                part + 1,
                Count(points)
            ),
            Self::LongBaseline { part, baseline, points } => write!(
                f,
                "Part {} has {}, fewer than its baseline of {baseline}; all of them were used.",
                part + 1,
                Count(points)
            ),
            Self::NoLimits { part } => {
                write!(f, "Part {} has no limits: they need at least {POINTS_FOR_LIMITS} points to set them.", part + 1)
            }
            Self::RecalculationOutside { at } => {
                write!(f, "A recalculation at point {} lies after the last point and had no effect.", at + 1)
            }
            Self::SignalWithheld { points } => {
                write!(
                    f,
                    "Of {} nothing is said: with what is missing, at its last values, there is no sign.",
                    Count(points)
                )
            }
            Self::RecalculationSuperseded { at } => {
                write!(f, "Point {} has more than one recalculation; the last of them was used.", at + 1)
            }
        }
    }
}

/// "1 point", "2 points".
struct Count(usize);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} point{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

impl Warning {
    /// What there is to say of one part, whose baseline was asked to be so many points.
    pub(super) fn of_part(part: usize, measured: &Part, baseline: Option<usize>, profile: Profile) -> Vec<Self> {
        let points = measured.n;
        if points == 0 {
            return vec![Self::EmptyPart { part }];
        }
        let mut warnings = Vec::new();
        if points < POINTS_FOR_STEADY_LIMITS {
            warnings.push(Self::ShortPart { part, points });
        }
        if profile == Profile::Ptd && points < POINTS_FOR_PTD {
            warnings.push(Self::Short { part, points });
        }
        if let Some(baseline) = baseline {
            if baseline > points {
                warnings.push(Self::LongBaseline { part, baseline, points });
            } else if baseline < POINTS_FOR_STEADY_LIMITS && baseline < points {
                warnings.push(Self::ShortBaseline { part, points: baseline });
            }
        }
        if measured.limits.is_none() {
            warnings.push(Self::NoLimits { part });
        }
        warnings
    }
}
