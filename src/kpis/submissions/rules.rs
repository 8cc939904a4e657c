//! The rules for a row, and its result.

use crate::calendar::Period;
use crate::decimal::{self, format_scaled, parse_scaled};
use crate::delivery::{Outcome, RowError};
use crate::kpis::catalogue::rules::{domain, parse_breakdown_text};
use crate::kpis::catalogue::store::KpiRow;
use crate::vocabulary::{Basis, Change, Qualifier, Timestamp, instant};
use crate::words;
use chrono::NaiveDate;
use std::borrow::Cow;

words! {
    /// What a submission may do with values.
    pub enum Strategy { Upsert = "upsert", Create = "create", Update = "update", Delete = "delete" }
}

/// One cell that should be a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Text in the grammar of a JSON number.
    Number(Box<str>),
    /// Something else; what was expected.
    NotANumber(Cow<'static, str>),
}

/// Where a text of the submission stands in [`super::input::Texts`].
pub type Place = std::num::NonZeroU32;

/// A text of the submission, if there is one.
pub type Held = Option<Place>;

/// A row as it was sent. Texts that repeat (codes, periods) are held once. Numbers and the comment are taken out once
/// they are understood, so that a large submission does not hold them twice.
#[derive(Debug, Clone, Default)]
pub struct RawRow {
    pub line: u32,
    pub kpi: Held,
    pub organisation: Held,
    pub innovation: Held,
    pub breakdown: Held,
    pub period: Held,
    pub qualifier: Change<Place>,
    pub basis: Change<Place>,
    pub value: Option<Cell>,
    pub numerator: Option<Cell>,
    pub denominator: Option<Cell>,
    pub comment: Change<Box<str>>,
    pub illustrative: Held,
    /// Why the value is right though it looks doubtful.
    pub justification: Option<Box<str>>,
}

/// What a value says, scaled by ten to the KPI's decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    pub value: i64,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub comment: Option<Box<str>>,
}

/// What a row says of a value. A qualifier or basis that is taken away is that of a new value again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub value: i64,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    pub qualifier: Change<Qualifier>,
    pub basis: Change<Basis>,
    pub comment: Change<Box<str>>,
}

impl Said {
    /// The value after this row.
    pub fn over(&self, present: Option<&Measure>) -> Measure {
        Measure {
            value: self.value,
            numerator: self.numerator,
            denominator: self.denominator,
            qualifier: self.qualifier.over(present.map(|p| p.qualifier)).unwrap_or(Qualifier::Exact),
            basis: self.basis.over(present.map(|p| p.basis)).unwrap_or(Basis::Measured),
            comment: self.comment.as_ref().over(present.and_then(|p| p.comment.as_ref())).cloned(),
        }
    }
}

/// The result of a good row, given the present value. `said` is `None` only for a delete.
///
/// # Errors
/// `exists` for a create over a value, `missing` for an update of none.
pub fn decide(strategy: Strategy, said: Option<&Said>, present: Option<&Measure>) -> Result<Outcome, RowError> {
    match (strategy, said, present) {
        (Strategy::Create, _, Some(_)) => {
            Err(RowError::new("exists", "There is a value already, and strategy=create accepts new values only."))
        }
        (Strategy::Update, _, None) => {
            Err(RowError::new("missing", "There is no value yet, and strategy=update changes existing values only."))
        }
        (Strategy::Delete, _, Some(_)) => Ok(Outcome::Deleted),
        (Strategy::Delete, _, None) | (_, None, _) => Ok(Outcome::Unchanged),
        (_, Some(_), None) => Ok(Outcome::Created),
        (_, Some(said), Some(present)) if said.over(Some(present)) == *present => Ok(Outcome::Unchanged),
        (_, Some(_), Some(_)) => Ok(Outcome::Updated),
    }
}

