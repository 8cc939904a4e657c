//! The rules for a figure that was achieved.

use crate::benefits::kinds::{BenefitKind, SavingClass};
use crate::benefits::rules::{Extent, first_day, hundredths};
use crate::calendar::{Period, PeriodType};
use crate::error::{Faults, Result};
use crate::organisations::edges::rules::Withdrawal;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::written;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was achieved of a claim in a financial year, up to a day of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateBenefitRealisationRequest, example = json!({ "financialYear": "2023-24", "figure": 98000, "qualifier": "exact", "basis": "measured" }))]
pub struct Realisation {
    /// The financial year, from 1 April to 31 March.
    #[schema(example = "2023-24", pattern = "^[0-9]{4}-[0-9]{2}$", max_length = 7)]
    pub financial_year: String,
    /// In the unit of the claim, with at most two decimal places. Null only in answers, where a small count of patients is kept back.
    #[schema(minimum = -10_000_000_000_000i64, maximum = 10_000_000_000_000i64, required = true)]
    pub figure: Option<f64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    /// The last day that was counted. Default: the last of the year, or today while the year lasts. A later count of the same year goes
    /// before this one from its own day on.
    #[schema(nullable = false)]
    pub counted_to: Option<NaiveDate>,
    /// Where the figure was reported. Do not name people.
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    pub source: Option<String>,
    /// Whether the record is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RealisationAdded {
    pub id: Id,
    /// The id of the claim.
    pub benefit: Id,
    /// The slug of the innovation.
    #[schema(max_length = 60)]
    pub innovation: String,
    #[schema(max_length = 60)]
    pub programme: Option<String>,
    #[schema(max_length = 60)]
    pub organisation: Option<String>,
    pub kind: BenefitKind,
    /// The class of a saving.
    pub class: Option<SavingClass>,
    #[schema(max_length = 60)]
    pub unit: String,
    /// The subject of whoever confirmed it.
    #[schema(max_length = 300)]
    pub confirmed_by: String,
    /// Null unless the figure was taken back as a mistake.
    pub withdrawn: Option<Withdrawal>,
    /// Whether small counts of patients are suppressed and others rounded for you.
    pub suppressed: bool,
    /// Whether the record or its claim is invented, or what the claim rests on: what it is added to is illustrative then.
    pub rests_on_illustrative: bool,
}

written! { Realisation, RealisationAdded, |_, added| added.id.to_string() }

/// A figure in hundredths, the first day of its year and the last that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub figure: i64,
    pub year: NaiveDate,
    pub to: NaiveDate,
}

impl Realisation {
    /// Checks every rule against the claim that it is of.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn check(&self, claim: &Extent, today: NaiveDate) -> Result<Counted> {
        let begins = claim.period.from;
        let mut faults = Faults::default();
        let figure = self.figure.and_then(|figure| faults.take(hundredths("/figure", figure)));
        if self.figure.is_none() {
            faults.add("/figure", "missing", "A realisation needs a figure.");
        }
        if claim.class == Some(SavingClass::Qualitative) {
            let detail = "A qualitative saving is described without a figure, so none of it is achieved in figures.";
            faults.add("/figure", "not-applicable", detail);
        }
        if claim.kind.is_of_people() && figure.is_some_and(|figure| figure < 0) {
            faults.add("/figure", "range", "Expected a number of people, 0 or more.");
        }
        let year = faults.take(first_day("/financialYear", &self.financial_year));
        let mut counted = None;
        if let Some(year) = year {
            let (first, last) = (year.max(begins), Period::containing(PeriodType::FinancialYear, year).end());
            if last < begins {
                let detail =
                    format!("Expected the financial year of {begins} or a later one: the claim begins on that day.");
                faults.add("/financialYear", "too-early", detail);
            }
            let to = self.counted_to.unwrap_or(last.min(today));
            if last >= begins && (to < first || to > last || to > today) {
                let detail = format!("Expected a day from {first} to {}.", last.min(today));
                faults.add("/countedTo", "range", detail);
            }
            counted = Some((year, to));
        }
        faults.check()?;
        let (year, to) = counted.unwrap_or_default();
        Ok(Counted { figure: figure.unwrap_or_default(), year, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Span;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn claim_from(from: &str) -> Extent {
        Extent {
            innovation: Id::foreseen("a test", 1),
            kind: BenefitKind::PatientsReached,
            class: None,
            counts: None,
            period: Span { from: day(from), ..Span::ALWAYS },
            claimed: 0,
            qualifier: Qualifier::Exact,
        }
    }

    fn achieved(figure: f64, counted_to: Option<&str>) -> Realisation {
        Realisation {
            financial_year: "2023-24".to_owned(),
            figure: Some(figure),
            qualifier: Qualifier::Exact,
            basis: Basis::Measured,
            counted_to: counted_to.map(day),
            source: None,
            illustrative: false,
        }
    }

    #[test]
    fn a_figure_is_one_that_the_claim_can_have() {
        let (people, saving) =
            (claim_from("2023-06-01"), Extent { kind: BenefitKind::Saving, ..claim_from("2023-06-01") });
        let described = Extent { class: Some(SavingClass::Qualitative), ..saving };
        for (claim, figure, sound) in
            [(people, -1.0, false), (people, 0.0, true), (saving, -1.0, true), (described, 1.0, false)]
        {
            assert_eq!(achieved(figure, None).check(&claim, day("2025-01-01")).is_ok(), sound, "{claim:?} {figure}");
        }
    }

    #[test]
    fn a_figure_is_counted_to_a_day_of_its_year_that_has_come() {
        for (counted_to, expected) in [
            (None, Ok("2024-03-31")),
            (Some("2023-10-01"), Ok("2023-10-01")),
            (Some("2023-05-31"), Err("/countedTo")),
            (Some("2024-04-01"), Err("/countedTo")),
        ] {
            let realisation = achieved(9.5, counted_to);
            let checked = realisation.check(&claim_from("2023-06-01"), day("2025-01-01"));
            match expected {
                Ok(to) => {
                    assert_eq!(checked.expect("sound"), Counted { figure: 950, year: day("2023-04-01"), to: day(to) })
                }
                Err(pointer) => assert_eq!(checked.expect_err("unsound").listed()[0].pointer, pointer),
            }
            let early = realisation.check(&claim_from("2024-06-01"), day("2025-01-01")).expect_err("before its claim");
            assert_eq!(early.listed()[0].pointer, "/financialYear");
        }
    }
}
