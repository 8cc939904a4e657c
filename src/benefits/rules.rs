//! What a benefit may be, and which sides must agree to it.

use super::kinds::{BenefitKind, Costs, CountedBy, Counts, Depth, KeptBy, Recurrence, SavingClass};
use crate::calendar::{Period, PeriodType, Span};
use crate::decimal::parse_scaled;
use crate::error::{Fault, Faults, Result};
use crate::transitions::rules::Machine;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// What a claim is about: it is claimed from one of these sides, and the others must accept it.
    pub enum Side {
        Innovation = "innovation",
        Programme = "programme",
        Organisation = "organisation",
    }
}

words! {
    /// What a side says of a claim. Until it says something, it is only claimed to be so.
    pub enum SideState {
        Claimed = "claimed",
        Accepted = "accepted",
        Refused = "refused",
    }
}

impl Machine for SideState {
    fn next(self) -> Vec<Self> {
        match self {
            Self::Claimed => vec![Self::Accepted, Self::Refused],
            Self::Accepted => vec![Self::Refused],
            Self::Refused => vec![Self::Accepted],
        }
    }

    fn needs_reason(self, to: Self) -> bool {
        to == Self::Refused
    }
}

/// A side that a claim names, and what it says of the claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BenefitSide {
    pub side: Side,
    pub state: SideState,
    /// The subject of whoever said so.
    #[schema(max_length = 300)]
    pub by: Option<String>,
    pub on: Option<NaiveDate>,
}

