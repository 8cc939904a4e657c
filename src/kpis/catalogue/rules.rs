//! The rules for a KPI's definition and breakdowns, and the template for submissions.

mod breakdowns;
mod codes;
pub mod domain;
mod status;
pub mod terms;
pub mod validation;

pub use breakdowns::{
    Breakdown, BreakdownInput, BreakdownText, parse_breakdown_text, shown_breakdown, split_breakdown,
};
pub use codes::is_code;
pub use domain::ValueType;
pub use status::{AskedKpiMove, KpiStatus};
pub use validation::ValidationRule;

use crate::calendar::PeriodType;
use crate::decimal::{MAX_DECIMALS, NumberError, format_scaled, json_number, parse_scaled};
use crate::error::{Code, Error, Fault, Faults, Result};
use crate::record::only_written;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;

words! {
    /// The level of a KPI.
    pub enum KpiLevel {
        Outcome = "outcome", Implementation = "implementation", Process = "process", Balancing = "balancing",
    }
}

words! {
    /// The direction in which a KPI improves.
    pub enum ImprovementDirection { Increase = "increase", Decrease = "decrease", Neutral = "neutral" }
}

words! {
    /// How values of several organisations, or of the members of a breakdown, are combined.
    pub enum Aggregation {
        Sum = "sum",
        /// The sum of numerators over the sum of denominators.
        RatioOfSums = "ratio-of-sums",
        Mean = "mean",
        None = "none",
        /// Unique things, so that counts cannot be added.
        UniqueCount = "unique-count",
    }
}

words! {
    /// How the values of a KPI follow each other in time, which decides what can be said of a chart of them.
    pub enum SeriesShape {
        /// Each value is of its period alone.
        Period = "period",
        /// Each value holds those before it, such as a year to date.
        Cumulative = "cumulative",
        /// Each value is of several periods, such as the last twelve months.
        Rolling = "rolling",
        /// Values rise and fall with the time of year.
        Seasonal = "seasonal",
        /// What is counted is rare: the mean is under 5, or a third of the values are 0.
        Rare = "rare",
    }
}

words! {
    /// How to classify an SPC point that shows improvement and concern at once.
    pub enum ConflictRule { Improvement = "improvement", Concern = "concern" }
}

