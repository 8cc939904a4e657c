//! How much of a value a reader may see. Counts from 1 to 7 are suppressed and others rounded to 5 for readers without the
//! grant (NHS England's disclosure control for published counts).

use crate::access::Operation;
use crate::decimal;
use crate::disclosure::rounded;
use crate::error::{Code, Error};
use crate::kpis::catalogue::rules::ValueType;
use crate::kpis::catalogue::store::KpiRow;

/// The ability to see unsuppressed counts.
pub const UNSUPPRESSED: Operation = Operation::see_unsuppressed_values;

/// The refusal of values that await approval.
pub fn not_provisional() -> Error {
    let detail = "Values that await approval are for those who may see all values here as they are. Leave provisional out for what counts.";
    Error::new(Code::Forbidden).detail(detail)
}

/// How much of a series the caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visibility {
    Full,
    Suppressed,
    Hidden,
}

impl Visibility {
    /// Whether values are shown as they are, with what was written beside them: a comment may say what is kept back.
    pub fn is_whole(self, kpi: &KpiRow) -> bool {
        match self {
            Self::Full => true,
            Self::Suppressed => !kpi.disclosure_control,
            Self::Hidden => false,
        }
    }
}

/// A value with its parts, each scaled by ten to the KPI's decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScaledValue {
    pub value: i64,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
}

impl ScaledValue {
    /// Whether there was nothing to divide: it was reported, and there is no figure.
    pub fn is_not_applicable(self) -> bool {
        (self.numerator, self.denominator) == (Some(0), Some(0))
    }
}

/// The value as the caller may see it; `None` if it is suppressed.
pub fn disclose(kpi: &KpiRow, visibility: Visibility, value: ScaledValue) -> Option<ScaledValue> {
    if visibility.is_whole(kpi) {
        return Some(value);
    }
    if visibility == Visibility::Hidden {
        return None;
    }
    if value.is_not_applicable() {
        return Some(value);
    }
    let one = 10_i64.pow(u32::from(kpi.decimals_u8()));
    match (value.numerator, value.denominator) {
        (Some(numerator), Some(denominator)) => {
            // What is left of a share may be a handful too.
            if kpi.value_type.is_share() {
                rounded(denominator - numerator, one)?;
            }
            let (numerator, denominator) = (rounded(numerator, one)?, rounded(denominator, one)?);
            let quotient = decimal::ratio(numerator, denominator, kpi.factor(), kpi.decimals_u8())?;
            Some(ScaledValue { value: quotient, numerator: Some(numerator), denominator: Some(denominator) })
        }
        // A mean of a handful of people is kept back, and their number with it.
        (None, Some(of)) if kpi.takes_weight() => Some(ScaledValue { denominator: Some(rounded(of, one)?), ..value }),
        _ if kpi.value_type == ValueType::Count => Some(ScaledValue { value: rounded(value.value, one)?, ..value }),
        // A quotient whose counts are not known may stand for a handful of people.
        _ if kpi.value_type.is_quotient() => None,
        _ => Some(value),
    }
}
