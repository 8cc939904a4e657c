//! A series together with what its analysis says: what the JSON answer and the chart are both made of.

pub use super::chart::Printed;
use super::chart::{self, Chart};
use super::layout::Layout;
use super::rules::{self, Analysis, Parameters, Point, Profile};
use super::words::Differences;
use crate::calendar::{Period, PeriodType};
use crate::error::{Error, Fault, Result};
use crate::kpis::acts::rules::ActKind;
use crate::kpis::catalogue::rules::{ConflictRule, ImprovementDirection, SeriesShape};
use crate::kpis::totals::notes::Note;
use crate::kpis::totals::rules::{TotalBasis, Window};
use crate::organisations::ops::Map;
use chrono::NaiveDateTime;

/// What a caller may choose of the method; the profile and the measure decide the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Choices {
    pub profile: Option<Profile>,
    pub screen_outliers: Option<bool>,
    pub shift_length: Option<usize>,
    pub trend_length: Option<usize>,
    pub min_points: Option<usize>,
    pub conflict_rule: Option<ConflictRule>,
}

/// What the method needs to know of the measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    pub direction: ImprovementDirection,
    pub conflict_rule: ConflictRule,
    /// The least and the greatest value it can take.
    pub min: Option<f64>,
    pub max: Option<f64>,
}

impl Choices {
    /// These choices, and where nothing was chosen those of another.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            profile: self.profile.or(other.profile),
            screen_outliers: self.screen_outliers.or(other.screen_outliers),
            shift_length: self.shift_length.or(other.shift_length),
            trend_length: self.trend_length.or(other.trend_length),
            min_points: self.min_points.or(other.min_points),
            conflict_rule: self.conflict_rule.or(other.conflict_rule),
        }
    }

    /// Every parameter of the analysis. `place` stands before the name of one that is pointed at: `?` or `/`.
    ///
    /// # Errors
    /// `validation-failed` with all that the profile does not allow.
    pub fn parameters(self, measure: Measure, place: &str) -> Result<Parameters> {
        let chosen = Parameters::of(self.profile.unwrap_or(Profile::Mdc), measure.direction.into());
        let parameters = Parameters {
            conflict_rule: self.conflict_rule.unwrap_or(measure.conflict_rule).into(),
            screen_outliers: self.screen_outliers.unwrap_or(chosen.screen_outliers),
            shift_length: self.shift_length.unwrap_or(chosen.shift_length),
            trend_length: self.trend_length.unwrap_or(chosen.trend_length),
            min_points: self.min_points.unwrap_or(chosen.min_points),
            display_min: measure.min,
            display_max: measure.max,
            ..chosen
        };
        let faults: Vec<Fault> = parameters.faults().iter().map(|fault| named(fault, place)).collect();
        if faults.is_empty() { Ok(parameters) } else { Err(Error::validation(faults)) }
    }
}

/// The engine's fault by the name the parameter has in the API.
fn named(fault: &rules::Fault, place: &str) -> Fault {
    let (name, detail) = match fault.parameter {
        "displayMin" => ("min", "min must be less than max.".to_owned()),
        name => (name, format!("{name} {}.", fault.detail)),
    };
    Fault::new(format!("{place}{name}"), "range", detail)
}

/// What the series is of; what was not given or does not apply is absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    pub kpi: Option<String>,
    pub organisation: Option<String>,
    pub place: Option<String>,
    /// How many organisations of the place have values.
    pub organisations: Option<usize>,
    /// The map on which they are counted.
    pub map: Option<Map>,
    /// Which of them count.
    pub basis: Option<TotalBasis>,
    /// How many do not, as they did not report in every period.
    pub left_out: Option<usize>,
    pub innovation: Option<String>,
    pub breakdown: Option<String>,
    pub title: Option<String>,
    /// A line under the chart's title.
    pub subtitle: String,
    pub period_type: PeriodType,
    pub unit: Option<String>,
    /// The decimals its values are kept with.
    pub decimals: u8,
    /// Whether its values are shares of one, which are printed as percentages if the unit is one.
    pub is_share: bool,
    /// Whether its values are invented; none for a series that was sent along.
    pub illustrative: Option<bool>,
    pub direction: ImprovementDirection,
    /// None for a series that was sent along.
    pub shape: Option<SeriesShape>,
    /// Since when changes are told instead of values.
    pub differences: Option<Differences>,
}

/// What the shape of a series lets the method say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    Whole,
    /// The mean and limits, without rules and icons.
    Lines,
    /// The points alone.
    Nothing,
}

/// What a remark is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemarkKind {
    Act(ActKind),
    Annotation,
}

/// Why the mean and limits begin anew at a period, why its point is left out, or what is to be known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    pub kind: RemarkKind,
    pub period: Period,
    pub text: String,
}

impl Remark {
    /// The line of it below a chart.
    pub fn line(&self) -> String {
        let done = match self.kind {
            RemarkKind::Act(ActKind::Recalculation) => "Recalculated from",
            RemarkKind::Act(ActKind::Exclusion) => "Excluded",
            RemarkKind::Annotation => "Note on",
        };
        format!("{done} {}: {}", self.period.label(), self.text)
    }
}

/// A series and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    pub subject: Subject,
    pub window: Window,
    pub layout: Layout,
    pub analysis: Analysis,
    pub notes: Vec<Note>,
    /// Why limits begin anew and points are left out, and what is to be known of them; of the periods it shows.
    pub remarks: Vec<Remark>,
    /// When a value of the last period was last written; none of a series that was sent along.
    pub updated_at: Option<NaiveDateTime>,
}

