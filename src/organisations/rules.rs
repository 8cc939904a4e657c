//! What an organisation, an edge and a succession may be.

use crate::error::{Fault, Faults, Result};
use crate::words;
use chrono::NaiveDate;

words! {
    /// What kind of body it is.
    pub enum OrganisationType {
        NhsTrust = "nhs-trust", TrustSite = "trust-site", GpPractice = "gp-practice", Pcn = "pcn", Icb = "icb", SubIcb = "sub-icb",
        Region = "region", England = "england", Hin = "hin", LocalAuthority = "local-authority",
        IndependentProvider = "independent-provider", Company = "company", Charity = "charity", University = "university",
        ProgrammeBody = "programme-body", Locality = "locality", Other = "other",
    }
}

words! {
    /// Whether it still works.
    pub enum OrganisationStatus { Active = "active", Closed = "closed" }
}

words! {
    /// What an edge of the hierarchy means.
    pub enum EdgeKind { Geographic = "geographic", Legal = "legal", Network = "network" }
}

words! {
    /// How one organisation followed another.
    pub enum SuccessionKind { Merge = "merge", Split = "split", Rename = "rename" }
}

/// An identifier in a named scheme, such as `org-id` and `GB-NHS-RF4`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    pub scheme: String,
    pub value: String,
}

/// An organisation as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    pub code: String,
    pub ods_code: Option<String>,
    pub name: String,
    pub kind: OrganisationType,
    pub status: OrganisationStatus,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub postcode: Option<String>,
    pub identifiers: Vec<Identifier>,
}

impl OrganisationType {
    /// Whether bodies of this type have an ODS code, so that it may be taken from the code.
    pub fn has_ods_code(self) -> bool {
        matches!(
            self,
            Self::NhsTrust | Self::TrustSite | Self::GpPractice | Self::Pcn | Self::Icb | Self::SubIcb | Self::Region
        )
    }
}

impl Organisation {
    /// Folds codes to upper case, takes the ODS code from the code where the type has one, and checks every rule.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(mut self) -> Result<Self> {
        let mut faults = Faults::default();
        self.code = self.code.to_ascii_uppercase();
        if !is_code(&self.code) {
            faults.add("/code", "format", "A code is 1 to 60 letters, digits and hyphens.");
        }
        self.ods_code = match self.ods_code.take() {
            Some(code) => Some(code.to_ascii_uppercase()),
            None if self.kind.has_ods_code() => Some(self.code.clone()),
            None => None,
        };
        self.name = self.name.trim().to_owned();
        if self.name.is_empty() {
            faults.add("/name", "missing", "A name cannot be blank.");
        }
        if self.valid_from.zip(self.valid_to).is_some_and(|(from, to)| to <= from) {
            faults.add("/validTo", "range", "validTo is the day it ceased to be, so it lies after validFrom.");
        }
        faults.check()?;
        Ok(self)
    }

    /// What deserves a second look: an unusual ODS code is told, never refused, since code frames change.
    pub fn warnings(&self) -> Vec<Fault> {
        let unusual = |code: &&String| code.len() > 9 || !code.chars().all(|c| c.is_ascii_alphanumeric());
        let warn = |_| Fault::new("/odsCode", "unusual-code", "An ODS code is usually 1 to 9 letters and digits.");
        self.ods_code.iter().filter(unusual).map(warn).collect()
    }

    /// What full-text search looks through, folded.
    pub fn search_text(&self) -> String {
        let identifiers = self.identifiers.iter().map(|identifier| identifier.value.as_str());
        let parts = [self.name.as_str(), &self.code]
            .into_iter()
            .chain(self.ods_code.as_deref())
            .chain(self.postcode.as_deref());
        crate::vocabulary::fold(&parts.chain(identifiers).collect::<Vec<_>>().join(" "))
    }
}

pub fn is_code(code: &str) -> bool {
    (1..=60).contains(&code.len()) && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ods_code_is_taken_from_the_code_where_the_type_has_one() {
        let organisation = |kind| Organisation {
            code: "rf4".into(),
            ods_code: None,
            name: " A trust ".into(),
            kind,
            status: OrganisationStatus::Active,
            valid_from: None,
            valid_to: None,
            postcode: None,
            identifiers: vec![],
        };
        let trust = organisation(OrganisationType::NhsTrust).checked().unwrap();
        assert_eq!(
            (trust.code.as_str(), trust.ods_code.as_deref(), trust.name.as_str()),
            ("RF4", Some("RF4"), "A trust")
        );
        assert_eq!(organisation(OrganisationType::Company).checked().unwrap().ods_code, None);
    }
}
