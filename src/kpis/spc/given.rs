//! A series that was sent to be analysed, and is kept nowhere.

use super::layout::{LONGEST, NewStart, Reading, lay_out};
use super::study::{Choices, Judged, Measure, Study, Subject};
use crate::calendar::{Period, PeriodType};
use crate::error::{Error, Fault, Faults, Result};
use crate::kpis::catalogue::rules::{ConflictRule, ImprovementDirection};
use crate::kpis::totals::notes::Note;
use crate::kpis::totals::rules::Window;
use std::collections::BTreeMap;

/// One point as it was sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GivenPoint {
    pub period: String,
    /// `None` is a gap.
    pub value: Option<f64>,
    pub target: Option<f64>,
    pub excluded: bool,
    /// Whether so much of it is missing that it counts for nothing.
    pub partial: bool,
}

/// Settings of an analysis beside the points.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    pub title: Option<String>,
    pub unit: Option<String>,
    pub decimals: Option<u8>,
    pub period_type: Option<PeriodType>,
    pub direction: Option<ImprovementDirection>,
    /// Of every point without one of its own.
    pub target: Option<f64>,
    pub recalculate_at: Option<Vec<String>>,
    /// Of every part.
    pub baseline_points: Option<usize>,
    pub choices: Choices,
    pub from: Option<String>,
    pub to: Option<String>,
    pub min: Option<f64>,
    pub max: Option<f64>,
}

impl Settings {
    /// These settings, and those of another for what these leave out.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            title: self.title.or(other.title),
            unit: self.unit.or(other.unit),
            decimals: self.decimals.or(other.decimals),
            period_type: self.period_type.or(other.period_type),
            direction: self.direction.or(other.direction),
            target: self.target.or(other.target),
            recalculate_at: self.recalculate_at.or(other.recalculate_at),
            baseline_points: self.baseline_points.or(other.baseline_points),
            choices: self.choices.or(other.choices),
            from: self.from.or(other.from),
            to: self.to.or(other.to),
            min: self.min.or(other.min),
            max: self.max.or(other.max),
        }
    }
}

/// A series sent for analysis.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    pub points: Vec<GivenPoint>,
    pub settings: Settings,
    /// Stands before the names of what is pointed at: `?` where all but the points came by query, else `/`.
    pub place: &'static str,
}

impl Given {
    /// Puts the points in order and analyses them. By default the periods are months and neither
    /// direction is an improvement.
    ///
    /// # Errors
    /// `validation-failed` with every period that cannot be read or comes twice, or with what the method does not allow.
    pub fn study(self) -> Result<Study> {
        let Self { points, settings, place } = self;
        let kind = settings.period_type.unwrap_or(PeriodType::Month);
        let direction = settings.direction.unwrap_or(ImprovementDirection::Neutral);
        let mut faults = Faults::default();
        let readings = read(kind, &points, &mut faults);
        let starts = settings.recalculate_at.unwrap_or_default();
        let starts: Vec<NewStart> = starts
            .iter()
            .enumerate()
            .filter_map(|(index, text)| {
                let pointer =
                    if place == "?" { "?recalculateAt".to_owned() } else { format!("/recalculateAt/{index}") };
                let from = faults.take(period(kind, text, pointer))?;
                Some(NewStart { from, baseline_points: settings.baseline_points })
            })
            .collect();
        faults.check()?;
        let window = Window::read(kind, settings.from.as_deref(), settings.to.as_deref(), place)?;
        let measure =
            Measure { direction, conflict_rule: ConflictRule::Improvement, min: settings.min, max: settings.max };
        let parameters = settings.choices.parameters(measure, place)?;
        let layout = lay_out(&readings, window, &starts, |_| settings.target, |_| None).map_err(|_| {
            Error::invalid(
                "/points",
                "too-many",
                format!("From the first point to the last there are more than {LONGEST} periods."),
            )
        })?;
        let subject = Subject {
            kpi: None,
            organisation: None,
            place: None,
            organisations: None,
            map: None,
            basis: None,
            left_out: None,
            innovation: None,
            breakdown: None,
            title: settings.title,
            subtitle: String::new(),
            period_type: kind,
            unit: settings.unit,
            decimals: settings.decimals.unwrap_or_else(|| decimals(&points)),
            is_share: false,
            illustrative: None,
            direction,
            shape: None,
            differences: None,
        };
        let partial = layout.points.iter().filter(|point| point.partial && point.value.is_some()).count();
        let detail = "Partial: points that lack too much are shown, and count in no limit, rule or icon.".to_owned();
        let notes = (partial > 0).then_some(Note { code: "partial", detail }).into_iter().collect();
        Ok(Study::of(subject, window, layout, settings.baseline_points, &parameters, (Judged::Whole, notes)))
    }
}