impl Study {
    /// Analyses the series, as far as its shape lets it be judged; what is known of it already comes before what the analysis
    /// warns of. `baseline_points` is of the first part, where no recalculation begins it.
    pub fn of(
        subject: Subject,
        window: Window,
        layout: Layout,
        baseline_points: Option<usize>,
        parameters: &Parameters,
        (judged, mut notes): (Judged, Vec<Note>),
    ) -> Self {
        let analysis = rules::analyse(&layout.points, baseline_points, &layout.recalculations, parameters);
        let analysis = match judged {
            Judged::Whole => analysis,
            Judged::Lines => analysis.unjudged(true),
            Judged::Nothing => analysis.unjudged(false),
        };
        notes
            .extend(analysis.warnings.iter().map(|warning| Note { code: warning.code(), detail: warning.to_string() }));
        Self { subject, window, layout, analysis, notes, remarks: Vec::new(), updated_at: None }
    }

    /// With what was remarked of the periods it shows, and when its last value was written.
    #[must_use]
    pub fn stored(mut self, remarks: Vec<Remark>, updated_at: Option<NaiveDateTime>) -> Self {
        self.updated_at = updated_at;
        let shown = |remark: &Remark| self.layout.periods.contains(&remark.period);
        self.remarks = remarks.into_iter().filter(shown).collect();
        self.remarks.sort_by_key(|remark| remark.period);
        self
    }

    /// The label of the period at an index; empty beyond the last.
    pub fn label(&self, index: usize) -> String {
        self.layout.periods.get(index).copied().map(Period::label).unwrap_or_default()
    }

    /// The chart as an SVG that stands alone.
    pub fn chart(&self) -> String {
        self.drawn(chart::draw)
    }

    /// What the chart prints of the last period.
    pub fn printed(&self) -> Printed {
        self.drawn(chart::printed)
    }

    /// A figure as the chart writes it.
    pub fn figure(&self, value: f64) -> String {
        self.drawn(|chart| chart.figure(value, chart.decimals))
    }

    /// What is to be known of points, by their index; of one it may be several things.
    fn annotations(&self) -> Vec<(usize, &str)> {
        let annotations = self.remarks.iter().filter(|remark| remark.kind == RemarkKind::Annotation);
        let index = |period: Period| self.layout.periods.iter().position(|one| *one == period);
        annotations.filter_map(|remark| Some((index(remark.period)?, remark.text.as_str()))).collect()
    }

    fn drawn<T>(&self, draw: impl FnOnce(&Chart<'_>) -> T) -> T {
        let periods: Vec<String> = self.layout.periods.iter().map(|period| period.label()).collect();
        let unit = self.subject.unit.as_deref().unwrap_or_default();
        let percentage = self.subject.is_share && chart::is_per_cent(unit);
        let notes: Vec<String> = self.notes.iter().map(|note| note.detail.clone()).collect();
        let remarks: Vec<String> = self.remarks.iter().map(Remark::line).collect();
        let annotations = self.annotations();
        draw(&Chart {
            title: self.subject.title.as_deref().unwrap_or("XmR chart"),
            subtitle: &self.subject.subtitle,
            illustrative: self.subject.illustrative.unwrap_or_default(),
            unit,
            factor: if percentage { 100.0 } else { 1.0 },
            decimals: self.decimals().saturating_sub(if percentage { 2 } else { 0 }),
            periods: &periods,
            points: &self.layout.points,
            analysis: &self.analysis,
            notes: &notes,
            remarks: &remarks,
            annotations: &annotations,
        })
    }

    /// How many decimals its figures need: those its values are kept with, or fewer where no value has as many.
    fn decimals(&self) -> usize {
        let most = usize::from(self.subject.decimals);
        let needed = |value: f64| {
            let whole = |places: &usize| {
                let scaled = value * 10_f64.powi(i32::try_from(*places).unwrap_or(i32::MAX));
                (scaled - scaled.round()).abs() < 1e-6
            };
            (0..most).find(whole).unwrap_or(most)
        };
        self.layout.points.iter().filter_map(Point::figure).map(needed).max().unwrap_or(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEASURE: Measure = Measure {
        direction: ImprovementDirection::Decrease,
        conflict_rule: ConflictRule::Concern,
        min: Some(0.0),
        max: Some(100.0),
    };

    #[test]
    fn what_is_not_chosen_is_the_profiles_or_the_measures() {
        let parameters =
            Choices { profile: Some(Profile::Ptd), ..Choices::default() }.parameters(MEASURE, "?").expect("sound");
        assert_eq!((parameters.screen_outliers, parameters.min_points), (true, 2));
        assert_eq!(
            (parameters.direction, parameters.conflict_rule),
            (rules::Direction::Decrease, rules::ConflictRule::Concern)
        );
        assert_eq!((parameters.display_min, parameters.display_max), (Some(0.0), Some(100.0)));
        let chosen = Choices {
            screen_outliers: Some(false),
            conflict_rule: Some(ConflictRule::Improvement),
            ..Choices::default()
        };
        let parameters =
            chosen.or(Choices { screen_outliers: Some(true), shift_length: Some(6), ..Choices::default() });
        let parameters = parameters.parameters(MEASURE, "?").expect("sound");
        assert_eq!((parameters.screen_outliers, parameters.shift_length, parameters.min_points), (false, 6, 13));
        assert_eq!(parameters.conflict_rule, rules::ConflictRule::Improvement);
    }

    #[test]
    fn a_choice_the_profile_does_not_allow_is_pointed_at_by_its_name() {
        let choices = Choices { profile: Some(Profile::Ptd), shift_length: Some(6), ..Choices::default() };
        let error =
            choices.parameters(Measure { min: Some(5.0), max: Some(5.0), ..MEASURE }, "/").expect_err("unsound");
        let pointers: Vec<&str> = error.listed().iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/shiftLength", "/min"]);
    }
}
