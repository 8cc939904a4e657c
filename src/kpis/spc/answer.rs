//! The answer of an analysis as JSON: the same for a stored series and for one that was sent.

use super::rules::{Assurance, Part, Profile, Rule, Signal, Variation};
use super::study::{RemarkKind, Study, Subject};
use super::words::Differences;
use crate::calendar::{Period, PeriodType};
use crate::kpis::acts::rules::ActKind;
use crate::kpis::catalogue::rules::{ConflictRule, ImprovementDirection, SeriesShape};
use crate::kpis::totals::answer::share;
use crate::kpis::totals::notes::Note;
use crate::kpis::totals::rules::TotalBasis;
use crate::organisations::rules::Geography;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The analysis of a series.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpcResponse {
    series: SpcSeriesResponse,
    profile: Profile,
    /// The exact version of the rules.
    #[schema(example = "making-data-count-2.5+2023-11", max_length = 60)]
    rule_set: &'static str,
    parameters: SpcParametersResponse,
    /// The parts between recalculations, each with its own mean and limits.
    #[schema(max_items = 10000)]
    parts: Vec<SpcPartResponse>,
    /// One per period from the first to the last, gaps included.
    #[schema(max_items = 10000)]
    points: Vec<SpcPointResponse>,
    variation: Variation,
    assurance: Assurance,
    /// The periods without a value, or whose value you may not see.
    #[schema(max_items = 10000)]
    gaps: Vec<String>,
    /// From which of its periods on the mean and limits begin anew, by an act that is kept, and why.
    #[schema(max_items = 10000)]
    recalculations: Vec<SpcRemarkResponse>,
    /// Which of its points are left out, by an act that is kept, and why.
    #[schema(max_items = 10000)]
    exclusions: Vec<SpcRemarkResponse>,
    /// What is to be known of its points. Like comments, annotations are kept back from those who do not see values as they are.
    #[schema(max_items = 100000)]
    annotations: Vec<SpcAnnotationResponse>,
    /// What to know before you rely on the answer.
    #[schema(max_items = 100000)]
    warnings: Vec<SpcWarningResponse>,
}

/// The series that was analysed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpcSeriesResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "emergency-attendances", max_length = 60, nullable = false)]
    kpi: Option<String>,
    /// The organisation of the series.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "RJZ", max_length = 60, nullable = false)]
    organisation: Option<String>,
    /// The place whose series were added up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "QKK", max_length = 60, nullable = false)]
    place: Option<String>,
    /// How many organisations of the place have values.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, nullable = false)]
    organisations: Option<usize>,
    /// The map on which they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    geography: Option<Geography>,
    /// The day of that map; with `at-time` that of the period that still runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    as_of: Option<NaiveDate>,
    /// Which of the place's organisations count.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    basis: Option<TotalBasis>,
    /// How many reported and do not count, since they did not in every period. Only where `basis` is `comparable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, nullable = false)]
    left_out: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, nullable = false)]
    innovation: Option<String>,
    /// `dimension=member`, several joined by `;`; absent for the total.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "type=1", max_length = 2000, nullable = false)]
    breakdown: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300, nullable = false)]
    title: Option<String>,
    period_type: PeriodType,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, nullable = false)]
    unit: Option<String>,
    improvement_direction: ImprovementDirection,
    /// How its values follow each other in time; absent for a series that was sent along.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    shape: Option<SeriesShape>,
    /// Since when changes are told instead of values; absent where values are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    differences: Option<Differences>,
    /// Whether some or all of its values are invented for illustration, or the edges and successions by which their organisations lie below
    /// the place; absent for a series that was sent along.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    illustrative: Option<bool>,
}