fn period(kind: PeriodType, text: &str, pointer: String) -> Result<Period, Fault> {
    Period::parse(kind, text).map_err(|error| Fault::new(pointer, error.code(), error.detail()))
}

fn read(kind: PeriodType, points: &[GivenPoint], faults: &mut Faults) -> BTreeMap<Period, Reading> {
    let mut readings = BTreeMap::new();
    for (index, point) in points.iter().enumerate() {
        let pointer = format!("/points/{index}/period");
        let Some(period) = faults.take(period(kind, &point.period, pointer.clone())) else { continue };
        let GivenPoint { value, target, excluded, partial, .. } = *point;
        let reading = Reading { value, target, excluded, partial, ..Reading::default() };
        if readings.insert(period, reading).is_some() {
            faults.add(pointer, "duplicate-key", format!("The period {period} comes twice."));
        }
    }
    readings
}

/// As many decimals as the values show, up to three: enough for a chart, whatever the noise of binary fractions.
fn decimals(points: &[GivenPoint]) -> u8 {
    let shown = |value: f64| {
        (0..3_u8).find(|places| (value * 10_f64.powi(i32::from(*places))).fract().abs() < 1e-9).unwrap_or(3)
    };
    points.iter().filter_map(|point| point.value).map(shown).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpis::spc::rules::{Assurance, Signal, Variation};

    fn point(period: &str, value: Option<f64>) -> GivenPoint {
        GivenPoint { period: period.to_owned(), value, ..GivenPoint::default() }
    }

    fn given(points: Vec<GivenPoint>, settings: Settings) -> Given {
        Given { points, settings, place: "/" }
    }

    #[test]
    fn the_hand_check_comes_out_whatever_the_order_of_its_points() {
        let points = (0..8).rev().map(|month| point(&format!("2024-{:02}", month + 1), Some(f64::from(month))));
        let choices = Choices { min_points: Some(2), ..Choices::default() };
        let settings = Settings {
            direction: Some(ImprovementDirection::Increase),
            target: Some(9.0),
            choices,
            ..Settings::default()
        };
        let study = given(points.collect(), settings).study().expect("sound");
        let limits = study.analysis.parts[0].limits.expect("limits");
        assert!((limits.upl - 6.16).abs() < 1e-9 && (limits.lpl - 0.84).abs() < 1e-9);
        assert_eq!(study.analysis.variation, Variation::Signal(Signal::ImprovementHigh));
        assert_eq!(study.analysis.assurance, Assurance::Fail);
        assert_eq!(study.label(7), "2024-08");
    }

    #[test]
    fn a_baseline_holds_for_every_part() {
        let points = (1..=9).map(|month| point(&format!("2024-0{month}"), Some(f64::from(month)))).collect();
        let settings = Settings {
            recalculate_at: Some(vec!["2024-05".to_owned()]),
            baseline_points: Some(3),
            ..Settings::default()
        };
        let study = given(points, settings).study().expect("sound");
        let means: Vec<_> = study.analysis.parts.iter().map(|part| (part.from, part.baseline_n, part.mean)).collect();
        assert_eq!(means, [(0, 3, Some(2.0)), (4, 3, Some(6.0))]);
    }

    #[test]
    fn every_bad_period_is_told_at_once() {
        let points = vec![point("2024-01", None), point("202401", Some(1.0)), point("2024-Q1", None), point("x", None)];
        let settings = Settings { recalculate_at: Some(vec!["2024".to_owned()]), ..Settings::default() };
        let error = given(points, settings).study().expect_err("bad periods");
        let faults: Vec<_> = error.listed().iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
        assert_eq!(
            faults,
            [
                ("/points/1/period", "duplicate-key"),
                ("/points/2/period", "period-type"),
                ("/points/3/period", "period-malformed"),
                ("/recalculateAt/0", "period-type"),
            ]
        );
    }

    #[test]
    fn values_are_written_with_the_decimals_they_show() {
        let shown = |values: &[f64]| decimals(&values.iter().map(|value| point("", Some(*value))).collect::<Vec<_>>());
        assert_eq!(
            [shown(&[]), shown(&[3.0, 12.0]), shown(&[95.5, 1.0]), shown(&[0.1 + 0.2]), shown(&[1.0 / 3.0])],
            [0, 0, 1, 1, 3]
        );
    }
}