/// A benefit of an innovation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateBenefitRequest, example = json!({
    "innovation": "mycopd", "programme": "nia", "kind": "patients-reached", "method": "Registered users with a diagnosis of COPD",
    "population": "people-with-copd", "claimed": 100000, "qualifier": "approximate", "basis": "estimated", "from": "2015-07-01"
}))]
pub struct Benefit {
    /// The slug of the innovation.
    #[schema(example = "mycopd", pattern = "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length = 60)]
    pub innovation: String,
    /// The slug of the programme in whose impact it counts.
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    pub programme: Option<String>,
    /// The code of the organisation that had the benefit.
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    pub organisation: Option<String>,
    pub kind: BenefitKind,
    /// The unit. It follows from the kind (patients, GBP, hours, appointments, bed-days, admissions, tCO2e) and is needed for `other` only.
    #[schema(example = "patients", min_length = 1, max_length = 60, nullable = false)]
    pub unit: Option<String>,
    /// How the figure was obtained.
    #[schema(min_length = 1, max_length = 2000)]
    pub method: String,
    /// A name for the population that the claim is about.
    #[schema(example = "people-with-copd", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60, nullable = false)]
    pub population: Option<String>,
    /// The figure before.
    #[schema(minimum = -10_000_000_000_000i64, maximum = 10_000_000_000_000i64, nullable = false)]
    pub baseline: Option<f64>,
    /// With at most two decimal places; below zero for a disbenefit. A saving of the class `qualitative` has none. Null in answers too where a
    /// small count of patients is kept back.
    #[schema(minimum = -10_000_000_000_000i64, maximum = 10_000_000_000_000i64, required = true)]
    pub claimed: Option<f64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub from: NaiveDate,
    /// The first day after it ends. Default: no end.
    #[schema(nullable = false)]
    pub to: Option<NaiveDate>,
    /// The id of a claim of the same side that this one takes the place of, once it counts.
    #[schema(nullable = false)]
    pub replaces: Option<Id>,
    /// Where the figure was stated, such as the name of a report. Do not name people.
    #[schema(min_length = 1, max_length = 500, nullable = false)]
    pub source: Option<String>,
    /// The day on which it was stated.
    #[schema(nullable = false)]
    pub stated_on: Option<NaiveDate>,
    /// The class of a saving, needed for one. A cash-releasing saving names the organisation that holds the budget, and counts once that has
    /// accepted it.
    #[schema(nullable = false)]
    pub class: Option<SavingClass>,
    /// Who keeps a saving.
    #[schema(nullable = false)]
    pub kept_by: Option<KeptBy>,
    /// Whether a saving is stated before or after the costs of the innovation.
    #[schema(nullable = false)]
    pub costs: Option<Costs>,
    /// Whether the figure is reached once in its period, or in every financial year of it.
    #[serde(default)]
    #[schema(default = "once")]
    pub recurrence: Recurrence,
    /// The financial year in whose prices a saving is stated.
    #[schema(example = "2023-24", pattern = "^[0-9]{4}-[0-9]{2}$", max_length = 7, nullable = false)]
    pub price_year: Option<String>,
    /// The benefit that a saving puts into money: the two are one, seen twice.
    #[schema(nullable = false)]
    pub monetises: Option<Monetised>,
    /// What a projected or modelled saving is worth today. It is added to nothing.
    #[schema(nullable = false)]
    pub present_value: Option<PresentValue>,
    /// What a count of patients counts. Default: persons.
    #[schema(nullable = false)]
    pub counts: Option<Counts>,
    /// By whom the patients were counted. Where it is not said, any two counts may hold the same person.
    #[schema(nullable = false)]
    pub counted_by: Option<CountedBy>,
    /// How far the patients came.
    #[schema(nullable = false)]
    pub depth: Option<Depth>,
    /// Whether none of these patients was counted in an earlier period: only then are periods added.
    #[serde(default)]
    #[schema(default = false)]
    pub new_in_period: bool,
    /// The id of a claim of the same kind, about the same innovation, that holds this one: a trust's part of a national count, or the same figure
    /// told twice. Sums leave this one out.
    #[schema(nullable = false)]
    pub counted_within: Option<Id>,
    /// Whether the record is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

/// What a saving puts into money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = MonetisedBenefit)]
pub struct Monetised {
    /// The id of a claim about the same innovation, of another kind: the bed days, appointments or hours behind the saving.
    pub benefit: Id,
    /// The cost of one in pounds, with at most two decimal places.
    #[schema(minimum = 0, maximum = 10_000_000_000_000i64)]
    pub unit_cost: f64,
    /// Where the cost of one is published.
    #[schema(min_length = 1, max_length = 500)]
    pub source: String,
}

/// What a saving of later years is worth in an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PresentValueBody)]
pub struct PresentValue {
    /// In pounds, with at most two decimal places.
    #[schema(minimum = -10_000_000_000_000i64, maximum = 10_000_000_000_000i64)]
    pub value: f64,
    /// The discount rate in per cent a year, such as 3.5.
    #[schema(minimum = 0, maximum = 100)]
    pub rate: f64,
    /// The financial year whose money it is in.
    #[schema(example = "2023-24", pattern = "^[0-9]{4}-[0-9]{2}$", max_length = 7)]
    pub base_year: String,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BenefitAdded {
    pub id: Id,
    #[schema(max_length = 200)]
    pub innovation_name: String,
    #[schema(max_length = 300)]
    pub organisation_name: Option<String>,
    /// The subject of whoever made or last changed the claim.
    #[schema(max_length = 300)]
    pub claimed_by: String,
    /// The side that it was claimed from, which alone changes it.
    pub claimed_from: Side,
    /// Every side that it names, and what that says of it.
    #[schema(max_items = 3)]
    pub sides: Vec<BenefitSide>,
    /// Whether every side accepted it, so that reports count it.
    pub counted: bool,
    /// What was achieved of it, by financial year, as another body confirmed.
    #[schema(max_items = 200)]
    pub realised: Vec<RealisedYear>,
    /// Whether small counts of patients are suppressed and others rounded for you.
    pub suppressed: bool,
    /// Whether the record, its innovation, its programme or the benefit that it puts into money is invented: what it is added to is
    /// illustrative then.
    pub rests_on_illustrative: bool,
}

written! { Benefit, BenefitAdded, |_, added| added.id.to_string() }

/// What was achieved of a claim in a financial year, as last confirmed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RealisedYear {
    #[schema(example = "2023-24", max_length = 7)]
    pub financial_year: String,
    /// Null where a small count of patients is kept back.
    pub figure: Option<f64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    /// The last day that was counted.
    pub counted_to: NaiveDate,
    /// Whether the record of it is invented for illustration.
    pub illustrative: bool,
}

/// How many decimal places a figure holds.
pub const DECIMALS: u8 = 2;

/// Reads a figure into hundredths, exactly.
///
/// # Errors
/// A fault at `pointer`.
pub fn hundredths(pointer: &str, figure: f64) -> Result<i64, Fault> {
    // A float is written by its shortest decimal digits, which are those that were sent.
    parse_scaled(&figure.to_string(), DECIMALS)
        .map_err(|_| Fault::new(pointer, "number", "Expected a number with at most two decimal places."))
}

/// Reads a financial year into its first day.
///
/// # Errors
/// A fault at `pointer`.
pub fn first_day(pointer: impl Into<String>, year: &str) -> Result<NaiveDate, Fault> {
    let period = Period::parse(PeriodType::FinancialYear, year);
    period.map(Period::start).map_err(|error| Fault::new(pointer, error.code(), error.detail()))
}

/// The label of the financial year that a day lies in.
pub fn year_of(day: NaiveDate) -> String {
    Period::containing(PeriodType::FinancialYear, day).label()
}

/// The figures of a benefit in hundredths, and its years by their first days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    pub baseline: Option<i64>,
    pub claimed: i64,
    pub unit_cost: Option<i64>,
    pub present_value: Option<i64>,
    pub present_rate: Option<i64>,
    pub present_year: Option<NaiveDate>,
    pub price_year: Option<NaiveDate>,
}

