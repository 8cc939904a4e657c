//! What a programme may be.

use crate::error::{Faults, Result};
use crate::vocabulary::fold;
use crate::words;
use chrono::NaiveDate;

words! {
    /// What a programme does for innovations.
    pub enum ProgrammeKind {
        Fellowship = "fellowship",
        CentralPurchase = "central-purchase",
        RapidUptake = "rapid-uptake",
        FundingMandate = "funding-mandate",
        Locality = "locality",
        Evaluation = "evaluation",
        Oversight = "oversight",
    }
}

/// A programme as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programme {
    pub slug: String,
    pub name: String,
    pub kind: ProgrammeKind,
    pub summary: String,
    pub starts_on: Option<NaiveDate>,
    /// Its last day.
    pub ends_on: Option<NaiveDate>,
    pub website: Option<String>,
    pub illustrative: bool,
}

impl Programme {
    /// Trims, folds the slug to lower case, and checks every rule.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(mut self) -> Result<Self> {
        let mut faults = Faults::default();
        self.slug.make_ascii_lowercase();
        for (pointer, text) in [("/name", &mut self.name), ("/summary", &mut self.summary)] {
            *text = text.trim().to_owned();
            if text.is_empty() {
                faults.add(pointer, "missing", "It cannot be blank.");
            }
        }
        if self.starts_on.zip(self.ends_on).is_some_and(|(starts, ends)| ends < starts) {
            faults.add("/endsOn", "range", "A programme does not end before it starts.");
        }
        faults.check()?;
        Ok(self)
    }

    pub fn search_text(&self) -> String {
        fold(&format!("{} {} {}", self.slug, self.name, self.summary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_programme_is_told_at_once() {
        let day = |text: &str| text.parse().ok();
        let programme = Programme {
            slug: "NIA".to_owned(),
            name: " ".to_owned(),
            kind: ProgrammeKind::Fellowship,
            summary: String::new(),
            starts_on: day("2016-04-01"),
            ends_on: day("2015-04-01"),
            website: None,
            illustrative: false,
        };
        let error = programme.checked().unwrap_err();
        let pointers: Vec<&str> = error.listed().iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/name", "/summary", "/endsOn"]);
    }
}
