//! The rules for an organisation.

use super::identifiers::{self, Identifier};
use crate::calendar::Span;
use crate::error::{Code, Error, Fault, Faults, Result};
use crate::record::only_written;
use crate::vocabulary;
use crate::{words, written};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

words! {
    /// The type of organisation.
    pub enum OrganisationType {
        NhsTrust = "nhs-trust", TrustSite = "trust-site", GpPractice = "gp-practice", Pcn = "pcn", Icb = "icb", SubIcb = "sub-icb",
        Region = "region", England = "england", Hin = "hin", LocalAuthority = "local-authority",
        IndependentProvider = "independent-provider", Company = "company", Charity = "charity", University = "university",
        ProgrammeBody = "programme-body", Locality = "locality", ReportingEntity = "reporting-entity", Other = "other",
    }
}

words! {
    /// Whether the organisation is active or closed.
    pub enum OrganisationStatus { Active = "active", Closed = "closed" }
}

words! {
    /// The kind of hierarchy that an edge belongs to.
    pub enum EdgeKind {
        /// Where it lies: one on any day.
        Geographic = "geographic",
        /// A practice in a primary care network.
        Member = "member",
        /// Who owns it. It gives no right, and leads into no total.
        Legal = "legal",
        /// What a health innovation network covers.
        Network = "network",
    }
}

impl EdgeKind {
    /// Whether an organisation has one such edge above it on any day, whatever its type.
    pub fn is_single(self) -> bool {
        matches!(self, Self::Geographic | Self::Member)
    }
}

words! {
    /// The map on which the organisations of a place are counted. It never merges or splits organisations.
    pub enum Geography {
        /// The map of one day: an organisation that lived before is counted where it, or whoever took its place, stands then.
        Current = "current",
        /// Each period on the map of its last day.
        AtTime = "at-time",
    }
}

words! {
    /// The kind of succession.
    pub enum SuccessionKind {
        Merge = "merge",
        Split = "split",
        Rename = "rename",
        /// Some of its organisations go to another, and it lives on.
        Transfer = "transfer",
    }
}

/// An NHS body or another organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateOrganisationRequest, example = json!({ "code": "NORTHGATE", "name": "Northgate Community Hospital", "type": "nhs-trust", "postcode": "SE5 9RS", "parent": "QKK" }))]
pub struct Organisation {
    /// The code, which is the ODS code if there is one. Stored in upper case.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60)]
    pub code: String,
    #[schema(min_length = 1, max_length = 300)]
    pub name: String,
    #[serde(rename = "type")]
    pub kind: OrganisationType,
    /// The ODS code. Default: the code, for types that have an ODS code.
    #[schema(min_length = 1, max_length = 60, nullable = false)]
    pub ods_code: Option<String>,
    #[serde(default)]
    #[schema(max_items = 50, default = json!([]))]
    pub identifiers: Vec<Identifier>,
    #[serde(default = "active")]
    #[schema(default = "active")]
    pub status: OrganisationStatus,
    /// Its first day.
    #[schema(nullable = false)]
    pub valid_from: Option<NaiveDate>,
    /// The first day on which it no longer existed.
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
    #[schema(max_length = 10, nullable = false)]
    pub postcode: Option<String>,
    /// The code of the organisation it belongs to by geography, on all its days. Afterwards its edges say so.
    #[serde(skip_serializing_if = "only_written")]
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false, write_only)]
    pub parent: Option<String>,
}

fn active() -> OrganisationStatus {
    OrganisationStatus::Active
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrganisationAdded {
    /// Things to check.
    #[schema(max_items = 10)]
    pub warnings: Vec<Fault>,
}

written! { Organisation, OrganisationAdded, |written, _| written.code.clone() }

impl OrganisationType {
    /// Whether it may lie in the footprints of several health innovation networks on a day. What lies below it has the nearest one.
    pub fn may_have_several_networks(self) -> bool {
        matches!(self, Self::Icb | Self::SubIcb | Self::Region | Self::England)
    }

    /// Whether it is neither a place of the health service, nor gives its care, nor is a health innovation network: nothing says
    /// where such a body stands.
    pub fn is_other_body(self) -> bool {
        matches!(
            self,
            Self::LocalAuthority
                | Self::IndependentProvider
                | Self::Company
                | Self::Charity
                | Self::University
                | Self::ProgrammeBody
                | Self::Locality
                | Self::ReportingEntity
                | Self::Other
        )
    }

    /// Whether bodies of this type have an ODS code, so that it may be taken from the code.
    pub fn has_ods_code(self) -> bool {
        matches!(
            self,
            Self::NhsTrust | Self::TrustSite | Self::GpPractice | Self::Pcn | Self::Icb | Self::SubIcb | Self::Region
        )
    }
}

impl Organisation {
    /// An organisation of which nothing else is known.
    pub fn named(code: &str, name: &str, kind: OrganisationType) -> Self {
        Self {
            code: code.to_owned(),
            name: name.to_owned(),
            kind,
            ods_code: None,
            identifiers: Vec::new(),
            status: OrganisationStatus::Active,
            valid_from: None,
            valid_to: None,
            postcode: None,
            parent: None,
        }
    }

    /// Puts codes in upper case, takes the ODS code from the code for types that have one, and checks every rule; of the identifiers
    /// those that it does not have already.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(mut self, kept: &[Identifier]) -> Result<Self> {
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
        self.identifiers = identifiers::checked(self.identifiers, kept, &mut faults);
        if self.valid_from.zip(self.valid_to).is_some_and(|(from, to)| to <= from) {
            let detail =
                "validTo is the first day on which the organisation no longer exists, so it must be after validFrom.";
            faults.add("/validTo", "range", detail);
        }
        faults.check()?;
        Ok(self)
    }

    /// Whether it may become the other.
    ///
    /// # Errors
    /// `immutable` for another code.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        if self.code == new.code {
            return Ok(());
        }
        let detail = "The code cannot change. Create the successor and record a succession.";
        Err(Error::new(Code::Immutable).detail(detail))
    }

    /// Whether it exists on a day, as far as its dates are known.
    pub fn lives_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| to > day)
    }

    /// Its status on a day: whoever no longer exists is closed.
    pub fn status_on(&self, day: NaiveDate) -> OrganisationStatus {
        if self.valid_to.is_some_and(|to| to <= day) { OrganisationStatus::Closed } else { self.status }
    }

    /// The days on which it exists, as far as they are known.
    pub fn span(&self) -> Span {
        Span::between(self.valid_from, self.valid_to)
    }

    /// The days on which it exists, as words.
    pub fn days(&self) -> String {
        self.span().in_words()
    }

    /// Things to check. An unusual ODS code is a warning and not an error, since the forms of codes change.
    pub fn warnings(&self) -> Vec<Fault> {
        let unusual = |code: &&String| !identifiers::is_ods_code(code);
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
        vocabulary::search_text(&parts.chain(identifiers).collect::<Vec<_>>().join(" "))
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
        let organisation = |kind| Organisation::named("rf4", " A trust ", kind);
        let trust = organisation(OrganisationType::NhsTrust).checked(&[]).unwrap();
        assert_eq!(
            (trust.code.as_str(), trust.ods_code.as_deref(), trust.name.as_str()),
            ("RF4", Some("RF4"), "A trust")
        );
        assert_eq!(organisation(OrganisationType::Company).checked(&[]).unwrap().ods_code, None);
    }
}
