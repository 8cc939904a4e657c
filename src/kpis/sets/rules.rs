//! What a set of KPIs may be.

use crate::calendar::Span;
use crate::error::{Code, Error, Faults, Result};
use crate::kpis::catalogue::rules::is_code;
use crate::organisations::rules::OrganisationType;
use crate::written;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The code of a KPI, in any case.
#[derive(ToSchema)]
#[schema(example = "emergency-attendances", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
#[expect(dead_code, reason = "only its schema is used")]
pub struct KpiCode(String);

/// Who is asked for a set: the organisations of these types that stand at or below a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Assignment {
    /// The code of the place: an organisation, asked with all below it.
    #[schema(example = "QKK", pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60)]
    pub place: String,
    /// The types of the organisations that are asked. Default: all.
    #[serde(default)]
    #[schema(max_items = 18)]
    pub organisation_types: Vec<OrganisationType>,
    /// The first day. A period is asked for where the assignment holds on its last day. Default: ever since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub from: Option<NaiveDate>,
    /// The first day on which it no longer holds. Default: no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub to: Option<NaiveDate>,
}

impl Assignment {
    /// # Errors
    /// `validation-failed` when it would hold on no day.
    pub fn span(&self) -> Result<Span> {
        Span::new(self.from, self.to)
    }
}

/// How the figures of a set settle once they are released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Revisions {
    /// How often the figures of a period may be revised before they are final.
    #[schema(minimum = 0, maximum = 100)]
    pub refreshes: i32,
    /// How many days after the end of a period its figures can be final.
    #[schema(minimum = 0, maximum = 3650)]
    pub final_after_days: i32,
}

/// A set of KPIs and the organisations asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateKpiSetRequest, example = json!({ "code": "urgent-care", "name": "Urgent care", "kpis": ["emergency-attendances", "emergency-performance"], "assignments": [{ "place": "QKK", "organisationTypes": ["nhs-trust"], "from": "2016-04-01" }] }))]
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
    /// Who is asked for them, and when. One that no longer holds gets an end; it still says who was asked for the past.
    #[schema(min_items = 1, max_items = 500)]
    pub assignments: Vec<Assignment>,
    /// How its figures settle once they are released. Default: as whoever releases them says.
    #[schema(nullable = false)]
    pub revisions: Option<Revisions>,
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
        for (index, assignment) in self.assignments.iter_mut().enumerate() {
            assignment.place.make_ascii_uppercase();
            if assignment.span().is_err() {
                let detail = "to is the first day on which it no longer holds, so it lies after from.";
                faults.add(format!("/assignments/{index}/to"), "range", detail);
            }
        }
        faults.check()?;
        Ok(self)
    }

    /// The KPIs in order, each once, as they are stored.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.kpis.sort_unstable();
        self.kpis.dedup();
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