impl Benefit {
    /// Checks every rule and returns the figures.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn check(&self) -> Result<Figures> {
        let mut faults = Faults::default();
        let figures = self.figures(&mut faults);
        self.check_members(&mut faults);
        if self.programme.is_none() && self.organisation.is_none() {
            let detail = "A claim names a programme, an organisation, or both, beside its innovation.";
            faults.add("/programme", "missing", detail);
        }
        match (self.kind.unit(), &self.unit) {
            (None, None) => faults.add("/unit", "missing", "A benefit of the kind other needs a unit."),
            (Some(fixed), Some(unit)) if fixed != unit => {
                faults.add("/unit", "unit", format!("A benefit of this kind is counted in {fixed}."));
            }
            _ => {}
        }
        if self.to.is_some_and(|to| to <= self.from) {
            let detail = "to is the first day after the benefit ends, so it must be after from.";
            faults.add("/to", "range", detail);
        }
        faults.check()?;
        Ok(figures)
    }

    fn figures(&self, faults: &mut Faults) -> Figures {
        let mut read = |pointer, figure: Option<f64>| figure.and_then(|f| faults.take(hundredths(pointer, f)));
        let present = self.present_value.as_ref();
        let mut figures = Figures {
            baseline: read("/baseline", self.baseline),
            claimed: read("/claimed", self.claimed).unwrap_or_default(),
            unit_cost: read("/monetises/unitCost", self.monetises.as_ref().map(|behind| behind.unit_cost)),
            present_value: read("/presentValue/value", present.map(|present| present.value)),
            present_rate: read("/presentValue/rate", present.map(|present| present.rate)),
            ..Figures::default()
        };
        let mut year = |pointer: &str, label: Option<&String>| label.and_then(|l| faults.take(first_day(pointer, l)));
        figures.price_year = year("/priceYear", self.price_year.as_ref());
        figures.present_year = year("/presentValue/baseYear", present.map(|present| &present.base_year));
        let qualitative = self.class == Some(SavingClass::Qualitative);
        match self.claimed {
            None if !qualitative => faults.add("/claimed", "missing", "A claim needs a figure."),
            Some(_) if qualitative => {
                faults.add(
                    "/claimed",
                    "not-applicable",
                    "A qualitative saving is described in method, without a figure.",
                );
            }
            Some(figure) if figure < 0.0 && self.kind.is_of_people() => {
                faults.add("/claimed", "range", "Expected a number of people, 0 or more.");
            }
            _ => {}
        }
        figures
    }

    /// Checks that the members fit the kind.
    fn check_members(&self, faults: &mut Faults) {
        let (saving, people) = (self.kind == BenefitKind::Saving, self.kind.is_of_people());
        let reached = self.kind == BenefitKind::PatientsReached;
        for (pointer, given, fits, what) in [
            ("/class", self.class.is_some(), saving, "a saving"),
            ("/keptBy", self.kept_by.is_some(), saving, "a saving"),
            ("/costs", self.costs.is_some(), saving, "a saving"),
            ("/priceYear", self.price_year.is_some(), saving, "a saving"),
            ("/monetises", self.monetises.is_some(), saving, "a saving"),
            ("/presentValue", self.present_value.is_some(), saving, "a saving"),
            ("/counts", self.counts.is_some(), reached, "patients reached"),
            ("/countedBy", self.counted_by.is_some(), people, "people"),
            ("/depth", self.depth.is_some(), people, "people"),
            ("/newInPeriod", self.new_in_period, people, "people"),
        ] {
            if given && !fits {
                faults.add(pointer, "not-applicable", format!("Only a benefit that is {what} has it."));
            }
        }
        if saving && self.class.is_none() {
            let detail =
                "A saving needs a class: cash-releasing, non-cash-releasing, societal, quantified or qualitative.";
            faults.add("/class", "missing", detail);
        }
        if self.class == Some(SavingClass::CashReleasing) && self.organisation.is_none() {
            let detail = "A cash-releasing saving names the organisation that holds the budget, which must accept it.";
            faults.add("/organisation", "missing", detail);
        }
        if self.present_value.is_some() && !matches!(self.basis, Basis::Projected | Basis::Modelled) {
            faults.add("/presentValue", "not-applicable", "Only a projected or modelled saving has a present value.");
        }
    }
}

