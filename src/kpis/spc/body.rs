//! What `POST /v1/spc-analyses` takes: JSON, or CSV with the rest by query.

use super::given::{Given, GivenPoint, Settings};
use super::layout::LONGEST;
use super::rules::Profile;
use super::study::Choices;
use crate::calendar::PeriodType;
use crate::decimal::{self, NumberError};
use crate::error::{Code, Error, Fault, Result};
use crate::http::csv;
use crate::http::{CodeParam, Codes, Decimal, Line, OneWord, Whole};
use crate::kpis::catalogue::rules::{ConflictRule, ImprovementDirection};
use crate::params;
use crate::vocabulary::Change;
use serde::Deserialize;
use utoipa::ToSchema;

params! {
    /// What to know about the series beside its points. A JSON body takes precedence.
    pub struct AnalyseSpc {
        /// The length of the periods. Default: `month`.
        period_type: OneWord<PeriodType> = "periodType",
        /// The direction that is better. Default: `neutral`.
        improvement_direction: OneWord<ImprovementDirection> = "improvementDirection",
        /// The target of every point that has no target of its own.
        target: Decimal = "target",
        /// The periods from which the mean and limits are recalculated.
        recalculate_at: Codes = "recalculateAt",
        /// How many points of each part set its mean and limits. Default: all.
        baseline_points: Whole<2, 10000> = "baselinePoints",
        /// Whose rules to follow. Default: `mdc`.
        profile: OneWord<Profile> = "profile",
        /// Whether to leave outlying moving ranges out of their mean. Default: as the profile says.
        screen_outliers: bool = "screenOutliers",
        /// How many points on one side of the mean make a shift. Default: 7.
        shift_length: Whole<6, 8> = "shiftLength",
        /// How many points, each higher (or each lower) than the one before, make a trend. Default: 7.
        trend_length: Whole<6, 8> = "trendLength",
        /// How many points a variation and an assurance need. Default: 13 for `mdc`, 2 for `ptd`.
        min_points: Whole<2, 10000> = "minPoints",
        /// How to classify a point that shows improvement and concern at once.
        conflict_rule: OneWord<ConflictRule> = "conflictRule",
        /// The first period, or a date: periods that begin on it or later.
        from: CodeParam = "from",
        /// The last period, or a date: periods that begin on it or earlier.
        to: CodeParam = "to",
        /// The lowest possible value. The lower limit is clipped to it for display.
        min: Decimal = "min",
        /// The highest possible value. The upper limit is clipped to it for display.
        max: Decimal = "max",
        /// The chart's title.
        title: Line = "title",
        /// The unit of the values. With `%`, every figure of the chart gets a percent sign.
        unit: Line = "unit",
        /// The decimals of the chart's figures. Default: as many as the values have.
        decimals: Whole<0, 6> = "decimals",
    }
}

fn count<const MIN: i64, const MAX: i64>(number: Whole<MIN, MAX>) -> Option<usize> {
    usize::try_from(number.0).ok()
}

/// The choices of a query; the two lengths are of a shift and of a trend.
pub fn choices(
    profile: Option<OneWord<Profile>>,
    screen_outliers: Option<bool>,
    (shift_length, trend_length): (Option<Whole<6, 8>>, Option<Whole<6, 8>>),
    min_points: Option<Whole<2, 10000>>,
    conflict_rule: Option<OneWord<ConflictRule>>,
) -> Choices {
    Choices {
        profile: profile.map(|word| word.0),
        screen_outliers,
        shift_length: shift_length.and_then(count),
        trend_length: trend_length.and_then(count),
        min_points: min_points.and_then(count),
        conflict_rule: conflict_rule.map(|word| word.0),
    }
}

impl From<AnalyseSpc> for Settings {
    fn from(query: AnalyseSpc) -> Self {
        Self {
            title: query.title.map(|line| line.0),
            unit: query.unit.map(|line| line.0),
            decimals: query.decimals.and_then(|decimals| u8::try_from(decimals.0).ok()),
            period_type: query.period_type.map(|word| word.0),
            direction: query.improvement_direction.map(|word| word.0),
            target: query.target.map(|number| number.0),
            recalculate_at: query.recalculate_at.map(|codes| codes.0),
            baseline_points: query.baseline_points.and_then(count),
            choices: choices(
                query.profile,
                query.screen_outliers,
                (query.shift_length, query.trend_length),
                query.min_points,
                query.conflict_rule,
            ),
            from: query.from.map(|code| code.0),
            to: query.to.map(|code| code.0),
            min: query.min.map(|number| number.0),
            max: query.max.map(|number| number.0),
        }
    }
}

/// A period, or a date in it.
#[derive(Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(example = "2024-04", min_length = 1, max_length = 60)]
pub struct SpcPeriod(String);

