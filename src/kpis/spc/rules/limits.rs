//! The mean of a part and the limits around it.

use super::parameters::Parameters;
use super::points::compare;
use super::words::Profile;

/// Process limits lie this many mean moving ranges from the mean: three sigma, where sigma is the
/// mean moving range / 1.128, rounded as every NHS tool rounds it.
const LIMIT_FACTOR: f64 = 2.66;
/// Two sigma, as a share of the distance from the mean to a process limit.
const TWO_SIGMA_SHARE: f64 = 2.0 / 3.0;
/// A moving range beyond this many mean moving ranges is an outlier: the upper limit of an mR chart.
const SCREEN_FACTOR: f64 = 3.267;

/// A part's lines, in the unit of the measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The lower and the upper process limit: the mean -/+ 2.66 mean moving ranges, never clipped.
    pub lpl: f64,
    pub upl: f64,
    /// Two thirds of the way from the mean to each process limit.
    pub sigma2_low: f64,
    pub sigma2_high: f64,
    /// The process limits within the values the measure can take, for display alone;
    /// `None` where the measure has no such bound.
    pub clipped_low: Option<f64>,
    pub clipped_high: Option<f64>,
}

impl Limits {
    /// The limits around a mean; `None` where they would be too large to write down.
    pub(super) fn around(mean: f64, mean_moving_range: f64, parameters: &Parameters) -> Option<Self> {
        let reach = LIMIT_FACTOR * mean_moving_range;
        let two_sigma = TWO_SIGMA_SHARE * reach;
        let (lpl, upl) = (mean - reach, mean + reach);
        (lpl.is_finite() && upl.is_finite()).then(|| Self {
            lpl,
            upl,
            sigma2_low: mean - two_sigma,
            sigma2_high: mean + two_sigma,
            clipped_low: parameters.display_min.map(|min| lpl.max(min)),
            clipped_high: parameters.display_max.map(|max| upl.min(max)),
        })
    }
}

/// The mean and the mean moving range of the values, after screening if it is asked for.
pub(super) fn centre_and_spread(values: &[f64], parameters: &Parameters) -> (Option<f64>, Option<f64>) {
    let plain_mean = average(values.iter().copied());
    let moving_ranges: Vec<f64> = values.array_windows().map(|[before, after]| (after - before).abs()).collect();
    let Some(plain_range) = average(moving_ranges.iter().copied()) else {
        return (plain_mean, None);
    };
    if !parameters.screen_outliers {
        return (plain_mean, Some(plain_range));
    }
    let keeps = |range: f64| {
        let place = compare(range, SCREEN_FACTOR * plain_range);
        match parameters.profile {
            Profile::Mdc => place.is_le(),
            Profile::Ptd => place.is_lt(),
        }
    };
    // Where the moving ranges are all 0 none is below the bound, and the spread stays 0.
    let range = average(moving_ranges.iter().copied().filter(|range| keeps(*range)));
    let mean = match parameters.profile {
        Profile::Ptd => plain_mean,
        Profile::Mdc => {
            let followers = values.iter().skip(1).zip(&moving_ranges);
            let kept = followers.filter(|(_, range)| keeps(**range)).map(|(value, _)| *value);
            average(values.iter().copied().take(1).chain(kept))
        }
    };
    (mean, range.or(Some(plain_range)))
}

/// The arithmetic mean; `None` of nothing, or of values too large to add up.
fn average(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    Some(sum / f64::from(count)).filter(|mean| mean.is_finite())
}