/// The period of a row. It must have begun, or the KPI accepts future periods.
///
/// # Errors
/// `period-malformed`, `period-type`, `period-future`.
pub fn period(kpi: &KpiRow, text: &str, today: NaiveDate) -> Result<Period, RowError> {
    let period =
        Period::parse(kpi.period_type, text.trim()).map_err(|error| RowError::new(error.code(), error.detail()))?;
    if period.in_future(today, u32::try_from(kpi.open_future_periods).unwrap_or(0)) {
        return Err(RowError::new("period-future", format!("{} has not begun.", period.label())));
    }
    Ok(period)
}

/// Why a period accepts nothing any more, if it is locked so many days after it ended.
pub fn lock(lock_days: Option<u32>, period: Period, now: Timestamp) -> Option<RowError> {
    let locks_at = period.closes_at(lock_days?);
    let detail = || {
        let at = instant(locks_at.naive_utc());
        format!("{} was locked at {at}. Ask for a lock exception.", period.label())
    };
    (now >= locks_at).then(|| RowError::new("period-locked", detail()))
}

/// The canonical breakdown of a row.
///
/// # Errors
/// `unknown-breakdown`, saying what there is.
pub fn breakdown(kpi: &KpiRow, text: &str) -> Result<String, RowError> {
    let breakdowns = kpi.breakdowns();
    parse_breakdown_text(&breakdowns, text).ok_or_else(|| {
        let known: Vec<String> =
            breakdowns.iter().map(|b| format!("{}={}", b.dimension, b.members.join("|"))).collect();
        let expected = if known.is_empty() {
            "the KPI has no breakdown".to_owned()
        } else {
            format!("expected {}", known.join(";"))
        };
        RowError::new("unknown-breakdown", format!("This is not a breakdown of the KPI: {expected}."))
    })
}

/// What stands in the place of a qualifier where there was nothing to divide. It is kept as 0 of 0.
pub const NOT_APPLICABLE: &str = "not-applicable";

