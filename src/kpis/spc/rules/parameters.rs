//! What an analysis is asked to do, and whether it can.

use std::ops::RangeInclusive;

use super::points::{POINTS_FOR_LIMITS, compare};
use super::words::{ConflictRule, Direction, Profile};

/// Everything that decides an answer besides the points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    pub profile: Profile,
    pub direction: Direction,
    pub conflict_rule: ConflictRule,
    /// Whether moving ranges that are outliers are left out of the mean moving range.
    pub screen_outliers: bool,
    /// Points on one side of the mean that make a shift.
    pub shift_length: usize,
    /// Points each higher (or each lower) than the one before that make a trend.
    pub trend_length: usize,
    /// Counted points a series needs, over all its parts, before it is given icons.
    pub min_points: usize,
    /// The least value the measure can take, for the clipped lower limit: 0 for a count.
    pub display_min: Option<f64>,
    /// The greatest value the measure can take, for the clipped upper limit: 100 for a percentage.
    pub display_max: Option<f64>,
}

impl Parameters {
    /// The profile's own choices, for a measure that gets better in `direction`.
    #[must_use]
    pub const fn of(profile: Profile, direction: Direction) -> Self {
        Self {
            profile,
            direction,
            conflict_rule: ConflictRule::Improvement,
            screen_outliers: matches!(profile, Profile::Ptd),
            shift_length: 7,
            trend_length: 7,
            min_points: match profile {
                Profile::Mdc => 13,
                Profile::Ptd => POINTS_FOR_LIMITS,
            },
            display_min: None,
            display_max: None,
        }
    }

    /// What is wrong with the parameters: all of it at once, nothing if they are sound.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |parameter, detail| faults.push(Fault { parameter, detail });

        let lengths = self.run_lengths();
        for (parameter, length) in [("shiftLength", self.shift_length), ("trendLength", self.trend_length)] {
            if !lengths.contains(&length) {
                let (least, most) = (lengths.start(), lengths.end());
                let detail = if least == most {
                    format!("must be {least}: the {} profile fixes it", self.profile)
                } else {
                    format!("must be from {least} to {most}")
                };
                fault(parameter, detail);
            }
        }
        if self.min_points < POINTS_FOR_LIMITS {
            fault("minPoints", format!("must be {POINTS_FOR_LIMITS} or more"));
        }
        if let (Some(min), Some(max)) = (self.display_min, self.display_max)
            && compare(min, max).is_ge()
        {
            fault("displayMin", "must be less than displayMax".to_owned());
        }
        faults
    }

    /// Making Data Count lets its users choose; NHSRplotthedots 0.2.2 has seven built in.
    fn run_lengths(&self) -> RangeInclusive<usize> {
        match self.profile {
            Profile::Mdc => 6..=8,
            Profile::Ptd => 7..=7,
        }
    }
}

/// A parameter that cannot be used, by the name it has in the API, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub parameter: &'static str,
    pub detail: String,
}