/// Everything that the answer depends on, beside the points and the profile.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpcParametersResponse {
    screen_outliers: bool,
    #[schema(minimum = 6, maximum = 8)]
    shift_length: usize,
    #[schema(minimum = 6, maximum = 8)]
    trend_length: usize,
    #[schema(minimum = 2)]
    min_points: usize,
    conflict_rule: ConflictRule,
    /// The first period asked for. Null means the first of the series.
    #[schema(max_length = 10)]
    from: Option<String>,
    /// The last period asked for. Null means the last of the series.
    #[schema(max_length = 10)]
    to: Option<String>,
    /// The lowest possible value, if it is known.
    min: Option<f64>,
    /// The highest possible value, if it is known.
    max: Option<f64>,
}

/// A part of the series with one mean and one pair of limits. They are null if there are too few points.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpcPartResponse {
    /// Its first period.
    #[schema(example = "2024-01", max_length = 10)]
    from: String,
    /// Its last period.
    #[schema(example = "2024-12", max_length = 10)]
    to: String,
    /// The number of points that count: neither gaps nor excluded.
    #[schema(minimum = 0)]
    n: usize,
    /// How many of these points, from the first on, set the mean and limits.
    #[schema(minimum = 0)]
    baseline_n: usize,
    mean: Option<f64>,
    /// Lower process limit.
    lpl: Option<f64>,
    /// Upper process limit.
    upl: Option<f64>,
    sigma2_low: Option<f64>,
    sigma2_high: Option<f64>,
    /// The lower limit clipped to the lowest possible value, for display. Null if that value is not known.
    clipped_low: Option<f64>,
    /// The upper limit clipped to the highest possible value, for display. Null if that value is not known.
    clipped_high: Option<f64>,
}

/// One period and its point.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpcPointResponse {
    #[schema(example = "2024-01", max_length = 10)]
    period: String,
    /// Its first day.
    start: NaiveDate,
    /// Its last day.
    end: NaiveDate,
    /// Null for a gap. A ratio is made of its parts and not rounded.
    value: Option<f64>,
    target: Option<f64>,
    /// What is planned for the period. It is drawn, and judged by nothing.
    trajectory: Option<f64>,
    /// Organisations that values are expected of. Null for a single series.
    #[schema(minimum = 0)]
    expected: Option<usize>,
    /// Those of them whose values are all there.
    #[schema(minimum = 0)]
    actual: Option<usize>,
    /// What the series present had in their last value, as a share of what all expected had in theirs. Null for a single series.
    #[schema(minimum = 0, maximum = 1)]
    coverage: Option<f64>,
    /// Whether so much is missing that the point is shown and, like a gap, left out of every calculation.
    partial: bool,
    /// Whether the value is kept back as a small count.
    suppressed: bool,
    /// Whether something of the value awaits approval, and does not count yet. Only with `provisional=true`.
    provisional: bool,
    /// Whether the point was left out of every calculation.
    excluded: bool,
    /// The index of its part.
    #[schema(minimum = 0)]
    part: usize,
    #[schema(max_items = 8)]
    rules: Vec<Rule>,
    /// What the point shows. Null for a gap, an excluded or a partial point, and where the method does not apply.
    signal: Option<Signal>,
    /// Whether its rules show improvement and concern at once, so that the conflict rule decided.
    conflict: bool,
}

/// Why something was done to a series at a period.
#[derive(Serialize, ToSchema)]
pub struct SpcRemarkResponse {
    #[schema(example = "2024-04", max_length = 10)]
    period: String,
    #[schema(max_length = 2000)]
    reason: String,
}

/// What is to be known of a period.
#[derive(Serialize, ToSchema)]
pub struct SpcAnnotationResponse {
    #[schema(example = "2024-04", max_length = 10)]
    period: String,
    #[schema(max_length = 500)]
    text: String,
}

/// Something to know before you rely on the answer.
#[derive(Serialize, ToSchema)]
pub struct SpcWarningResponse {
    #[schema(example = "few-points", max_length = 60)]
    pub code: &'static str,
    #[schema(max_length = 500)]
    detail: String,
}

/// The same as a drawing.
pub struct SpcChart;