/// What decides whether a claim can be a part of another, or put it into money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    pub innovation: Id,
    pub kind: BenefitKind,
    pub class: Option<SavingClass>,
    pub counts: Option<Counts>,
    pub period: Span,
    pub claimed: i64,
    pub qualifier: Qualifier,
}

impl Extent {
    /// Why this cannot be counted within another: what it counts is something else, is of other days, or is more.
    pub fn misfit(&self, holder: &Self) -> Option<&'static str> {
        let same = (self.innovation, self.kind, self.class, self.counts)
            == (holder.innovation, holder.kind, holder.class, holder.counts);
        if !same {
            return Some("Expected a claim of the same kind, class and counts about the same innovation.");
        }
        if self.period.meet(holder.period).is_none() {
            return Some("Expected a claim that has a day in common with this one.");
        }
        let known = matches!(holder.qualifier, Qualifier::Exact | Qualifier::AtMost);
        let sure = self.qualifier != Qualifier::AtMost;
        let more = self.claimed.signum() * holder.claimed.signum() < 0 || self.claimed.abs() > holder.claimed.abs();
        (known && sure && more).then_some("Expected a claim of at least as much as this one, which is a part of it.")
    }

    /// Whether a saving can put another claim into money.
    pub fn is_monetised_by(&self, saving: &Self) -> bool {
        self.kind != BenefitKind::Saving && self.innovation == saving.innovation
    }
}

/// The financial years that a figure is stated for, by their first days: the first, and the last unless it has no end. What comes once and
/// has no end is of the year in which it begins.
pub fn stated_years(recurrence: Recurrence, from: NaiveDate, to: Option<NaiveDate>) -> (NaiveDate, Option<NaiveDate>) {
    let first_of = |day| Period::containing(PeriodType::FinancialYear, day).start();
    let first = first_of(from);
    let last = to.and_then(|to| to.pred_opt()).map(first_of);
    (first, last.or((recurrence == Recurrence::Once).then_some(first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_counts_the_same_on_the_same_days_and_is_no_more_than_what_holds_it() {
        let day = |year| NaiveDate::from_ymd_opt(year, 4, 1).expect("a day");
        let holder = Extent {
            innovation: Id::foreseen("a test", 1),
            kind: BenefitKind::PatientsReached,
            class: None,
            counts: Some(Counts::Persons),
            period: Span { from: day(2020), to: day(2021) },
            claimed: 1000,
            qualifier: Qualifier::Exact,
        };
        let part = Extent { claimed: 400, ..holder };
        for (part, fits) in [
            (part, true),
            (holder, true),
            (Extent { counts: Some(Counts::Pregnancies), ..part }, false),
            (Extent { innovation: Id::foreseen("a test", 2), ..part }, false),
            (Extent { period: Span { from: day(2021), to: day(2022) }, ..part }, false),
            (Extent { claimed: 1001, ..part }, false),
            (Extent { claimed: -1, ..part }, false),
            (Extent { claimed: 5000, qualifier: Qualifier::AtMost, ..part }, true),
        ] {
            assert_eq!(part.misfit(&holder).is_none(), fits, "{part:?}");
        }
        let vague = Extent { qualifier: Qualifier::AtLeast, ..holder };
        assert_eq!(Extent { claimed: 5000, ..part }.misfit(&vague), None);
    }

    #[test]
    fn a_figure_is_held_to_the_hundredth() {
        for (figure, expected) in [
            (3_000_000.0, Some(300_000_000)),
            (0.5, Some(50)),
            (0.07, Some(7)),
            (1.001, None),
            (1e30, None),
            (-4.25, Some(-425)),
        ] {
            assert_eq!(hundredths("/claimed", figure).ok(), expected, "{figure}");
        }
    }
}