/// A KPI: what is measured, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateKpiRequest, example = json!({
    "code": "ae-attendances",
    "name": "A&E attendances",
    "definition": "Attendances at accident and emergency departments in the month.",
    "level": "process",
    "unit": "attendances",
    "periodType": "month",
    "valueType": "count",
    "improvementDirection": "decrease",
    "aggregation": "sum",
    "breakdowns": [{ "dimension": "type", "members": ["1", "2", "other"] }],
    "min": 0,
    "dueDays": 20
}))]
pub struct Kpi {
    /// The code. It is stored in lower case and found in upper or lower case.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", min_length = 1, max_length = 60)]
    pub code: String,
    #[schema(min_length = 1, max_length = 300)]
    pub name: String,
    /// An exact definition of what is counted or measured.
    #[schema(min_length = 1, max_length = 5000)]
    pub definition: String,
    pub level: KpiLevel,
    #[schema(min_length = 1, max_length = 100)]
    pub unit: String,
    pub period_type: PeriodType,
    pub value_type: ValueType,
    pub improvement_direction: ImprovementDirection,
    pub aggregation: Aggregation,
    /// The decimal places of its values.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 6, default = 0)]
    pub decimals: u8,
    /// The multiplier of a rate: 1000 for "per 1,000". Null for any other value type.
    #[schema(minimum = 1, maximum = 1_000_000_000, nullable = false)]
    pub multiplier: Option<i64>,
    #[serde(default)]
    #[schema(max_items = 8, default = json!([]))]
    pub breakdowns: Vec<Breakdown>,
    /// The lowest value allowed.
    #[schema(value_type = Option<f64>, nullable = false)]
    pub min: Option<Number>,
    /// The highest value allowed.
    #[schema(value_type = Option<f64>, nullable = false)]
    pub max: Option<Number>,
    /// Whether a ratio may be above 1 and a percentage above 100, since what is counted above may exceed what is counted below.
    #[serde(default)]
    #[schema(default = false)]
    pub may_exceed: bool,
    /// The slug of the programme that it belongs to.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    pub programme: Option<String>,
    /// The code of the KPI that it replaces.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    pub successor_of: Option<String>,
    /// The number of days after a period ends until its values are due.
    #[schema(minimum = 0, maximum = 3650, nullable = false)]
    pub due_days: Option<i32>,
    /// The number of days after a period ends until its values are locked. Default: never locked.
    #[schema(minimum = 0, maximum = 36500, nullable = false)]
    pub lock_days: Option<i32>,
    /// How many periods after the present one accept values.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1000, default = 0)]
    pub open_future_periods: i32,
    /// Whether somebody other than the sender must approve its values.
    #[serde(default)]
    #[schema(default = false)]
    pub approval_required: bool,
    /// Whether small counts are suppressed for readers without the grant to see them. False only where sites, devices, hours or
    /// money are counted, and not patients or staff.
    #[serde(default = "protected")]
    #[schema(default = true)]
    pub disclosure_control: bool,
    /// How to classify an SPC point that shows improvement and concern at once.
    #[serde(default = "improvement")]
    #[schema(default = "improvement")]
    pub conflict_rule: ConflictRule,
    /// How its values follow each other in time. Cumulative and rolling values are drawn and not judged.
    #[serde(default = "of_periods")]
    #[schema(default = "period")]
    pub shape: SeriesShape,
    /// From which share of what is expected on a total is told as complete, from 0 to 1. Default: 0.98 where values are summed, else 0.95.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 1, nullable = false)]
    pub complete_at: Option<Number>,
    /// What values should be to those of other KPIs, of the same organisation and period. A broken rule is a warning.
    #[serde(default)]
    #[schema(max_items = 20, default = json!([]))]
    pub validation_rules: Vec<ValidationRule>,
    /// The status. A national-admin may create a KPI as agreed or live. Afterwards the status changes by transitions.
    #[serde(default = "proposed")]
    #[schema(default = "proposed")]
    pub status: KpiStatus,
    /// The body or group that agreed the definition, needed where the KPI is created as agreed or live. A move to agreed says it
    /// otherwise. Null where nobody did so far, and where it was not recorded. Do not name people.
    #[schema(min_length = 1, max_length = 300, nullable = false)]
    pub agreed_by: Option<String>,
    /// The day on which it was agreed.
    #[schema(nullable = false)]
    pub agreed_on: Option<NaiveDate>,
    /// What changes in the definition, and why: kept with the version. Needed once the KPI is agreed, where what is counted, how
    /// or in which words changes. Do not name people.
    #[serde(skip_serializing_if = "only_written")]
    #[schema(min_length = 1, max_length = 2000, nullable = false, write_only)]
    pub change_note: Option<String>,
}

fn improvement() -> ConflictRule {
    ConflictRule::Improvement
}

fn of_periods() -> SeriesShape {
    SeriesShape::Period
}

fn proposed() -> KpiStatus {
    KpiStatus::Proposed
}