/// The numbers of a row. `nothing` says that it has none, since there was nothing to divide.
///
/// # Errors
/// Every fault: `value-type`, `value-range`, `value-missing`.
pub fn measure(kpi: &KpiRow, row: &RawRow, nothing: bool) -> Result<(i64, Option<i64>, Option<i64>), Vec<RowError>> {
    let decimals = kpi.decimals_u8();
    let mut errors = Vec::new();
    let mut read = |name: &str, cell: &Option<Cell>| -> Option<i64> {
        let parsed = match cell {
            None => return None,
            Some(Cell::NotANumber(expected)) => Err(RowError::new("value-type", format!("{name}: {expected}"))),
            Some(Cell::Number(text)) => parse_scaled(text, decimals)
                .map_err(|error| RowError::new(error.code(), format!("{name}: {}", error.detail()))),
        };
        parsed.map_err(|error| errors.push(error)).ok()
    };
    let (value, numerator, denominator) =
        (read("value", &row.value), read("numerator", &row.numerator), read("denominator", &row.denominator));
    if !errors.is_empty() {
        return Err(errors);
    }
    let fault = |code, detail: String| Err(vec![RowError::new(code, detail)]);
    let value = match (value, numerator, denominator) {
        _ if nothing && !kpi.value_type.is_quotient() && !kpi.takes_weight() => {
            let kind = kpi.value_type.as_str();
            return fault(
                "value-type",
                format!(
                    "qualifier: {NOT_APPLICABLE} says that there was nothing to divide, and values of the type {kind} are not divided."
                ),
            );
        }
        // A mean of nothing: there was nothing to take it of.
        (None, None | Some(0), Some(0)) if kpi.takes_weight() => return Ok((0, Some(0), Some(0))),
        (_, Some(_), Some(_)) if !kpi.value_type.is_quotient() => {
            return fault(
                "value-type",
                format!("A KPI of the value type {} has no numerator and denominator.", kpi.value_type.as_str()),
            );
        }
        (None, None, None) if nothing => return Ok((0, Some(0), Some(0))),
        (None, Some(0), Some(0)) => return Ok((0, Some(0), Some(0))),
        (_, Some(0), Some(0)) => {
            return fault("value-range", "There was nothing to divide (0 of 0), so leave the value out.".to_owned());
        }
        _ if nothing => {
            return fault(
                "value-range",
                format!(
                    "qualifier: {NOT_APPLICABLE} says that there was nothing to divide. Send no numbers with it, or 0 and 0."
                ),
            );
        }
        (Some(value), None, Some(of)) if kpi.takes_weight() => {
            if of <= 0 {
                return fault(
                    "value-range",
                    "The denominator of a mean is how many things it was taken of: 1 or more. Leave the value out where there were none."
                        .to_owned(),
                );
            }
            value
        }
        (given, Some(numerator), Some(denominator)) => {
            if numerator < 0 || denominator < 0 {
                return fault("value-range", "A numerator and a denominator cannot be negative.".to_owned());
            }
            if kpi.value_type.is_share() && !kpi.may_exceed && numerator > denominator {
                return fault(
                    "value-range",
                    "The numerator is a part of the denominator and cannot be greater (mayExceed of the KPI is false)."
                        .to_owned(),
                );
            }
            let Some(computed) = decimal::ratio(numerator, denominator, kpi.factor(), decimals) else {
                return fault(
                    "value-range",
                    "The denominator is zero where the numerator is not, or the quotient too large.".to_owned(),
                );
            };
            if given.is_some_and(|given| given != computed) {
                return fault(
                    "value-range",
                    format!("value is not numerator / denominator, which is {}.", format_scaled(computed, decimals)),
                );
            }
            computed
        }
        (_, Some(_), None) | (_, None, Some(_)) => {
            return fault("value-missing", "Give both a numerator and a denominator.".to_owned());
        }
        (Some(value), None, None) => value,
        (None, None, None) => {
            let expected =
                if kpi.value_type.is_quotient() { "a value, or a numerator and a denominator" } else { "a value" };
            return fault("value-missing", format!("Expected {expected}."));
        }
    };
    if !domain::holds(kpi.bounds(), value) {
        let (kind, expected) = (kpi.value_type.as_str(), domain::in_words(kpi.bounds(), decimals));
        return fault("value-range", format!("value: expected a {kind} {expected}."));
    }
    Ok((value, numerator, denominator))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(value: i64) -> Said {
        Said {
            value,
            numerator: None,
            denominator: None,
            qualifier: Change::Keep,
            basis: Change::Keep,
            comment: Change::Keep,
        }
    }

    #[test]
    fn each_strategy_says_what_becomes_of_a_row() {
        let old = said(1).over(None);
        let outcome = |strategy, present: Option<&Measure>, value| {
            decide(strategy, Some(&said(value)), present).map_err(|e| e.code)
        };
        assert_eq!(outcome(Strategy::Upsert, None, 1), Ok(Outcome::Created));
        assert_eq!(outcome(Strategy::Upsert, Some(&old), 1), Ok(Outcome::Unchanged));
        assert_eq!(outcome(Strategy::Upsert, Some(&old), 2), Ok(Outcome::Updated));
        assert_eq!(outcome(Strategy::Create, Some(&old), 1), Err("exists".into()));
        assert_eq!(outcome(Strategy::Update, None, 1), Err("missing".into()));
        assert_eq!(outcome(Strategy::Delete, Some(&old), 1), Ok(Outcome::Deleted));
        assert_eq!(outcome(Strategy::Delete, None, 1), Ok(Outcome::Unchanged));
    }

    #[test]
    fn what_a_row_leaves_out_stays_as_it_is() {
        let old = Measure { qualifier: Qualifier::AtLeast, comment: Some("kept".into()), ..said(1).over(None) };
        let new = said(2).over(Some(&old));
        assert_eq!((new.value, new.qualifier, new.comment.as_deref()), (2, Qualifier::AtLeast, Some("kept")));
        let cleared = Said { qualifier: Change::Clear, comment: Change::Clear, ..said(2) }.over(Some(&old));
        assert_eq!((cleared.value, cleared.qualifier, cleared.comment), (2, Qualifier::Exact, None));
    }
}