/// One point of a series to analyse.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpcPointInput {
    #[schema(example = "2024-01", min_length = 1, max_length = 60)]
    period: String,
    /// The value. Null or absent is a gap.
    #[schema(minimum = -1e15, maximum = 1e15)]
    value: Option<f64>,
    /// The target of this point. Null or absent means the target of the series.
    #[schema(minimum = -1e15, maximum = 1e15)]
    target: Option<f64>,
    /// Whether the point is shown but left out of every calculation.
    #[serde(default)]
    excluded: bool,
    /// Whether so much of the value is missing that the point is shown and, like a gap, left out of every calculation.
    #[serde(default)]
    partial: bool,
}

/// A series to analyse. It is not stored.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "periodType": "month",
    "improvementDirection": "decrease",
    "target": 12,
    "minPoints": 2,
    "points": [{ "period": "2024-01", "value": 14 }, { "period": "2024-02", "value": 11 }, { "period": "2024-03", "value": 13, "excluded": true }, { "period": "2024-04", "value": 9 }],
}))]
pub struct AnalyseSpcRequest {
    /// In any order, each period once.
    #[schema(max_items = 10000)]
    points: Vec<SpcPointInput>,
    /// The length of the periods. Default: `month`.
    #[schema(nullable = false)]
    period_type: Option<PeriodType>,
    /// The direction that is better. Default: `neutral`.
    #[schema(nullable = false)]
    improvement_direction: Option<ImprovementDirection>,
    /// The target of every point that has no target of its own.
    #[schema(minimum = -1e15, maximum = 1e15)]
    target: Option<f64>,
    /// The periods from which the mean and limits are recalculated.
    #[schema(max_items = 100, nullable = false)]
    recalculate_at: Option<Vec<SpcPeriod>>,
    /// How many points of each part set its mean and limits. Default: all.
    #[schema(minimum = 2, maximum = 10000)]
    baseline_points: Option<u32>,
    /// Whose rules to follow. Default: `mdc`.
    #[schema(nullable = false)]
    profile: Option<Profile>,
    /// Whether to leave outlying moving ranges out of their mean. Default: as the profile says.
    #[schema(nullable = false)]
    screen_outliers: Option<bool>,
    /// How many points on one side of the mean make a shift. Default: 7.
    #[schema(minimum = 6, maximum = 8, nullable = false)]
    shift_length: Option<u32>,
    /// How many points, each higher (or each lower) than the one before, make a trend. Default: 7.
    #[schema(minimum = 6, maximum = 8, nullable = false)]
    trend_length: Option<u32>,
    /// How many points a variation and an assurance need. Default: 13 for `mdc`, 2 for `ptd`.
    #[schema(minimum = 2, maximum = 10000, nullable = false)]
    min_points: Option<u32>,
    /// How to classify a point that shows improvement and concern at once.
    #[schema(nullable = false)]
    conflict_rule: Option<ConflictRule>,
    /// The first period, or a date: periods that begin on it or later.
    #[schema(max_length = 60, nullable = false)]
    from: Option<String>,
    /// The last period, or a date: periods that begin on it or earlier.
    #[schema(max_length = 60, nullable = false)]
    to: Option<String>,
    /// The lowest possible value. The lower limit is clipped to it for display.
    #[schema(minimum = -1e15, maximum = 1e15)]
    min: Option<f64>,
    /// The highest possible value. The upper limit is clipped to it for display.
    #[schema(minimum = -1e15, maximum = 1e15)]
    max: Option<f64>,
    /// The chart's title.
    #[schema(max_length = 200, nullable = false)]
    title: Option<String>,
    /// The unit of the values. With `%`, every figure of the chart gets a percent sign.
    #[schema(max_length = 200, nullable = false)]
    unit: Option<String>,
    /// The decimals of the chart's figures. Default: as many as the values have.
    #[schema(minimum = 0, maximum = 6, nullable = false)]
    decimals: Option<u8>,
}

fn whole(number: u32) -> Option<usize> {
    usize::try_from(number).ok()
}

impl AnalyseSpcRequest {
    /// The series, completed by the settings of the query.
    pub fn given(self, query: Settings) -> Given {
        let point = |point: SpcPointInput| GivenPoint {
            period: point.period,
            value: point.value,
            target: point.target,
            excluded: point.excluded,
            partial: point.partial,
        };
        let settings = Settings {
            title: self.title,
            unit: self.unit,
            decimals: self.decimals,
            period_type: self.period_type,
            direction: self.improvement_direction,
            target: self.target,
            recalculate_at: self.recalculate_at.map(|periods| periods.into_iter().map(|period| period.0).collect()),
            baseline_points: self.baseline_points.and_then(whole),
            choices: Choices {
                profile: self.profile,
                screen_outliers: self.screen_outliers,
                shift_length: self.shift_length.and_then(whole),
                trend_length: self.trend_length.and_then(whole),
                min_points: self.min_points.and_then(whole),
                conflict_rule: self.conflict_rule,
            },
            from: self.from,
            to: self.to,
            min: self.min,
            max: self.max,
        };
        Given { points: self.points.into_iter().map(point).collect(), settings: settings.or(query), place: "/" }
    }
}

