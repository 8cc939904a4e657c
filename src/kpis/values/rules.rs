//! How much of a value a reader may see. Counts from 1 to 7 are suppressed and others rounded to 5 for readers without the
//! grant (NHS England's disclosure control for published counts).

use crate::decimal;
use crate::kpis::catalogue::rules::ValueType;
use crate::kpis::catalogue::store::KpiRow;

/// How much of a series the caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    Full,
    Suppressed,
    Hidden,
}

/// A value with its parts, each scaled by ten to the KPI's decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScaledValue {
    pub value: i64,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
}

/// The value as the caller may see it; `None` if it is suppressed.
pub fn disclose(kpi: &KpiRow, visibility: Visibility, value: ScaledValue) -> Option<ScaledValue> {
    match visibility {
        Visibility::Hidden => return None,
        Visibility::Full => return Some(value),
        Visibility::Suppressed if !kpi.disclosure_control => return Some(value),
        Visibility::Suppressed => {}
    }
    let one = 10_i64.pow(u32::from(kpi.decimals_u8()));
    match (value.numerator, value.denominator) {
        (Some(numerator), Some(denominator)) => {
            let (numerator, denominator) = (rounded(numerator, one)?, rounded(denominator, one)?);
            let quotient = decimal::ratio(numerator, denominator, kpi.factor(), kpi.decimals_u8())?;
            Some(ScaledValue { value: quotient, numerator: Some(numerator), denominator: Some(denominator) })
        }
        _ if kpi.value_type == ValueType::Count => Some(ScaledValue { value: rounded(value.value, one)?, ..value }),
        // A quotient whose counts are not known may stand for a handful of people.
        _ if kpi.value_type.is_quotient() => None,
        _ => Some(value),
    }
}

/// The count to the nearest 5, or nothing for 1 to 7.
fn rounded(scaled: i64, one: i64) -> Option<i64> {
    if scaled > 0 && scaled < 8 * one {
        return None;
    }
    let five = 5 * one;
    Some((scaled + five / 2).div_euclid(five) * five)
}

#[cfg(test)]
mod tests {
    use super::rounded;

    #[test]
    fn small_counts_are_kept_back_and_others_rounded_to_five() {
        let answered: Vec<Option<i64>> =
            [0, 1, 7, 8, 12, 13, 1002].into_iter().map(|count| rounded(count, 1)).collect();
        assert_eq!(answered, [Some(0), None, None, Some(10), Some(10), Some(15), Some(1000)]);
        assert_eq!(rounded(700, 100), None);
        assert_eq!(rounded(1200, 100), Some(1000));
    }
}