impl PartialSchema for SpcChart {
    fn schema() -> RefOr<Schema> {
        let described = "An SVG that stands alone: no scripts, styles or outside references.";
        ObjectBuilder::new().schema_type(Type::String).max_length(Some(20_000_000)).description(Some(described)).into()
    }
}

impl ToSchema for SpcChart {}

impl SpcResponse {
    pub fn of(study: &Study) -> Self {
        let analysis = &study.analysis;
        let parameters = &analysis.parameters;
        let layout = &study.layout;
        let points = layout.periods.iter().zip(&layout.points).zip(&layout.facts).zip(&analysis.points);
        Self {
            series: SpcSeriesResponse::of(study.subject.clone()),
            profile: parameters.profile,
            rule_set: parameters.profile.rule_set(),
            parameters: SpcParametersResponse {
                screen_outliers: parameters.screen_outliers,
                shift_length: parameters.shift_length,
                trend_length: parameters.trend_length,
                min_points: parameters.min_points,
                conflict_rule: parameters.conflict_rule.into(),
                from: study.window.from.map(Period::label),
                to: study.window.to.map(Period::label),
                min: parameters.display_min,
                max: parameters.display_max,
            },
            parts: analysis.parts.iter().map(|part| SpcPartResponse::of(study, part)).collect(),
            points: points
                .map(|(((period, point), facts), result)| SpcPointResponse {
                    period: period.label(),
                    start: period.start(),
                    end: period.end(),
                    value: point.figure(),
                    target: point.target,
                    trajectory: point.trajectory,
                    expected: facts.coverage.map(|coverage| coverage.expected),
                    actual: facts.coverage.map(|coverage| coverage.actual),
                    coverage: facts.coverage.map(|coverage| share(coverage.share)),
                    partial: point.partial,
                    suppressed: facts.suppressed,
                    provisional: point.provisional,
                    excluded: point.excluded,
                    part: result.part,
                    rules: result.rules.iter().collect(),
                    signal: result.signal,
                    conflict: result.conflict,
                })
                .collect(),
            variation: analysis.variation,
            assurance: analysis.assurance,
            gaps: analysis.gaps.iter().map(|index| study.label(*index)).collect(),
            recalculations: SpcRemarkResponse::of(study, ActKind::Recalculation),
            exclusions: SpcRemarkResponse::of(study, ActKind::Exclusion),
            annotations: SpcAnnotationResponse::of(study),
            warnings: SpcWarningResponse::of(&study.notes),
        }
    }
}

impl SpcRemarkResponse {
    fn of(study: &Study, kind: ActKind) -> Vec<Self> {
        let some = study.remarks.iter().filter(|remark| remark.kind == RemarkKind::Act(kind));
        some.map(|remark| Self { period: remark.period.label(), reason: remark.text.clone() }).collect()
    }
}

impl SpcAnnotationResponse {
    fn of(study: &Study) -> Vec<Self> {
        let some = study.remarks.iter().filter(|remark| remark.kind == RemarkKind::Annotation);
        some.map(|remark| Self { period: remark.period.label(), text: remark.text.clone() }).collect()
    }
}

impl SpcWarningResponse {
    pub fn of(notes: &[Note]) -> Vec<Self> {
        notes.iter().cloned().map(|Note { code, detail }| Self { code, detail }).collect()
    }
}

impl SpcSeriesResponse {
    fn of(subject: Subject) -> Self {
        Self {
            kpi: subject.kpi,
            organisation: subject.organisation,
            place: subject.place,
            organisations: subject.organisations,
            geography: subject.map.map(|map| map.geography),
            as_of: subject.map.map(|map| map.as_of),
            basis: subject.basis,
            left_out: subject.left_out,
            innovation: subject.innovation,
            breakdown: subject.breakdown,
            title: subject.title,
            period_type: subject.period_type,
            unit: subject.unit,
            improvement_direction: subject.direction,
            shape: subject.shape,
            differences: subject.differences,
            illustrative: subject.illustrative,
        }
    }
}

