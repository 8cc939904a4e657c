//! What an organisation, an edge and a succession may be.

use crate::error::{Error, Fault, Faults, Result};
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

/// The first and the last day a date may be; they also stand for "since ever" and "until further notice".
pub const EVER: NaiveDate = day(1, 1, 1);
pub const FOREVER: NaiveDate = day(9999, 12, 31);

const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => NaiveDate::MIN,
    }
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

/// A dated edge: the child belongs to the parent from `from` up to, and not on, `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Span {
    pub const ALWAYS: Self = Self { from: EVER, to: FOREVER };

    /// # Errors
    /// `validation-failed` when it would be empty.
    pub fn new(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Self> {
        let span = Self { from: from.unwrap_or(EVER), to: to.unwrap_or(FOREVER) };
        if span.from < span.to {
            Ok(span)
        } else {
            Err(Error::invalid("/to", "range", "to is the first day it no longer holds, so it lies after from."))
        }
    }

    pub fn meet(self, other: Self) -> Option<Self> {
        let span = Self { from: self.from.max(other.from), to: self.to.min(other.to) };
        (span.from < span.to).then_some(span)
    }

    /// The given spans as few that do not touch.
    pub fn merged(mut spans: Vec<Self>) -> Vec<Self> {
        spans.sort_by_key(|span| (span.from, span.to));
        let mut merged: Vec<Self> = Vec::with_capacity(spans.len());
        for span in spans {
            match merged.last_mut() {
                Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
                _ => merged.push(span),
            }
        }
        merged
    }
}

/// Null for the ends that mean "since ever" and "until further notice".
pub fn told(date: NaiveDate) -> Option<NaiveDate> {
    (date != EVER && date != FOREVER).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn on(n: i64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + chrono::TimeDelta::days(n)
    }

    proptest! {
        #[test]
        fn merging_keeps_every_day_and_adds_none(spans in prop::collection::vec((0i64..60, 1i64..20), 0..12)) {
            let spans: Vec<Span> = spans.into_iter().map(|(from, length)| Span { from: on(from), to: on(from + length) }).collect();
            let merged = Span::merged(spans.clone());
            let holds = |spans: &[Span], d: NaiveDate| spans.iter().any(|span| span.from <= d && d < span.to);
            for d in (0..90).map(on) {
                prop_assert_eq!(holds(&spans, d), holds(&merged, d));
            }
            prop_assert!(merged.windows(2).all(|pair| pair[0].to < pair[1].from));
        }
    }

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
