//! The rules for an organisation, an edge and a succession.

use crate::error::{Code, Error, Fault, Faults, Result};
use crate::record::only_written;
use crate::vocabulary::{self, Id};
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
        ProgrammeBody = "programme-body", Locality = "locality", Other = "other",
    }
}

words! {
    /// Whether the organisation is active or closed.
    pub enum OrganisationStatus { Active = "active", Closed = "closed" }
}

words! {
    /// The kind of hierarchy that an edge belongs to.
    pub enum EdgeKind { Geographic = "geographic", Legal = "legal", Network = "network" }
}

words! {
    /// The kind of succession.
    pub enum SuccessionKind { Merge = "merge", Split = "split", Rename = "rename" }
}

/// An identifier in a named scheme, such as `org-id` and `GB-NHS-RF4`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationIdentifier)]
pub struct Identifier {
    #[schema(example = "org-id", min_length = 1, max_length = 60)]
    pub scheme: String,
    #[schema(example = "GB-NHS-RJZ", min_length = 1, max_length = 200)]
    pub value: String,
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
    /// The code of the organisation it belongs to by geography, from its first day on. Afterwards its edges say so.
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

/// A dated edge of the hierarchy, above an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateOrganisationEdgeRequest, example = json!({ "parent": "QKK", "kind": "geographic", "from": "2026-04-01" }))]
pub struct Edge {
    /// The code of the organisation above.
    #[schema(example = "QKK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub parent: String,
    pub kind: EdgeKind,
    /// The first day. Default: it always held.
    #[schema(nullable = false)]
    pub from: Option<NaiveDate>,
    /// The first day it no longer holds. Default: no end.
    #[schema(nullable = false)]
    pub to: Option<NaiveDate>,
    /// Whether the edge has no official source and is for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EdgeAdded {
    pub id: Id,
    #[schema(max_length = 300)]
    pub parent_name: String,
    /// The code of the organisation below.
    #[schema(example = "RJZ", max_length = 60)]
    pub child: String,
    #[schema(max_length = 300)]
    pub child_name: String,
}

// Edges are read as a list only.
written! { Edge, EdgeAdded, |_, _| String::new() }

/// How an organisation, or a share of it, became another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateOrganisationSuccessionRequest, example = json!({ "to": "RRK", "kind": "merge", "effectiveOn": "2018-04-01" }))]
pub struct Succession {
    /// The code of the successor.
    #[schema(example = "RRK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub to: String,
    pub kind: SuccessionKind,
    /// The share of the predecessor that goes to this successor.
    #[serde(default = "whole")]
    #[schema(minimum = 0.000001, maximum = 1, default = 1.0)]
    pub share: f64,
    /// The first day of the successor.
    pub effective_on: NaiveDate,
}

fn whole() -> f64 {
    1.0
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuccessionAdded {
    pub id: Id,
    /// The code of the predecessor.
    #[schema(example = "RR1", max_length = 60)]
    pub from: String,
    #[schema(max_length = 300)]
    pub from_name: String,
    #[schema(max_length = 300)]
    pub to_name: String,
}

// Successions are read as a list only.
written! { Succession, SuccessionAdded, |_, _| String::new() }

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

    /// Puts codes in upper case, takes the ODS code from the code for types that have one, and checks every rule.
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

    /// Things to check. An unusual ODS code is a warning and not an error, since the forms of codes change.
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
        let trust = organisation(OrganisationType::NhsTrust).checked().unwrap();
        assert_eq!(
            (trust.code.as_str(), trust.ods_code.as_deref(), trust.name.as_str()),
            ("RF4", Some("RF4"), "A trust")
        );
        assert_eq!(organisation(OrganisationType::Company).checked().unwrap().ods_code, None);
    }
}