impl SpcPartResponse {
    fn of(study: &Study, part: &Part) -> Self {
        let limits = part.limits;
        Self {
            from: study.label(part.from),
            to: study.label(part.until.saturating_sub(1)),
            n: part.n,
            baseline_n: part.baseline_n,
            mean: part.mean,
            lpl: limits.map(|limits| limits.lpl),
            upl: limits.map(|limits| limits.upl),
            sigma2_low: limits.map(|limits| limits.sigma2_low),
            sigma2_high: limits.map(|limits| limits.sigma2_high),
            clipped_low: limits.and_then(|limits| limits.clipped_low),
            clipped_high: limits.and_then(|limits| limits.clipped_high),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpis::spc::given::{Given, GivenPoint, Settings};
    use crate::kpis::spc::study::Choices;
    use serde_json::json;

    #[test]
    fn the_answer_has_every_member_by_its_published_name() {
        let point = |period: &str, value| GivenPoint { period: period.to_owned(), value, ..GivenPoint::default() };
        let mut points = vec![point("2024-01", Some(10.0)), point("2024-02", Some(12.0)), point("2024-04", Some(11.0))];
        points.push(GivenPoint { excluded: true, ..point("2024-05", Some(99.0)) });
        let settings = Settings {
            direction: Some(ImprovementDirection::Increase),
            target: Some(20.0),
            recalculate_at: Some(vec!["2024-04".to_owned()]),
            choices: Choices { min_points: Some(2), ..Choices::default() },
            from: Some("2024-01-01".to_owned()),
            min: Some(8.0),
            ..Settings::default()
        };
        let study = Given { points, settings, place: "/" }.study().expect("sound");
        let answer = serde_json::to_value(SpcResponse::of(&study)).expect("JSON");
        assert_eq!(answer["series"], json!({ "periodType": "month", "improvementDirection": "increase" }));
        assert_eq!((&answer["profile"], &answer["ruleSet"]), (&json!("mdc"), &json!("making-data-count-2.5+2023-11")));
        assert_eq!(
            answer["parameters"],
            json!({
                "screenOutliers": false, "shiftLength": 7, "trendLength": 7, "minPoints": 2, "conflictRule": "improvement",
                "from": "2024-01", "to": null, "min": 8.0, "max": null,
            })
        );
        let part = &answer["parts"][0];
        assert_eq!(
            (&part["from"], &part["to"], &part["n"], &part["baselineN"]),
            (&json!("2024-01"), &json!("2024-03"), &json!(2), &json!(2))
        );
        assert_eq!(
            (&part["mean"], &part["clippedLow"], &part["clippedHigh"]),
            (&json!(11.0), &json!(8.0), &json!(null))
        );
        for name in ["lpl", "upl", "sigma2Low", "sigma2High"] {
            assert!(part[name].is_number(), "{name}");
            assert!(answer["parts"][1][name].is_null(), "{name} of a single point");
        }
        assert_eq!(
            answer["points"][2],
            json!({
                "period": "2024-03", "start": "2024-03-01", "end": "2024-03-31", "value": null, "target": 20.0, "trajectory": null,
                "expected": null, "actual": null, "coverage": null, "partial": false, "suppressed": false, "provisional": false, "excluded": false,
                "part": 0, "rules": [], "signal": null, "conflict": false,
            })
        );
        assert_eq!((&answer["points"][4]["excluded"], &answer["points"][4]["signal"]), (&json!(true), &json!(null)));
        assert_eq!(
            (&answer["variation"], &answer["assurance"]),
            (&json!("insufficient-data"), &json!("insufficient-data"))
        );
        assert_eq!(answer["gaps"], json!(["2024-03"]));
        let codes: Vec<&str> =
            answer["warnings"].as_array().expect("a list").iter().filter_map(|w| w["code"].as_str()).collect();
        assert_eq!(codes, ["short-part", "short-part", "no-limits"]);
    }
}
