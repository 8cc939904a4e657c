//! The rules for a row of eligibility.

use crate::error::{Code, Error, Faults, Result};
use crate::organisations::edges::rules::Withdrawal;
use crate::organisations::rules::OrganisationType;
use crate::vocabulary::Id;
use crate::written;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// That an innovation is meant for an organisation, or for all of a type below a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateEligibilityRequest, example = json!({ "place": "E92000001", "type": "nhs-trust", "from": "2018-04-01", "source": "NICE" }))]
pub struct Eligibility {
    /// The indication that it is about. Default: every use of the innovation.
    #[schema(example = "copd", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60, nullable = false)]
    pub indication: Option<String>,
    /// The code of one organisation. Give this or `place`.
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    pub organisation: Option<String>,
    /// The code of a place: all organisations of the type below it, on the map of each day.
    #[schema(example = "E92000001", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    pub place: Option<String>,
    /// The type of organisation below the place. Default: the innovation's adopting unit.
    #[serde(rename = "type")]
    #[schema(nullable = false)]
    pub kind: Option<OrganisationType>,
    /// False takes organisations out that another row makes eligible.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub eligible: bool,
    /// The first day. Default: it always held.
    #[schema(nullable = false)]
    pub from: Option<NaiveDate>,
    /// The first day it no longer holds. Default: no end.
    #[schema(nullable = false)]
    pub to: Option<NaiveDate>,
    /// Who says so.
    #[schema(min_length = 1, max_length = 300, nullable = false)]
    pub source: Option<String>,
    /// Whether the record is invented for illustration.
    #[serde(default)]
    #[schema(default = false)]
    pub illustrative: bool,
}

fn yes() -> bool {
    true
}

/// What the register adds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EligibilityAdded {
    pub id: Id,
    /// The slug of the innovation.
    #[schema(example = "heartflow", max_length = 60)]
    pub innovation: String,
    /// The name of the organisation or the place.
    #[schema(max_length = 300)]
    pub organisation_name: String,
    /// Null unless it was taken back as a mistake.
    pub withdrawn: Option<Withdrawal>,
}

written! { Eligibility, EligibilityAdded, |_, added| added.id.to_string() }

impl Eligibility {
    /// Puts codes in upper case, and takes the type below a place from the innovation's adopting unit.
    ///
    /// # Errors
    /// `validation-failed` with every fault.
    pub fn checked(mut self, unit: Option<OrganisationType>) -> Result<Self> {
        let mut faults = Faults::default();
        for code in [&mut self.organisation, &mut self.place].into_iter().flatten() {
            code.make_ascii_uppercase();
        }
        match (&self.organisation, &self.place) {
            (None, None) => faults.add("/organisation", "missing", "Name an organisation or a place."),
            (Some(_), Some(_)) => faults.add("/place", "not-applicable", "Name an organisation or a place, not both."),
            (Some(_), None) if self.kind.is_some() => {
                faults.add("/type", "not-applicable", "A type is for a place. An organisation has its own.");
            }
            (None, Some(_)) => {
                self.kind = self.kind.or(unit);
                if self.kind.is_none() {
                    let detail =
                        "Name the type of organisation: the innovation says no adopting unit for this indication.";
                    faults.add("/type", "missing", detail);
                }
            }
            _ => {}
        }
        faults.check()?;
        Ok(self)
    }

    /// Whether it may become the other: only its end, source and mark change.
    ///
    /// # Errors
    /// `immutable`.
    pub fn check_change(&self, new: &Self) -> Result<()> {
        let (to, source, illustrative) = (new.to, new.source.clone(), new.illustrative);
        let same = Self { to, source, illustrative, ..self.clone() };
        if same == *new {
            return Ok(());
        }
        let detail =
            "Only `to`, `source` and `illustrative` can change. Delete the row with a reason and add the right one.";
        Err(Error::new(Code::Immutable).detail(detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn row(body: Value) -> Eligibility {
        serde_json::from_value(body).expect("a row")
    }

    #[test]
    fn a_row_names_one_organisation_or_a_type_below_a_place() {
        let trust = Some(OrganisationType::NhsTrust);
        for (body, unit, expected) in [
            (json!({}), trust, Err("missing")),
            (json!({ "organisation": "rjz", "place": "qkk" }), trust, Err("not-applicable")),
            (json!({ "organisation": "rjz", "type": "nhs-trust" }), trust, Err("not-applicable")),
            (json!({ "place": "qkk" }), None, Err("missing")),
            (json!({ "organisation": "rjz" }), trust, Ok(json!({ "organisation": "RJZ" }))),
            (json!({ "place": "qkk" }), trust, Ok(json!({ "place": "QKK", "type": "nhs-trust" }))),
            (json!({ "place": "qkk", "type": "pcn" }), trust, Ok(json!({ "place": "QKK", "type": "pcn" }))),
        ] {
            let checked = row(body.clone()).checked(unit).map_err(|error| error.listed()[0].code);
            assert_eq!(checked, expected.map(row), "{body} {unit:?}");
        }
    }

    #[test]
    fn the_end_the_source_and_the_mark_of_a_row_may_change_and_nothing_else() {
        let before = row(json!({ "organisation": "RJZ" }));
        for (change, may) in [
            (json!({ "to": "2020-04-01" }), true),
            (json!({ "source": "NICE" }), true),
            (json!({ "illustrative": true }), true),
            (json!({ "from": "2020-04-01" }), false),
            (json!({ "eligible": false }), false),
            (json!({ "indication": "copd" }), false),
        ] {
            let mut body = json!({ "organisation": "RJZ" });
            body.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
            assert_eq!(before.check_change(&row(body)).is_ok(), may, "{change}");
        }
    }
}
