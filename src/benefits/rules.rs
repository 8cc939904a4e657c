//! What a benefit may be, and which sides must agree to it.

use crate::decimal::parse_scaled;
use crate::error::{Fault, Faults, Result};
use crate::transitions::rules::Machine;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The kind of benefit.
    pub enum BenefitKind {
        PatientsReached = "patients-reached",
        CashSaving = "cash-saving",
        TimeSaving = "time-saving",
        Appointments = "appointments",
        BedDays = "bed-days",
        AdmissionsAvoided = "admissions-avoided",
        StaffHours = "staff-hours",
        Carbon = "carbon",
        Other = "other",
    }
}

impl BenefitKind {
    /// The unit it is counted in. `other` has a unit of its own.
    pub fn unit(self) -> Option<&'static str> {
        match self {
            Self::PatientsReached => Some("patients"),
            Self::CashSaving => Some("GBP"),
            Self::TimeSaving | Self::StaffHours => Some("hours"),
            Self::Appointments => Some("appointments"),
            Self::BedDays => Some("bed-days"),
            Self::AdmissionsAvoided => Some("admissions"),
            Self::Carbon => Some("tCO2e"),
            Self::Other => None,
        }
    }

    /// Whether the figures can be counts of patients or of their care, which are kept back where they are small.
    pub fn is_of_patients(self) -> bool {
        match self {
            Self::PatientsReached | Self::Appointments | Self::BedDays | Self::AdmissionsAvoided | Self::Other => true,
            Self::CashSaving | Self::TimeSaving | Self::StaffHours | Self::Carbon => false,
        }
    }
}

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
    /// A name for the population that the claim is about, needed for patients reached. Claims about the same population overlap, and
    /// each person counts once.
    #[schema(example = "people-with-copd", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60, nullable = false)]
    pub population: Option<String>,
    /// The figure before.
    #[schema(minimum = -10_000_000_000_000i64, maximum = 10_000_000_000_000i64, nullable = false)]
    pub baseline: Option<f64>,
    /// With at most two decimal places. Null only in answers, where a small count of patients is kept back.
    #[schema(minimum = 0, maximum = 10_000_000_000_000i64, required = true)]
    pub claimed: Option<f64>,
    /// The figure that was achieved, confirmed by somebody of another body than whoever made or last changed the claim.
    #[schema(minimum = 0, maximum = 10_000_000_000_000i64, nullable = false)]
    pub realised: Option<f64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub from: NaiveDate,
    /// The first day after it ends. Default: no end.
    #[schema(nullable = false)]
    pub to: Option<NaiveDate>,
    /// The id of a claim of the same side that this one takes the place of, once it counts.
    #[schema(nullable = false)]
    pub replaces: Option<Id>,
    /// Whether the record is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
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
    /// Whether small counts of patients are suppressed and others rounded for you.
    pub suppressed: bool,
}

written! { Benefit, BenefitAdded, |_, added| added.id.to_string() }

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

/// The figures of a benefit in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    pub baseline: Option<i64>,
    pub claimed: i64,
    pub realised: Option<i64>,
}

impl Benefit {
    /// Checks every rule and returns the figures.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn check(&self) -> Result<Figures> {
        let mut faults = Faults::default();
        let mut read = |pointer, figure: Option<f64>| figure.and_then(|f| faults.take(hundredths(pointer, f)));
        let (baseline, realised) = (read("/baseline", self.baseline), read("/realised", self.realised));
        let claimed = read("/claimed", self.claimed).unwrap_or_default();
        if self.claimed.is_none() {
            faults.add("/claimed", "missing", "A claim needs a figure.");
        }
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
        if self.kind == BenefitKind::PatientsReached && self.population.is_none() {
            let detail = "Patients reached need a population, so that nobody is counted twice.";
            faults.add("/population", "missing", detail);
        }
        if self.to.is_some_and(|to| to <= self.from) {
            let detail = "to is the first day after the benefit ends, so it must be after from.";
            faults.add("/to", "range", detail);
        }
        faults.check()?;
        Ok(Figures { baseline, claimed, realised })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
