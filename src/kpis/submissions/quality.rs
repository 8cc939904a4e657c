//! What deserves a second look in a good value, held against what its series had before. A doubt never stops a value.

use super::rules::Measure;
use crate::calendar::Period;
use crate::decimal::{format_scaled, to_f64};
use crate::kpis::catalogue::rules::{SeriesShape, ValueType};
use crate::kpis::catalogue::store::KpiRow;
use chrono::NaiveDate;

/// How many values before it a value is held against, at most.
pub const LOOK_BACK: usize = 24;
/// How many there must be before a value can lie far from them.
const ENOUGH: usize = 12;
/// How far from the others a value lies that deserves a second look: in standard deviations, and as the modified z-score says.
const FAR: f64 = 3.0;
/// How many times the last value, or which part of it, deserves a second look.
const FACTOR: f64 = 3.0;

/// Something to look at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    pub code: &'static str,
    /// What was found, and what was expected.
    pub detail: String,
}

/// What is doubtful of a new value. `before` are the values of the series in earlier periods, the last one last.
pub fn doubts(kpi: &KpiRow, before: &[(NaiveDate, i64)], new: &Measure) -> Vec<Doubt> {
    let from = before.len().saturating_sub(LOOK_BACK);
    let before = before.get(from..).unwrap_or_default();
    let figures: Vec<f64> = before.iter().map(|(_, value)| to_f64(*value, kpi.decimals_u8())).collect();
    if let Some(doubt) = as_share(kpi, &figures, new) {
        // The rest would say the same in other words.
        return vec![doubt];
    }
    if kpi.shape == SeriesShape::Cumulative {
        return Vec::new();
    }
    [change(kpi, before.last(), new), outlier(kpi, &figures, new)].into_iter().flatten().collect()
}

fn shown(kpi: &KpiRow, scaled: i64) -> String {
    format_scaled(scaled, kpi.decimals_u8())
}

/// A share of one where a percentage is meant: 0.94 after 94.
fn as_share(kpi: &KpiRow, before: &[f64], new: &Measure) -> Option<Doubt> {
    let value = to_f64(new.value, kpi.decimals_u8());
    let is_small = kpi.value_type == ValueType::Percentage && new.numerator.is_none() && value > 0.0 && value <= 1.0;
    let usual = median(before).filter(|usual| is_small && *usual > 1.5)?;
    let detail = format!(
        "{} looks like a share of one, and the values before it lie around {}. Expected a percentage: {} of 1 would be {}.",
        shown(kpi, new.value),
        rounded(usual),
        shown(kpi, new.value),
        rounded(value * 100.0)
    );
    Some(Doubt { code: "share-for-percentage", detail })
}

/// From which size on a change is told: small counts jump by themselves.
fn floor(kind: ValueType) -> f64 {
    match kind {
        ValueType::Ratio => 0.2,
        _ => 20.0,
    }
}

fn change(kpi: &KpiRow, last: Option<&(NaiveDate, i64)>, new: &Measure) -> Option<Doubt> {
    let (start, last) = *last?;
    let decimals = kpi.decimals_u8();
    let (was, is) = (to_f64(last, decimals).abs(), to_f64(new.value, decimals).abs());
    let (small, large) = (was.min(is), was.max(is));
    if large < floor(kpi.value_type) || large <= FACTOR * small {
        return None;
    }
    let (value, last) = (shown(kpi, new.value), shown(kpi, last));
    let period = Period::containing(kpi.period_type, start).label();
    let detail = format!(
        "{value} after {last} in {period}. Expected at most {FACTOR} times the value before, and at least a third of it."
    );
    Some(Doubt { code: "change", detail })
}

/// A value that lies far from those before it, by the mean and standard deviation or by the median and the deviations from it.
fn outlier(kpi: &KpiRow, before: &[f64], new: &Measure) -> Option<Doubt> {
    if before.len() < ENOUGH {
        return None;
    }
    let value = to_f64(new.value, kpi.decimals_u8());
    let number = before.len() as f64;
    let mean = before.iter().sum::<f64>() / number;
    let spread = (before.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (number - 1.0)).sqrt();
    let middle = median(before)?;
    let deviation = median(&before.iter().map(|one| (one - middle).abs()).collect::<Vec<_>>())?;
    let score = |distance: f64, unit: f64| if unit > 0.0 { distance / unit } else { 0.0 };
    let (z, modified) = (score(value - mean, spread), 0.6745 * score(value - middle, deviation));
    if z.abs() <= FAR && modified.abs() <= FAR {
        return None;
    }
    let reach =
        [(mean, FAR * spread), (middle, FAR * deviation / 0.6745)].into_iter().filter(|(_, reach)| *reach > 0.0);
    let (low, high) = reach
        .fold((f64::MIN, f64::MAX), |(low, high), (centre, reach)| (low.max(centre - reach), high.min(centre + reach)));
    let detail = format!(
        "{} lies far from the {} values before it (z {z:.1}, modified z {modified:.1}). Expected {} to {}.",
        shown(kpi, new.value),
        before.len(),
        rounded(low),
        rounded(high)
    );
    Some(Doubt { code: "outlier", detail })
}

