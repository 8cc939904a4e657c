//! What it does to name another record in what is written: one row a property. A test walks the API document together with
//! this table, so that no property that names a record is without a rule, and tries each as somebody who has a right over
//! one end alone.

use super::permissions::Operation;

/// What naming a record does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The writer's grants must reach it.
    Scope,
    /// It is proposed, and counts nowhere until whoever keeps the other end agrees.
    Link,
    /// It counts on a side once that side has accepted it.
    Claim,
    /// The right over what is named beside it suffices, as the table of roles says: an organisation reports its own use of
    /// any innovation, and a programme looks after its own KPIs wherever they are measured.
    Fact,
    /// It gives nobody a right over the record, and changes none of its lists and figures.
    Mention,
}

/// Operations that write, and what they name.
#[derive(Debug)]
pub struct Row {
    pub operations: &'static [Operation],
    /// Each by its path in the body, with `*` for every item of a list, or by the parameter's name.
    pub properties: &'static [(&'static str, Rule)],
}

macro_rules! references {
    ($($($operation:ident)+: $($property:literal $rule:ident),+;)*) => {
        pub static REFERENCES: &[Row] = &[$(Row {
            operations: &[$(Operation::$operation),+],
            properties: &[$(($property, Rule::$rule)),+],
        },)*];
    };
}

references! {
    create_adoption update_adoption: "covers/*" Mention, "innovation" Fact, "organisation" Fact;
    update_adoption_transition: "also/*/id" Scope;
    create_annotation update_annotation: "innovation" Fact, "kpi" Fact, "organisation" Fact;
    create_application update_application: "innovation" Mention, "organisation" Mention;
    create_attendance update_attendance: "person" Mention;
    create_award update_award: "fellowship" Mention, "fund" Scope, "innovation" Mention, "programme" Scope, "recipientOrganisation" Mention, "recipientPerson" Mention;
    create_benefit update_benefit: "countedWithin" Mention, "innovation" Claim, "monetises/benefit" Mention, "organisation" Claim, "programme" Claim, "replaces" Scope;
    create_call update_call: "cohort" Scope;
    create_client update_client: "organisation" Scope;
    create_contribution: "contributor" Mention, "pledge" Scope;
    create_eligibility update_eligibility: "organisation" Mention, "place" Mention;
    create_exclusion create_recalculation: "innovation" Fact, "kpi" Fact, "organisation" Fact;
    create_external_investment update_external_investment: "fellow" Mention, "innovation" Mention, "programme" Scope;
    create_fellow update_fellow create_person update_person: "subject" Mention;
    create_fellowship update_fellowship: "cohort" Scope, "fellow" Link, "host" Mention, "industryPartner" Mention, "innovations/*" Link, "programme" Scope;
    create_fund update_fund: "programme" Scope, "publishingFunder" Mention;
    create_grant update_grant: "body" Mention, "innovation" Scope, "organisation" Scope, "programme" Scope, "subject" Mention;
    create_innovation update_innovation: "owner" Mention;
    assign_innovation_keeper: "programme" Mention;
    create_kpi update_kpi: "programme" Scope, "successorOf" Mention;
    create_kpi_set update_kpi_set: "assignments/*/place" Mention, "kpis/*" Scope, "programme" Scope;
    create_kpi_target: "organisation" Mention;
    create_leader update_leader: "organisation" Mention, "person" Mention, "programme" Scope;
    create_learning_event update_learning_event: "host" Mention, "programme" Scope;
    create_lock_exception: "kpi" Fact, "organisation" Fact, "set" Fact;
    create_mentorship update_mentorship: "fellowship" Scope, "mentor" Mention;
    create_network update_network: "programme" Scope;
    create_organisation update_organisation create_organisation_edge update_organisation_edge: "parent" Scope;
    create_organisation_succession: "children/*/code" Scope, "children/*/parent" Scope, "to/*/code" Scope;
    create_pledge update_pledge: "contributor" Mention, "fund" Scope;
    create_population update_population: "innovation" Mention, "organisation" Mention;
    create_programme_membership update_programme_membership: "programme" Link, "slug" Link;
    create_programme_partner update_programme_partner: "organisation" Link;
    create_reallocation: "award" Scope, "fromFund" Scope, "toFund" Scope;
    create_release: "kpiSet" Fact, "places/*" Fact, "revisionOf" Mention;
    create_reporting_exception update_reporting_exception: "innovation" Fact, "kpi" Fact, "organisation" Fact;
    create_review: "reviewer" Mention;
    transition_kpi: "successor" Mention;
    submit_kpi_values: "kpi" Fact, "rows/*/innovation" Fact, "rows/*/kpi" Fact, "rows/*/organisation" Fact, "set" Fact;
}

/// The rule of what an operation names by this property.
pub fn rule(operation: Operation, property: &str) -> Option<Rule> {
    let row = REFERENCES.iter().find(|row| row.operations.contains(&operation))?;
    row.properties.iter().find(|(name, _)| *name == property).map(|(_, rule)| *rule)
}
