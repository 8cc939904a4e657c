//! The definitions of the library.

use crate::kpis::catalogue::rules::Kpi;
use crate::words;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::LazyLock;
use utoipa::ToSchema;

words! {
    /// What a definition of the library belongs to.
    pub enum LibraryCollection {
        Hin = "hin",
        TrialSetUp = "trial-set-up",
        Uptake = "uptake",
        UrgentCare = "urgent-care",
    }
}

/// A definition to adopt.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = KpiDefinitionResponse)]
pub struct LibraryEntry {
    pub collection: LibraryCollection,
    /// Who asks for it, or published it.
    #[schema(max_length = 300)]
    pub source: String,
    /// The body of a `POST /v1/kpis`, to be sent as it is or changed.
    #[schema(value_type = Kpi)]
    pub definition: Value,
}

static ENTRIES: LazyLock<Vec<LibraryEntry>> = LazyLock::new(|| {
    // What cannot be read is noticed by a test.
    serde_json::from_str(include_str!("definitions.json")).unwrap_or_default()
});

/// Every definition, by collection.
pub fn entries() -> &'static [LibraryEntry] {
    &ENTRIES
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use std::collections::BTreeSet;

    #[test]
    fn every_definition_is_a_good_proposal_with_a_code_of_its_own() {
        let codes: BTreeSet<&str> = entries().iter().filter_map(|entry| entry.definition["code"].as_str()).collect();
        assert_eq!((codes.len(), codes.len() > 10), (entries().len(), true));
        for entry in entries() {
            let kpi: Kpi = serde_json::from_value(entry.definition.clone()).unwrap();
            kpi.checked()
                .and_then(|kpi| kpi.check_new(NaiveDate::MAX))
                .unwrap_or_else(|error| panic!("{entry:?}: {error:?}"));
        }
    }
}