/// A figure as people write it, to four digits or so.
fn rounded(figure: f64) -> String {
    let places = if figure.abs() >= 100.0 { 0 } else { 2 };
    let text = format!("{figure:.places$}");
    if places == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    let lower = if sorted.len().is_multiple_of(2) { *sorted.get(middle.checked_sub(1)?)? } else { upper };
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kpi(kind: &str, decimals: u8) -> KpiRow {
        let kpi = serde_json::from_value(serde_json::json!({
            "code": "k", "name": "K", "definition": "K.", "level": "process", "unit": "u", "periodType": "month", "valueType": kind,
            "improvementDirection": "neutral", "aggregation": "none", "decimals": decimals
        }));
        KpiRow::of(kpi.unwrap(), 1, chrono::DateTime::UNIX_EPOCH.naive_utc()).unwrap()
    }

    fn new(value: i64) -> Measure {
        use crate::vocabulary::{Basis, Qualifier};
        let (qualifier, basis) = (Qualifier::Exact, Basis::Measured);
        Measure { value, numerator: None, denominator: None, qualifier, basis, comment: None }
    }

    fn before(values: &[i64]) -> Vec<(NaiveDate, i64)> {
        let month =
            |number: usize| NaiveDate::from_ymd_opt(2020 + number as i32 / 12, number as u32 % 12 + 1, 1).unwrap();
        values.iter().enumerate().map(|(number, value)| (month(number), *value)).collect()
    }

    fn codes(kind: &str, decimals: u8, values: &[i64], value: i64) -> String {
        let found = doubts(&kpi(kind, decimals), &before(values), &new(value));
        found.iter().map(|doubt| doubt.code).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_value_is_held_against_those_before_it() {
        let steady = [100, 104, 98, 101, 99, 103, 97, 100, 102, 99, 101, 100];
        for (kind, values, value, expected) in [
            ("count", &[][..], 5000, ""),
            ("count", &[10], 31, "change"),
            ("count", &[10], 30, ""),
            ("count", &[5], 19, ""),
            ("count", &[60], 20, ""),
            ("count", &[60], 19, "change"),
            ("count", &[25], 0, "change"),
            ("money", &[-10], -40, "change"),
            ("count", &steady, 104, ""),
            ("count", &steady, 120, "outlier"),
            ("count", &steady[..11], 120, ""),
            ("count", &steady, 400, "change outlier"),
            ("count", &[7; 12], 8, ""),
            ("percentage", &[94], 1, "share-for-percentage"),
            ("percentage", &[1], 1, ""),
            ("percentage", &[94], 20, "change"),
        ] {
            assert_eq!(codes(kind, 0, values, value), expected, "{kind} {values:?} {value}");
        }
        assert_eq!(codes("percentage", 1, &[940], 9), "share-for-percentage");
        let parts = Measure { numerator: Some(1), denominator: Some(100), ..new(1) };
        assert_eq!(doubts(&kpi("percentage", 0), &before(&[94]), &parts)[0].code, "change");
    }

    #[test]
    fn a_doubt_says_what_was_expected() {
        let found = doubts(&kpi("percentage", 1), &before(&[940]), &new(9));
        assert_eq!(
            found[0].detail,
            "0.9 looks like a share of one, and the values before it lie around 94. Expected a percentage: 0.9 of 1 would be 90."
        );
        let found = doubts(&kpi("count", 0), &before(&[10]), &new(31));
        assert_eq!(
            found[0].detail,
            "31 after 10 in 2020-01. Expected at most 3 times the value before, and at least a third of it."
        );
    }

    proptest! {
        #[test]
        fn no_values_make_it_panic(values in prop::collection::vec(any::<i64>(), 0..30), value in any::<i64>()) {
            for kind in ["count", "percentage", "ratio", "rate", "money", "duration", "number"] {
                codes(kind, 2, &values, value);
            }
        }
    }
}
