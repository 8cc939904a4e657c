//! What a set of KPIs may be.

use crate::error::{Code, Error, Faults, Result};
use crate::kpis::catalogue::rules::is_code;
use crate::written;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The code of a KPI, in any case.
#[derive(ToSchema)]
#[schema(example = "emergency-attendances", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct KpiCode(String);

/// The code of an organisation, in any case.
#[derive(ToSchema)]
#[schema(example = "QKK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct OrganisationCode(String);

/// A set of KPIs and the organisations asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateKpiSetRequest, example = json!({ "code": "urgent-care", "name": "Urgent care", "kpis": ["emergency-attendances", "emergency-performance"], "organisations": ["QKK"] }))]
pub struct KpiSet {
    /// Its code, kept in lower case and found in any.
    #[schema(example = "urgent-care", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", min_length = 1, max_length = 60)]
    pub code: String,
    #[schema(min_length = 1, max_length = 300)]
    pub name: String,
    /// The slug of the programme it belongs to.
    #[schema(pattern = "^[a-z0-9][a-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    pub programme: Option<String>,
    /// The codes of the KPIs. One that is given twice counts once.
    #[schema(min_items = 1, max_items = 500, value_type = Vec<KpiCode>)]
    pub kpis: Vec<String>,
    /// The codes of the organisations that are asked, each with all below it.
    #[schema(min_items = 1, max_items = 500, value_type = Vec<OrganisationCode>)]
    pub organisations: Vec<String>,
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KpiSetAdded {
    /// The name of its programme; null for a set without one.
    #[schema(max_length = 300)]
    pub programme_name: Option<String>,
}

written! { KpiSet, KpiSetAdded, |written, _| written.code.clone() }

impl KpiSet {
    /// Puts codes in the case they are stored in and members in order, each once, and checks every rule that needs
    /// nothing else.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(mut self) -> Result<Self> {
        let mut faults = Faults::default();
        self.code.make_ascii_lowercase();
        if !is_code(&self.code) {
            let detail = "A code is 1 to 60 letters, digits and hyphens, and does not begin with a hyphen.";
            faults.add("/code", "format", detail);
        }
        self.name = self.name.trim().to_owned();
        if self.name.is_empty() {
            faults.add("/name", "missing", "The name cannot be blank.");
        }
        self.kpis.iter_mut().for_each(|code| code.make_ascii_lowercase());
        self.organisations.iter_mut().for_each(|code| code.make_ascii_uppercase());
        faults.check()?;
        Ok(self)
    }

    /// The members in order, each once, as they are stored.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.kpis.sort_unstable();
        self.kpis.dedup();
        self.organisations.sort_unstable();
        self.organisations.dedup();
        self
    }

    /// Whether it may become the other.
    ///
    /// # Errors
    /// `immutable` for another code.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        if self.code == new.code {
            return Ok(());
        }
        Err(Error::new(Code::Immutable).detail("The code of a set cannot change. Create another set."))
    }
}