fn protected() -> bool {
    true
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KpiAdded {
    /// The name of its programme; null for a KPI without one.
    #[schema(max_length = 300)]
    pub programme_name: Option<String>,
    /// The number of the definition in force, as in `versions`.
    #[schema(minimum = 1)]
    pub definition_version: i32,
    /// The code of the KPI that took its place; null unless it is superseded.
    #[schema(max_length = 60)]
    pub superseded_by: Option<String>,
    #[schema(format = "date-time", max_length = 40)]
    pub created_at: String,
}

written! { Kpi, KpiAdded, |written, _| written.code.clone() }

/// The largest scaled number in a definition or target: every JSON reader keeps fifteen digits.
const LARGEST: u64 = 999_999_999_999_999;

/// Scales the number of a definition or target.
///
/// # Errors
/// A fault at the pointer: not a number, more decimals than the KPI has, or too large.
pub fn scaled(pointer: &str, text: &str, decimals: u8) -> Result<i64, Fault> {
    let fault = |error: NumberError| Fault::new(pointer, error.code(), error.detail());
    match parse_scaled(text, decimals) {
        Ok(number) if number.unsigned_abs() > LARGEST => Err(fault(NumberError::TooLarge)),
        outcome => outcome.map_err(fault),
    }
}

/// The decimals with which a share is kept: in millionths.
pub const SHARE_DECIMALS: u8 = 6;

/// The share from which on a total is complete, in millionths.
///
/// # Errors
/// A fault where it is no number from 0 to 1.
pub fn complete_at(text: &str) -> Result<i64, Fault> {
    let ppm = scaled("/completeAt", text, SHARE_DECIMALS)?;
    if (0..=1_000_000).contains(&ppm) {
        Ok(ppm)
    } else {
        Err(Fault::new("/completeAt", "range", "completeAt is a share: a number from 0 to 1."))
    }
}

impl Kpi {
    /// Puts codes in lower case, writes numbers in their shortest form, and checks every rule.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(mut self) -> Result<Self> {
        let mut faults = Faults::default();
        self.code.make_ascii_lowercase();
        self.successor_of = self.successor_of.map(|code| code.to_ascii_lowercase());
        if !is_code(&self.code) {
            faults.add(
                "/code",
                "format",
                "A code is 1 to 60 letters, digits and hyphens, and does not begin with a hyphen.",
            );
        }
        if self.successor_of.as_ref() == Some(&self.code) {
            faults.add("/successorOf", "circular", "A KPI cannot succeed itself.");
        }
        for (name, text) in [("agreedBy", &mut self.agreed_by), ("changeNote", &mut self.change_note)] {
            *text = text.take().map(|text| text.trim().to_owned());
            if text.as_ref().is_some_and(String::is_empty) {
                faults.add(format!("/{name}"), "missing", format!("{name} cannot be blank."));
            }
        }
        let texts = [("name", &mut self.name), ("definition", &mut self.definition), ("unit", &mut self.unit)];
        for (name, text) in texts {
            *text = text.trim().to_owned();
            if text.is_empty() {
                faults.add(format!("/{name}"), "missing", format!("The {name} cannot be blank."));
            }
        }
        if self.decimals > MAX_DECIMALS {
            faults.add("/decimals", "too-large", format!("A KPI can have at most {MAX_DECIMALS} decimals."));
        }
        let multiplier = self.multiplier.unwrap_or(1);
        if self.value_type != ValueType::Rate && multiplier != 1 {
            faults.add("/multiplier", "not-applicable", "Only a rate can have a multiplier.");
        }
        self.multiplier = (self.value_type == ValueType::Rate).then_some(multiplier);
        if self.aggregation == Aggregation::RatioOfSums && !self.value_type.is_quotient() {
            faults.add(
                "/aggregation",
                "not-applicable",
                "Only a ratio, a percentage or a rate can use the aggregation ratio-of-sums.",
            );
        }
        if self.aggregation == Aggregation::Sum && self.value_type.is_quotient() {
            let detail = format!(
                "Values of the type {} do not add up. Expected the aggregation ratio-of-sums, mean or none.",
                self.value_type.as_str()
            );
            faults.add("/aggregation", "not-applicable", detail);
        }
        let bound = |pointer: &str, number: &Option<Number>| {
            number.as_ref().map(|number| scaled(pointer, &number.to_string(), self.decimals)).transpose()
        };
        let (min, max) =
            (faults.take(bound("/min", &self.min)).flatten(), faults.take(bound("/max", &self.max)).flatten());
        if min.zip(max).is_some_and(|(min, max)| min > max) {
            faults.add("/max", "range", "max must not be less than min.");
        }
        if self.may_exceed && !self.value_type.is_share() {
            faults.add("/mayExceed", "not-applicable", "Only a ratio or a percentage can exceed its whole.");
        }
        let domain = self.value_type.domain(self.may_exceed, self.decimals.min(MAX_DECIMALS));
        for (pointer, bound) in [("/min", min), ("/max", max)] {
            if bound.is_some_and(|bound| !domain::holds(domain, bound)) {
                let expected = domain::in_words(domain, self.decimals);
                let detail =
                    format!("Expected a number {expected}: other values a {} cannot have.", self.value_type.as_str());
                faults.add(pointer, "value-range", detail);
            }
        }
        self.min = min.map(|min| json_number(min, self.decimals));
        self.max = max.map(|max| json_number(max, self.decimals));
        let complete_at = self.complete_at.as_ref().map(|share| complete_at(&share.to_string())).transpose();
        self.complete_at = faults.take(complete_at).flatten().map(|ppm| json_number(ppm, SHARE_DECIMALS));
        self.breakdowns.iter_mut().for_each(Breakdown::complete);
        breakdowns::check(&self.breakdowns, &mut faults);
        validation::check(&self.code, &self.validation_rules, &mut faults);
        faults.check()?;
        Ok(self)
    }

    /// Whether it may be a new KPI.
    ///
    /// # Errors
    /// `validation-failed` for another status than a new one has, without the agreement that the status needs, and for standard
    /// dimensions that are not as their list has them.
    pub fn check_new(&self, today: NaiveDate) -> Result<()> {
        let mut faults = Faults::default();
        if !self.status.is_draft() && self.status != KpiStatus::Live {
            faults.add("/status", "state", "A new KPI must be proposed, agreed or live.");
        }
        let agreed = self.status != KpiStatus::Proposed;
        for (pointer, given) in [("/agreedBy", self.agreed_by.is_some()), ("/agreedOn", self.agreed_on.is_some())] {
            if agreed && !given {
                let detail =
                    "A KPI that is agreed or live says which body or group agreed its definition, and on which day.";
                faults.add(pointer, "missing", detail);
            } else if given && !agreed {
                faults.add(
                    pointer,
                    "not-applicable",
                    "A proposed KPI is not agreed yet. Its move to agreed says by whom.",
                );
            }
        }
        self.check_agreed_on(today, &mut faults);
        breakdowns::check_standard(&self.breakdowns, &mut faults);
        faults.check()
    }

    fn check_agreed_on(&self, today: NaiveDate, faults: &mut Faults) {
        if self.agreed_on.is_some_and(|on| on > today) {
            faults.add("/agreedOn", "future", "The day of the agreement cannot lie in the future.");
        }
    }

    /// Whether it may become the other, which has a note of what changes or none.
    ///
    /// # Errors
    /// `validation-failed` for another status or agreement, and without a note that is needed; `immutable` for the code and,
    /// once it is or was live, for what its values rely on.
    pub fn check_change(&self, new: &Self, note: Option<&str>, today: NaiveDate) -> Result<()> {
        let settled = !self.status.is_draft();
        if new.code != self.code || settled && new.breaks_values_of(self) {
            return Err(Error::new(Code::Immutable).detail(
                "The code, and once the KPI is live its unit, value type, multiplier, period type, breakdowns and decimals, \
                 cannot change: create a new code as its successor.",
            ));
        }
        let mut faults = Faults::default();
        if new.status != self.status {
            faults.add("/status", "immutable", "Change the status by a POST to the KPI's transitions.");
        }
        let agreement = |kpi: &Self| (kpi.agreed_by.clone(), kpi.agreed_on);
        let is_unknown = self.status != KpiStatus::Proposed && agreement(self) == (None, None);
        if agreement(new) != agreement(self) && !is_unknown {
            faults.add("/agreedBy", "immutable", "The move to agreed says who agreed the definition, and when.");
        }
        new.check_agreed_on(today, &mut faults);
        if self.breakdowns != new.breakdowns {
            breakdowns::check_standard(&new.breakdowns, &mut faults);
        }
        if self.status != KpiStatus::Proposed && note.is_none() && !new.means_the_same_as(self) {
            faults.add("/changeNote", "missing", "Say what changes in the definition, and why: it is agreed.");
        }
        faults.check()
    }

    /// Whether two definitions count the same in the same way and words. When values are due and how they are shown is no part
    /// of that.
    fn means_the_same_as(&self, other: &Self) -> bool {
        let words = |kpi: &Self| [kpi.name.clone(), kpi.definition.clone(), kpi.unit.clone()];
        let way = |kpi: &Self| (kpi.level, kpi.improvement_direction, kpi.aggregation, kpi.shape, kpi.may_exceed);
        let range = |kpi: &Self| (kpi.min.clone(), kpi.max.clone());
        words(self) == words(other)
            && way(self) == way(other)
            && range(self) == range(other)
            && !self.breaks_values_of(other)
    }

    /// Whether two definitions differ in what stored values rely on.
    fn breaks_values_of(&self, other: &Self) -> bool {
        let relied_on = |kpi: &Self| (kpi.value_type, kpi.period_type, kpi.decimals, kpi.multiplier);
        relied_on(self) != relied_on(other) || self.unit != other.unit || self.breakdowns != other.breakdowns
    }

    /// What full-text search looks through, folded.
    pub fn search_text(&self) -> String {
        let parts = [&self.name, &self.code, &self.definition, &self.unit].into_iter().chain(&self.programme);
        crate::vocabulary::search_text(&parts.map(String::as_str).collect::<Vec<_>>().join(" "))
    }

    /// The rows of a submission to fill in, the first being the header: one for each member of each breakdown.
    pub fn template(&self, period: &str) -> Vec<Vec<String>> {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let example = self.example_value();
        let (names, figures) = if takes_fraction(self.value_type, self.aggregation) {
            (vec!["numerator", "denominator"], vec!["19", "20"])
        } else if takes_weight(self.value_type, self.aggregation) {
            (vec!["value", "denominator"], vec![example.as_str(), "20"])
        } else {
            (vec!["value"], vec![example.as_str()])
        };
        let broken_down = !self.breakdowns.is_empty();
        let breakdown: &[&str] = if broken_down { &["breakdown"] } else { &[] };
        let header =
            texts(&[&["organisation", "period"], breakdown, &names, &["qualifier", "basis", "comment"]].concat());
        let longest = self.breakdowns.iter().map(|breakdown| breakdown.members.len()).max().unwrap_or(1);
        let rows = (0..longest).map(|index| {
            let cell = self.example_breakdown(index);
            let breakdown: &[&str] = if broken_down { &[&cell] } else { &[] };
            texts(&[&["RF4", period], breakdown, &figures, &["exact", "measured", ""]].concat())
        });
        std::iter::once(header).chain(rows).collect()
    }

    /// The allowed value nearest to 0.
    fn example_value(&self) -> String {
        let bound = |number: &Option<Number>| {
            number.as_ref().and_then(|number| parse_scaled(&number.to_string(), self.decimals).ok())
        };
        let capped = bound(&self.max).map_or(0, |max| max.min(0));
        format_scaled(bound(&self.min).map_or(capped, |min| min.max(capped)), self.decimals)
    }

    /// A member of each dimension. A shorter dimension starts again.
    fn example_breakdown(&self, index: usize) -> String {
        match self.breakdowns.as_slice() {
            [one] => one.members.get(index).cloned().unwrap_or_default(),
            many => {
                let member =
                    |breakdown: &Breakdown| breakdown.members.iter().cycle().nth(index).cloned().unwrap_or_default();
                many.iter().map(|b| format!("{}={}", b.dimension, member(b))).collect::<Vec<_>>().join(";")
            }
        }
    }
}

