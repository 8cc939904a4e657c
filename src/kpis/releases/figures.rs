//! A figure as it is frozen: a form of its own, which stays readable whatever becomes of totals.

use crate::kpis::totals::asked::PeriodTotal;
use crate::kpis::totals::rules::{Coverage, Lack};
use crate::kpis::values::rules::ScaledValue;
use crate::vocabulary::{Basis, Qualifier};
use serde::{Deserialize, Serialize};

/// The total of a period, as it was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Frozen {
    /// Scaled by ten to the KPI's decimals, as every value.
    pub value: Option<i64>,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    /// Not rounded to the KPI's decimals.
    figure: Option<f64>,
    /// The figure with what was missing at its last values.
    completed: Option<f64>,
    pub suppressed: bool,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub expected: usize,
    pub actual: usize,
    pub share: f64,
    pub partial: bool,
    unweighted: bool,
    too_large: bool,
}

impl Frozen {
    /// None for a figure that says nothing of what was expected, as those of places all do.
    pub fn of(total: &PeriodTotal) -> Option<Self> {
        let Coverage { expected, actual, share, partial } = total.coverage?;
        Some(Self {
            value: total.value.map(|value| value.value),
            numerator: total.value.and_then(|value| value.numerator),
            denominator: total.value.and_then(|value| value.denominator),
            figure: total.figure,
            completed: total.completed,
            suppressed: total.suppressed,
            qualifier: total.qualifier,
            basis: total.basis,
            expected,
            actual,
            share,
            partial,
            unweighted: total.lack == Some(Lack::Unweighted),
            too_large: total.lack == Some(Lack::TooLarge),
        })
    }

    /// As a total is told.
    pub fn total(&self) -> PeriodTotal {
        let Self { expected, actual, share, partial, numerator, denominator, .. } = *self;
        let lack = if self.unweighted { Some(Lack::Unweighted) } else { self.too_large.then_some(Lack::TooLarge) };
        PeriodTotal {
            value: self.value.map(|value| ScaledValue { value, numerator, denominator }),
            figure: self.figure,
            completed: self.completed,
            suppressed: self.suppressed,
            qualifier: self.qualifier,
            basis: self.basis,
            coverage: Some(Coverage { expected, actual, share, partial }),
            lack,
            provisional: false,
        }
    }

    pub fn side(&self) -> Side {
        let Self { value, numerator, denominator, suppressed, .. } = *self;
        Side { value, numerator, denominator, suppressed }
    }
}

/// What two figures are compared by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Side {
    pub value: Option<i64>,
    pub numerator: Option<i64>,
    pub denominator: Option<i64>,
    pub suppressed: bool,
}

impl Side {
    /// A figure of today; without one there is nothing.
    pub fn of(total: Option<&PeriodTotal>) -> Self {
        let value = total.and_then(|total| total.value);
        Self {
            value: value.map(|value| value.value),
            numerator: value.and_then(|value| value.numerator),
            denominator: value.and_then(|value| value.denominator),
            suppressed: total.is_some_and(|total| total.suppressed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_comes_back_from_its_text_as_it_was() {
        let total = PeriodTotal {
            value: Some(ScaledValue { value: 333, numerator: Some(100), denominator: Some(300) }),
            figure: Some(0.375),
            completed: Some(0.35),
            suppressed: false,
            qualifier: Qualifier::Approximate,
            basis: Basis::Estimated,
            coverage: Some(Coverage { expected: 3, actual: 2, share: 0.625, partial: true }),
            lack: None,
            provisional: false,
        };
        for total in [total, PeriodTotal { value: None, figure: None, lack: Some(Lack::TooLarge), ..total }] {
            let text = serde_json::to_string(&Frozen::of(&total)).expect("text");
            let frozen: Frozen = serde_json::from_str(&text).expect("a figure");
            assert_eq!(frozen.total(), total, "{text}");
            assert_eq!(frozen.side(), Side::of(Some(&total)));
        }
        assert_eq!(Frozen::of(&PeriodTotal { coverage: None, ..total }), None);
    }
}