/// The columns of the points.
pub const COLUMNS: [&str; 5] = ["period", "value", "target", "excluded", "partial"];

/// Reads the points from CSV; a value that is empty or `(none)` is a gap.
///
/// # Errors
/// As [`csv::Reader::open`] and [`csv::Reader::next_row`]; `too-many-rows`; `validation-failed` with every cell that cannot be read.
pub fn read_csv(bytes: &[u8], query: Settings) -> Result<Given> {
    let mut reader = csv::Reader::open(bytes, &COLUMNS, &["period", "value"])?;
    let (mut points, mut faults) = (Vec::new(), Vec::new());
    while let Some(row) = reader.next_row()? {
        if points.len() == LONGEST {
            return Err(Error::new(Code::TooManyRows).detail(format!("One analysis takes {LONGEST} points at most.")));
        }
        let line = row.line;
        let mut fault = |name: &str, code, detail: String| {
            faults.push(Fault::new(format!("/points/{}/{name}", points.len()), code, format!("Line {line}: {detail}")));
        };
        let mut figure = |name: &str, said: Change<&str>| {
            let text = said.over(None)?;
            number(text.trim()).map_err(|error| fault(name, error.code(), error.detail())).ok()
        };
        let (value, target) = (figure("value", row.change(1)), figure("target", row.change(2)));
        let mut flag = |name: &str, said: Option<&str>| {
            let said = said.unwrap_or("false").to_ascii_lowercase();
            if !["true", "false"].contains(&said.as_str()) {
                fault(name, "value-type", "Expected true, false or nothing.".to_owned());
            }
            said == "true"
        };
        let (excluded, partial) = (flag("excluded", row.text(3)), flag("partial", row.text(4)));
        let period = row.text(0).unwrap_or_default().to_owned();
        points.push(GivenPoint { period, value, target, excluded, partial });
    }
    if faults.is_empty() { Ok(Given { points, settings: query, place: "?" }) } else { Err(Error::validation(faults)) }
}

/// The number in a cell.
fn number(text: &str) -> Result<f64, NumberError> {
    let number = decimal::plain(text)?.parse::<f64>().ok().filter(|number| number.abs() <= 1e15);
    number.ok_or(NumberError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_read_in_any_order_of_columns_with_empty_cells_as_gaps() {
        let given = read_csv(
            b"\xef\xbb\xbfValue,period,excluded\n14,2024-01,\n(none),2024-02,TRUE\n9.5 , 2024-03 ,false\n,2024-04\n",
            Settings::default(),
        );
        let points = given.expect("readable").points;
        let read: Vec<_> = points.iter().map(|point| (point.period.as_str(), point.value, point.excluded)).collect();
        assert_eq!(
            read,
            [
                ("2024-01", Some(14.0), false),
                ("2024-02", None, true),
                ("2024-03", Some(9.5), false),
                ("2024-04", None, false)
            ]
        );
    }

    #[test]
    fn every_cell_that_cannot_be_read_is_told_with_its_line() {
        let error = read_csv(
            b"period,value,target,excluded\n2024-01,\"1,234\",,\n2024-02,1,x,maybe\n2024-03,1000000000000000.1,,\n2024-04,1e3,,\n",
            Settings::default(),
        );
        let error = error.expect_err("unreadable");
        let faults: Vec<_> = error.listed().iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
        assert_eq!(
            faults,
            [
                ("/points/0/value", "value-type"),
                ("/points/1/target", "value-type"),
                ("/points/1/excluded", "value-type"),
                ("/points/2/value", "value-range"),
                ("/points/3/value", "value-type"),
            ]
        );
        assert!(error.listed()[0].detail.starts_with("Line 2: Expected a plain number"));
    }

    #[test]
    fn a_header_must_name_the_period_and_the_value_and_nothing_unknown() {
        for (text, code) in [
            ("", Code::NoRows),
            ("period,value", Code::NoRows),
            ("period,value,colour", Code::UnknownColumn),
            ("period", Code::ValidationFailed),
            ("period,value,value", Code::ValidationFailed),
        ] {
            assert_eq!(read_csv(text.as_bytes(), Settings::default()).expect_err(text).code(), code, "{text}");
        }
    }

    #[test]
    fn the_body_wins_over_the_query() {
        let body = serde_json::json!({ "points": [{ "period": "2024-01" }], "minPoints": 5, "profile": "ptd" });
        let request: AnalyseSpcRequest = serde_json::from_value(body).expect("fits");
        let query = Settings {
            unit: Some("%".to_owned()),
            choices: Choices { min_points: Some(9), ..Choices::default() },
            ..Settings::default()
        };
        let settings = request.given(query).settings;
        assert_eq!(
            (settings.choices.min_points, settings.choices.profile, settings.unit.as_deref()),
            (Some(5), Some(Profile::Ptd), Some("%"))
        );
    }
}