/// Whether values of this kind are means that are sent with how many things they were taken of, as the denominator.
pub fn takes_weight(value_type: ValueType, aggregation: Aggregation) -> bool {
    !value_type.is_quotient() && aggregation == Aggregation::Mean
}

/// Whether values of this kind are sent as numerator and denominator.
pub fn takes_fraction(value_type: ValueType, aggregation: Aggregation) -> bool {
    value_type.is_quotient() && aggregation == Aggregation::RatioOfSums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breakdown(dimension: &str, members: &[&str]) -> Breakdown {
        let members = members.iter().map(|m| (*m).to_owned()).collect();
        Breakdown { dimension: dimension.to_owned(), edition: None, members }
    }

    fn number(text: &str) -> Option<Number> {
        Some(text.parse().unwrap())
    }

    fn kpi() -> Kpi {
        Kpi {
            code: "AE-Performance".to_owned(),
            name: " A&E performance ".to_owned(),
            definition: "Within four hours.".to_owned(),
            level: KpiLevel::Process,
            unit: "share".to_owned(),
            period_type: PeriodType::Month,
            value_type: ValueType::Ratio,
            improvement_direction: ImprovementDirection::Increase,
            aggregation: Aggregation::RatioOfSums,
            decimals: 4,
            multiplier: None,
            breakdowns: Vec::new(),
            min: number("0.0"),
            max: number("1e0"),
            may_exceed: false,
            programme: None,
            successor_of: None,
            due_days: None,
            lock_days: None,
            open_future_periods: 0,
            approval_required: false,
            disclosure_control: false,
            conflict_rule: ConflictRule::Improvement,
            shape: SeriesShape::Period,
            complete_at: None,
            validation_rules: Vec::new(),
            status: KpiStatus::Proposed,
            agreed_by: None,
            agreed_on: None,
            change_note: None,
        }
    }

    fn faults(kpi: Kpi) -> Vec<String> {
        let error = kpi.checked().expect_err("a fault");
        error.listed().iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
    }

    #[test]
    fn a_good_definition_is_tidied() {
        let kpi = kpi().checked().unwrap();
        assert_eq!((kpi.code.as_str(), kpi.name.as_str()), ("ae-performance", "A&E performance"));
        assert_eq!((&kpi.min, &kpi.max), (&number("0"), &number("1")));
        assert_eq!(kpi.clone().checked().unwrap(), kpi);
    }

    #[test]
    fn every_broken_rule_is_told() {
        let broken = Kpi {
            code: "-x".to_owned(),
            unit: " ".to_owned(),
            value_type: ValueType::Count,
            decimals: 0,
            multiplier: Some(1000),
            min: number("0.5"),
            max: number("1e15"),
            successor_of: Some("-X".to_owned()),
            breakdowns: vec![breakdown("sex", &["f", "f"]), breakdown("sex", &["a=b"]), breakdown("age", &[])],
            ..kpi()
        };
        let expected = [
            "/code format",
            "/successorOf circular",
            "/unit missing",
            "/multiplier not-applicable",
            "/aggregation not-applicable",
            "/min value-type",
            "/max value-range",
            "/breakdowns/0/members/1 duplicate",
            "/breakdowns/1/dimension duplicate",
            "/breakdowns/1 format",
            "/breakdowns/2/members too-few",
        ];
        assert_eq!(faults(broken), expected);
        assert_eq!(faults(Kpi { min: number("0.5"), max: number("0.4"), ..kpi() }), ["/max range"]);
        assert_eq!(
            faults(Kpi { min: number("-0.5"), max: number("1.7"), ..kpi() }),
            ["/min value-range", "/max value-range"]
        );
        assert!(Kpi { max: number("1.7"), may_exceed: true, ..kpi() }.checked().is_ok());
        let count = Kpi { value_type: ValueType::Count, aggregation: Aggregation::Sum, may_exceed: true, ..kpi() };
        assert_eq!(faults(count), ["/mayExceed not-applicable"]);
    }

    #[test]
    fn only_what_values_rely_on_is_set_in_stone() {
        let present = kpi();
        assert!(!Kpi { name: "New".to_owned(), max: None, ..kpi() }.breaks_values_of(&present));
        assert!(Kpi { unit: "%".to_owned(), ..kpi() }.breaks_values_of(&present));
        assert!(Kpi { decimals: 2, ..kpi() }.breaks_values_of(&present));
        assert!(Kpi { breakdowns: vec![breakdown("sex", &["f"])], ..kpi() }.breaks_values_of(&present));
    }

    #[test]
    fn a_kpi_that_is_agreed_says_by_whom_and_when() {
        let today = NaiveDate::from_ymd_opt(2024, 4, 1).unwrap();
        let agreed = |status, by: Option<&str>, on| {
            let kpi = Kpi { status, agreed_by: by.map(str::to_owned), agreed_on: on, ..kpi() };
            kpi.check_new(today)
                .err()
                .map(|error| error.listed().iter().map(|at| at.pointer.clone()).collect::<Vec<_>>().join(" "))
        };
        for (status, by, on, expected) in [
            (KpiStatus::Proposed, None, None, None),
            (KpiStatus::Live, Some("A group"), Some(today), None),
            (KpiStatus::Agreed, None, None, Some("/agreedBy /agreedOn")),
            (KpiStatus::Proposed, Some("A group"), None, Some("/agreedBy")),
            (KpiStatus::Live, Some("A group"), today.succ_opt(), Some("/agreedOn")),
            (KpiStatus::Retired, Some("A group"), Some(today), Some("/status")),
        ] {
            assert_eq!(agreed(status, by, on).as_deref(), expected, "{status:?}");
        }
    }

    #[test]
    fn another_meaning_of_an_agreed_definition_needs_a_note() {
        let today = NaiveDate::from_ymd_opt(2024, 4, 1).unwrap();
        let (live, proposed) = (Kpi { status: KpiStatus::Live, ..kpi() }, kpi());
        let named = |of: &Kpi| Kpi { name: "New".to_owned(), ..of.clone() };
        assert!(live.check_change(&named(&live), None, today).is_err());
        assert!(live.check_change(&named(&live), Some("Clearer."), today).is_ok());
        assert!(proposed.check_change(&named(&proposed), None, today).is_ok());
        assert!(live.check_change(&Kpi { due_days: Some(9), ..live.clone() }, None, today).is_ok());
        let told = Kpi { agreed_by: Some("A group".to_owned()), agreed_on: Some(today), ..live.clone() };
        assert!(live.check_change(&told, None, today).is_ok(), "what was not recorded may be told");
        assert!(told.check_change(&live, None, today).is_err());
    }

    #[test]
    fn a_template_has_the_columns_the_kpi_takes() {
        let lines = |kpi: Kpi| kpi.template("2024-03").iter().map(|row| row.join(",")).collect::<Vec<_>>();
        assert_eq!(
            lines(kpi()),
            ["organisation,period,numerator,denominator,qualifier,basis,comment", "RF4,2024-03,19,20,exact,measured,"]
        );
        let count =
            Kpi { value_type: ValueType::Count, aggregation: Aggregation::Sum, min: number("5"), max: None, ..kpi() };
        let by_type = Kpi { breakdowns: vec![breakdown("type", &["1", "other"])], ..count.clone() };
        assert_eq!(
            lines(by_type),
            [
                "organisation,period,breakdown,value,qualifier,basis,comment",
                "RF4,2024-03,1,5,exact,measured,",
                "RF4,2024-03,other,5,exact,measured,"
            ]
        );
        let both =
            Kpi { breakdowns: vec![breakdown("type", &["1", "2", "other"]), breakdown("sex", &["f", "m"])], ..count };
        let cells: Vec<String> =
            both.template("2024-03").into_iter().skip(1).map(|mut row| row.swap_remove(2)).collect();
        assert_eq!(cells, ["type=1;sex=f", "type=2;sex=m", "type=other;sex=f"]);
        assert!(cells.iter().all(|cell| parse_breakdown_text(&both.breakdowns, cell).is_some()));
    }
}
