//! Which values there can be, by the kind of a KPI's values.

use crate::decimal::format_scaled;
use crate::words;

words! {
    /// The kind of a KPI's values.
    pub enum ValueType {
        Count = "count",
        Number = "number",
        /// A share of one: 0 to 1.
        Ratio = "ratio",
        /// A share of a hundred: 0 to 100.
        Percentage = "percentage",
        /// A number per `multiplier`.
        Rate = "rate",
        Money = "money",
        Duration = "duration",
    }
}

impl ValueType {
    /// Whether a value is a numerator over a denominator.
    pub fn is_quotient(self) -> bool {
        matches!(self, Self::Ratio | Self::Percentage | Self::Rate)
    }

    /// What the quotient of numerator and denominator is multiplied by.
    pub fn factor(self, multiplier: i64) -> u32 {
        match self {
            Self::Percentage => 100,
            Self::Rate => u32::try_from(multiplier).unwrap_or(1),
            _ => 1,
        }
    }
}

/// The least and the greatest value there can be, scaled by ten to the KPI's decimals; `None` for no such end.
pub type Bounds = (Option<i64>, Option<i64>);

impl ValueType {
    /// Whether a value is a part of a whole.
    pub fn is_share(self) -> bool {
        matches!(self, Self::Ratio | Self::Percentage)
    }

    /// The values of this kind. Money and plain numbers may be below zero, as a deficit or a difference is.
    pub fn domain(self, may_exceed: bool, decimals: u8) -> Bounds {
        let one = 10_i64.pow(u32::from(decimals));
        let least = (!matches!(self, Self::Number | Self::Money)).then_some(0);
        let whole = self.is_share().then(|| one * i64::from(self.factor(1)));
        (least, whole.filter(|_| !may_exceed))
    }
}

/// What lies within both.
pub fn within(one: Bounds, other: Bounds) -> Bounds {
    (one.0.max(other.0), one.1.into_iter().chain(other.1).min())
}

/// Whether a value lies within the bounds.
pub fn holds((least, greatest): Bounds, value: i64) -> bool {
    least.is_none_or(|least| least <= value) && greatest.is_none_or(|greatest| value <= greatest)
}

/// The bounds in words: `from 0 to 100`.
pub fn in_words((least, greatest): Bounds, decimals: u8) -> String {
    let text = |scaled: i64| format_scaled(scaled, decimals);
    match (least, greatest) {
        (Some(least), Some(greatest)) => format!("from {} to {}", text(least), text(greatest)),
        (Some(least), None) => format!("of {} or more", text(least)),
        (None, Some(greatest)) => format!("of {} or less", text(greatest)),
        (None, None) => "of any size".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_value_has_its_own_domain() {
        for (kind, may_exceed, expected) in [
            (ValueType::Count, false, (Some(0), None)),
            (ValueType::Duration, false, (Some(0), None)),
            (ValueType::Rate, false, (Some(0), None)),
            (ValueType::Ratio, false, (Some(0), Some(10))),
            (ValueType::Ratio, true, (Some(0), None)),
            (ValueType::Percentage, false, (Some(0), Some(1000))),
            (ValueType::Percentage, true, (Some(0), None)),
            (ValueType::Money, false, (None, None)),
            (ValueType::Number, false, (None, None)),
        ] {
            assert_eq!(kind.domain(may_exceed, 1), expected, "{kind:?} {may_exceed}");
        }
    }

    #[test]
    fn the_narrower_end_holds() {
        let share = (Some(0), Some(100));
        for (own, expected, words) in [
            ((None, None), share, "from 0 to 100"),
            ((Some(5), None), (Some(5), Some(100)), "from 5 to 100"),
            ((Some(-5), Some(90)), (Some(0), Some(90)), "from 0 to 90"),
        ] {
            assert_eq!(within(share, own), expected);
            assert_eq!(in_words(expected, 0), words);
        }
        assert_eq!(within((Some(0), None), (None, Some(7))), (Some(0), Some(7)));
        assert_eq!(in_words((Some(0), None), 0), "of 0 or more");
        assert!(holds(share, 0) && holds(share, 100) && !holds(share, -1) && !holds(share, 101));
    }
}
