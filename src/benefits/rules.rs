//! What a benefit may be.

use crate::error::{Fault, Faults, Result};
use crate::decimal::parse_scaled;
use crate::vocabulary::{Basis, Qualifier};
use crate::words;
use chrono::NaiveDate;

words! {
    /// What an innovation brought.
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
    /// The unit it is counted in; `other` is told with its own.
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
}

/// A benefit as it is to be. Figures are in hundredths.
#[derive(Debug, Clone, PartialEq)]
pub struct Benefit {
    pub innovation: String,
    pub programme: Option<String>,
    /// Where it was had.
    pub organisation: Option<String>,
    pub kind: BenefitKind,
    pub unit: Option<String>,
    pub method: String,
    /// Names the population the claim is about: claims of the same one overlap.
    pub population: Option<String>,
    pub baseline: Option<i64>,
    pub claimed: i64,
    pub realised: Option<i64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub from: NaiveDate,
    /// The first day after; until further notice without.
    pub to: Option<NaiveDate>,
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

impl Benefit {
    /// Folds what can be and checks every rule.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(mut self) -> Result<Self> {
        let mut faults = Faults::default();
        self.innovation = self.innovation.to_ascii_lowercase();
        self.programme = self.programme.map(|slug| slug.to_ascii_lowercase());
        match (self.kind.unit(), &self.unit) {
            (None, None) => faults.add("/unit", "missing", "A benefit of another kind is told with its unit."),
            (Some(fixed), Some(unit)) if fixed != unit => {
                faults.add("/unit", "unit", format!("A benefit of this kind is counted in {fixed}."));
            }
            (fixed, unit) => self.unit = fixed.map(str::to_owned).or_else(|| unit.clone()),
        }
        if self.kind == BenefitKind::PatientsReached && self.population.is_none() {
            let detail = "Patients reached are told with their population, so that nobody is counted twice.";
            faults.add("/population", "missing", detail);
        }
        if self.to.is_some_and(|to| to <= self.from) {
            faults.add("/to", "range", "to is the first day after, so it lies after from.");
        }
        faults.check()?;
        Ok(self)
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
