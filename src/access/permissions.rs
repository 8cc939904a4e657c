//! The permission table: one row an operation, one column a role. It is the whole of the role model; a test walks it
//! together with the API document, so that no operation is without a row and no row without an operation.

use crate::words;

words! {
    /// What a grant makes of its subject.
    pub enum Role {
        NationalAdmin = "national-admin",
        ProgrammeManager = "programme-manager",
        RegionalLead = "regional-lead",
        Submitter = "submitter",
        Fellow = "fellow",
        Evaluator = "evaluator",
        Reader = "reader",
        Applicant = "applicant",
        NationalEvaluator = "national-evaluator",
    }
}

words! {
    /// The kind of place that a grant holds for. Each role takes one.
    pub enum ScopeKind {
        National = "national",
        Programme = "programme",
        Organisation = "organisation",
        Innovation = "innovation",
        /// What the subject made.
        Own = "self",
        /// What the subject was asked to judge.
        Assigned = "assigned",
    }
}

impl Role {
    /// The only kind of scope that a grant of this role may have.
    pub fn scope(self) -> ScopeKind {
        match self {
            Self::NationalAdmin | Self::NationalEvaluator | Self::Reader => ScopeKind::National,
            Self::ProgrammeManager => ScopeKind::Programme,
            Self::RegionalLead | Self::Submitter => ScopeKind::Organisation,
            Self::Fellow => ScopeKind::Innovation,
            Self::Applicant => ScopeKind::Own,
            Self::Evaluator => ScopeKind::Assigned,
        }
    }
}

/// The answer of one role to one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Everywhere.
    All,
    /// Inside the grant's scope only.
    Own,
    /// Not at all.
    No,
}

/// One row: the operation, the answer of each role, and who else may do it.
pub struct Row {
    pub operation: Operation,
    answers: [Answer; 8],
    /// Whether it can be done without a token.
    pub anonymous: bool,
    /// Whether it can be done for one end user's organisation alone: its records belong to organisations, or it concerns none.
    pub placed: bool,
}

const A: Answer = Answer::All;
const O: Answer = Answer::Own;
const X: Answer = Answer::No;

macro_rules! table {
    ($($operation:ident: $a:ident $p:ident $l:ident $s:ident $f:ident $e:ident $r:ident $i:ident $public:ident;)*) => {
        /// Everything that can be done, by the id that the API document gives it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(non_camel_case_types, reason = "a variant is the operation's id, letter for letter, so that a search finds it")]
        pub enum Operation { $($operation,)* }

        impl Operation {
            pub fn id(self) -> &'static str {
                match self { $(Self::$operation => stringify!($operation),)* }
            }

            pub fn row(self) -> &'static Row {
                &TABLE[self as usize]
            }

            /// The operation of this id, if there is one. For start-up alone: it walks the table.
            pub fn named(id: &str) -> Option<Self> {
                TABLE.iter().map(|row| row.operation).find(|operation| operation.id() == id)
            }
        }

        /// Rows in alphabetical order of their operation.
        pub static TABLE: &[Row] = &[$(Row { operation: Operation::$operation, answers: [$a, $p, $l, $s, $f, $e, $r, $i], anonymous: table!(@ $public), placed: table!(@@ $public) },)*];
    };
    (@ public) => { true };
    (@ $other:ident) => { false };
    (@@ placed) => { true };
    (@@ token) => { false };
    (@@ public) => { true };
}

// Columns: national-admin, programme-manager, regional-lead, submitter, fellow, evaluator (and national-evaluator), reader,
// applicant. Then who else: `public` needs no token; `placed` does, and can be narrowed to an end user's organisation;
// `token` cannot, since its records belong to no organisation.
table! {
    accept_recalculations:          A O O X X X X X placed;
    analyse_spc:                    A A A A A A A A placed;
    approve_kpi_returns:            A O O X X X X X placed;
    assign_innovation_keeper:       A O X X X X X X token;
    create_adoption:                A X O O O X X X placed;
    create_annotation:              A O O O X X X X placed;
    create_application:             A X X O O X X O placed;
    create_attendance:              A O X X X X X X token;
    create_award:                   A O X X X X X X token;
    create_award_reprofiling:       A O X X X X X X token;
    create_award_supplement:        A O X X X X X X token;
    create_award_transaction:       A O X X X X X X token;
    create_benefit:                 A O O O O X X X placed;
    create_benefit_realisation:     A O O O O X X X placed;
    create_call:                    A O X X X X X X token;
    create_client:                  A O O X X X X X token;
    create_client_keys:             A O O X X X X X token;
    create_client_secret:           A O O X X X X X token;
    create_cohort:                  A O X X X X X X token;
    create_contribution:            A O X X X X X X token;
    create_eligibility:             A O X X O X X O token;
    create_exclusion:               A O O X X X X X placed;
    create_external_investment:     A O X X X X X X token;
    create_fellow:                  A O X X X X X X token;
    create_fellowship:              A O X X X X X X token;
    create_fund:                    A O X X X X X X token;
    create_gateway_review:          A O X X X X X X token;
    create_grant:                   A O O X X X X X token;
    create_innovation:              A O X X X X X O token;
    create_kpi:                     A O A X X X X X token;
    create_kpi_set:                 A O X X X X X X token;
    create_kpi_target:              A O X X X X X X token;
    create_leader:                  A O X X X X X X token;
    create_learning_event:          A O X X X X X X token;
    create_lock_exception:          A O O X X X X X placed;
    create_mentorship:              A O X X X X X X token;
    create_milestone:               A O X X X X X X token;
    create_network:                 A O X X X X X X token;
    create_network_membership:      A O X X X X X X token;
    create_organisation:            A X X X X X X X token;
    create_organisation_edge:       A X X X X X X X token;
    create_organisation_succession: A X X X X X X X token;
    create_person:                  A A X X X X X X token;
    create_person_request:          A X X X X X X X token;
    create_pledge:                  A O X X X X X X token;
    create_population:              A X X X X X X X token;
    create_programme:               A X X X X X X X token;
    create_programme_membership:    A O X X O X X X token;
    create_programme_partner:       A O X X X X X X token;
    create_reallocation:            A O X X X X X X token;
    create_recalculation:           A O O O X X X X placed;
    create_release:                 A O O X X X X X placed;
    create_reporting_exception:     A O O O O X X X placed;
    create_review:                  A O X X X X X X token;
    create_webhook:                 A O O O X X X X token;
    create_webhook_secret:          A O O O X X X X token;
    delete_adoption:                A X O O X X X X placed;
    delete_adoption_transition:     A X O O X X X X placed;
    delete_annotation:              A O O O X X X X placed;
    delete_benefit:                 A O O O O X X X placed;
    delete_benefit_realisation:     A O O O O X X X placed;
    delete_client_key:              A O O X X X X X token;
    delete_client_secret:           A O O X X X X X token;
    delete_contribution:            A O X X X X X X token;
    delete_eligibility:             A O X X O X X O token;
    delete_exclusion:               A O O X X X X X placed;
    delete_external_investment:     A O X X X X X X token;
    delete_fellowship_transition:   A O X X X X X X token;
    delete_grant:                   A O O X X X X X token;
    delete_innovation:              A O X X X X X O token;
    delete_kpi_target:              A O X X X X X X token;
    delete_lock_exception:          A O O X X X X X placed;
    delete_organisation_edge:       A X X X X X X X token;
    delete_organisation_succession: A X X X X X X X token;
    delete_population:              A X X X X X X X token;
    delete_recalculation:           A O O O X X X X placed;
    delete_reporting_exception:     A O O O O X X X placed;
    delete_webhook:                 A O O O X X X X token;
    erase_person:                   A X X X X X X X token;
    export_person:                  A X X X O X X O token;
    get_360giving_export:           A A A A A A A A public;
    get_adoption:                   A A A A A A A A placed;
    get_annotation:                 A O O O O O X X placed;
    get_application:                A O O O O O X O placed;
    get_attendance:                 A A A A A A A A token;
    get_award:                      A O O O O A X X placed;
    get_award_reprofiling:          A O O O O A X X token;
    get_award_supplement:           A O O O O A X X token;
    get_award_transaction:          A O O O O A X X token;
    get_benefit:                    A A A A A A A A placed;
    get_benefit_realisation:        A A A A A A A A placed;
    get_call:                       A A A A A A A A public;
    get_client:                     A O O X X X X X token;
    get_code_list:                  A A A A A A A A public;
    get_cohort:                     A A A A A A A A public;
    get_contribution:               A O X X X A X X token;
    get_eligibility:                A A A A A A A A public;
    get_exclusion:                  A A A A A A A A placed;
    get_external_investment:        A O X X O A X X token;
    get_fellow:                     A A A A A A A A token;
    get_fellowship:                 A A A A A A A A token;
    get_fund:                       A O O X X A X X token;
    get_fund_position:              A O O X X A X X token;
    get_funding_report:             A O X X X A X X token;
    get_gateway_review:             A O O O O A X X token;
    get_grant:                      A O O X X X X X token;
    get_innovation:                 A A A A A A A A public;
    get_innovation_uptake:          A A A A A A A A public;
    get_innovation_uptake_chart:    A A A A A A A A public;
    get_job:                        A O O O O O O O token;
    get_job_result:                 A O O O O O O O token;
    get_kpi:                        A A A A A A A A public;
    get_kpi_chart:                  A O O A O O A A placed;
    get_kpi_grid:                   A O O A O O A A placed;
    get_kpi_return:                 A O O O X O X X placed;
    get_kpi_set:                    A A A A A A A A token;
    get_kpi_set_completeness:       A O O O X O X X placed;
    get_kpi_set_template:           A X O O X X X X placed;
    get_kpi_set_workbook:           A X O O X X X X placed;
    get_kpi_spc:                    A O O A O O A A placed;
    get_kpi_submission:             A O O O O X X X placed;
    get_kpi_target:                 A A A A A A A A public;
    get_kpi_template:               A A A A A A A A public;
    get_kpi_totals:                 A O O A O O A A placed;
    get_kpi_value_flag:             A O O O O O X X placed;
    get_leader:                     A A A A A A A A token;
    get_leaders_progress:           A A A A A A A A token;
    get_learning_event:             A A A A A A A A token;
    get_lock_exception:             A A A A A A A A placed;
    get_me:                         A A A A A A A A placed;
    get_mentorship:                 A A A A A A A A token;
    get_milestone:                  A O O O O A X X token;
    get_network:                    A A A A A A A A token;
    get_network_membership:         A A A A A A A A token;
    get_organisation:               A A A A A A A A public;
    get_organisation_edge:          A A A A A A A A public;
    get_organisation_succession:    A A A A A A A A public;
    get_person:                     A A X X X X X X token;
    get_person_request:             A X X X X X X X token;
    get_pledge:                     A O X X X A X X token;
    get_population:                 A A A A A A A A public;
    get_programme:                  A A A A A A A A public;
    get_programme_impact:           A A A A A A A A token;
    get_programme_membership:       A A A A A A A A public;
    get_programme_partner:          A A A A A A A A public;
    get_reallocation:               A O X X X A X X token;
    get_recalculation:              A A A A A A A A placed;
    get_release:                    A A A A A A A A public;
    get_release_differences:        A O O A O O A A placed;
    get_reporting_exception:        A A A A A A A A placed;
    get_review:                     A O O X X O X X token;
    get_webhook:                    A O O O X X X X token;
    import_adoptions:               A X O O O X X X placed;
    import_ods_file:                A X X X X X X X token;
    issue_local_token:              A X X X X X X X token;
    list_adoption_approval_transitions:A A A A A A A A placed;
    list_adoption_counts:           A A A A A A A A placed;
    list_adoption_transitions:      A A A A A A A A placed;
    list_adoptions:                 A A A A A A A A placed;
    list_all_adoption_counts:       A A A A A A A A placed;
    list_all_benefit_realisations:  A A A A A A A A placed;
    list_annotations:               A O O O O O X X placed;
    list_application_transitions:   A O O O O O X O placed;
    list_applications:              A O O O O O X O placed;
    list_attendances:               A A A A A A A A token;
    list_audit_events:              A O O O O O X X placed;
    list_award_reprofilings:        A O O O O A X X token;
    list_award_supplements:         A O O O O A X X token;
    list_award_transactions:        A O O O O A X X token;
    list_award_transitions:         A O O O O A X X token;
    list_awards:                    A O O O O A X X placed;
    list_benefit_realisations:      A A A A A A A A placed;
    list_benefit_side_transitions:  A A A A A A A A placed;
    list_benefits:                  A A A A A A A A placed;
    list_blocked_grants:            A O X X X X X X token;
    list_call_ranking:              A O X X X X X X token;
    list_calls:                     A A A A A A A A public;
    list_changes:                   A A A A A A A A placed;
    list_client_keys:               A O O X X X X X token;
    list_client_secrets:            A O O X X X X X token;
    list_client_transitions:        A O O X X X X X token;
    list_clients:                   A O O X X X X X token;
    list_code_lists:                A A A A A A A A public;
    list_cohorts:                   A A A A A A A A public;
    list_contributions:             A O X X X A X X token;
    list_eligibility:               A A A A A A A A public;
    list_exclusions:                A A A A A A A A placed;
    list_external_investments:      A O X X O A X X token;
    list_fellows:                   A A A A A A A A token;
    list_fellowship_innovation_transitions: A A A A A A A A token;
    list_fellowship_transitions:    A A A A A A A A token;
    list_fellowships:               A A A A A A A A token;
    list_fund_contributions:        A O X X X A X X token;
    list_fund_pledges:              A O X X X A X X token;
    list_funds:                     A O O X X A X X token;
    list_gateway_reviews:           A O O O O A X X token;
    list_grants:                    A O O X X X X X token;
    list_innovation_transitions:    A A A A A A A A token;
    list_innovations:               A A A A A A A A public;
    list_jobs:                      A O O O O O O O token;
    list_kpi_definition_library:    A A A A A A A A public;
    list_kpi_return_drafts:         A O O O X O X X placed;
    list_kpi_return_transitions:    A O O O X O X X placed;
    list_kpi_returns:               A O O O X O X X placed;
    list_kpi_sets:                  A A A A A A A A token;
    list_kpi_submission_rows:       A O O O O X X X placed;
    list_kpi_submissions:           A O O O O X X X placed;
    list_kpi_targets:               A A A A A A A A public;
    list_kpi_transitions:           A A A A A A A A token;
    list_kpi_value_flags:           A O O O O O X X placed;
    list_kpi_value_revisions:       A O O A O O A A placed;
    list_kpi_values:                A O O A O O A A placed;
    list_kpi_versions:              A A A A A A A A public;
    list_kpis:                      A A A A A A A A public;
    list_leaders:                   A A A A A A A A token;
    list_learning_events:           A A A A A A A A token;
    list_lock_exceptions:           A A A A A A A A placed;
    list_mentorships:               A A A A A A A A token;
    list_milestones:                A O O O O A X X token;
    list_network_memberships:       A A A A A A A A token;
    list_networks:                  A A A A A A A A token;
    list_non_adopters:              A A A A A A A A token;
    list_organisation_edges:        A A A A A A A A public;
    list_organisation_successions:  A A A A A A A A public;
    list_organisations:             A A A A A A A A public;
    list_people:                    A A X X X X X X token;
    list_person_requests:           A X X X X X X X token;
    list_pledges:                   A O X X X A X X token;
    list_populations:               A A A A A A A A public;
    list_programme_membership_transitions: A A A A A A A A token;
    list_programme_memberships:     A A A A A A A A public;
    list_programme_partner_transitions: A A A A A A A A token;
    list_programme_partners:        A A A A A A A A public;
    list_programmes:                A A A A A A A A public;
    list_reallocations:             A O X X X A X X token;
    list_recalculation_transitions: A A A A A A A A placed;
    list_recalculations:            A A A A A A A A placed;
    list_release_figures:           A A A A A A A A public;
    list_release_values:            A O O A O O A A placed;
    list_releases:                  A A A A A A A A public;
    list_replaced_kpi_values:       A O O A O O A A placed;
    list_reporting_exceptions:      A A A A A A A A placed;
    list_reviews:                   A O O X X O X X token;
    list_webhook_deliveries:        A O O O X X X X token;
    list_webhook_transitions:       A O O O X X X X token;
    list_webhooks:                  A O O O X X X X token;
    recommend_gateway_review:       A O X X X O X X token;
    see_unsuppressed_values:        A O O O O O X X placed;
    seed:                           A X X X X X X X token;
    submit_kpi_values:              A X O O O X X X placed;
    transition_adoption:            A X O O X X X X placed;
    transition_adoption_approval:   A X O O X X X X placed;
    transition_application:         A O X O O X X O placed;
    transition_award:               A O X X X X X X token;
    transition_award_supplement:    A O X X X X X X token;
    transition_benefit_side:        A O O O O X X X placed;
    transition_client:              A O O X X X X X token;
    transition_fellowship:          A O X X O X X O token;
    transition_fellowship_innovation: A O X X O X X X token;
    transition_gateway_review:      A O X X X X X X token;
    transition_innovation:          A O X X O X X O token;
    transition_job:                 A O O O O O O O token;
    transition_kpi:                 A X X X X X X X token;
    transition_kpi_return:          A O O O X X X X placed;
    transition_programme_membership: A O X X O X X X token;
    transition_programme_partner:   A O O O X X X X token;
    transition_recalculation:       A O O X X X X X placed;
    transition_review:              A O O X X O X X token;
    transition_webhook:             A O O O X X X X token;
    update_adoption:                A X O O X X X X placed;
    update_adoption_transition:     A X O O X X X X placed;
    update_annotation:              A O O O X X X X placed;
    update_application:             A X X O O X X O placed;
    update_attendance:              A O X X X X X X token;
    update_award:                   A O X X X X X X token;
    update_benefit:                 A O O O O X X X placed;
    update_call:                    A O X X X X X X token;
    update_client:                  A O O X X X X X token;
    update_cohort:                  A O X X X X X X token;
    update_eligibility:             A O X X O X X O token;
    update_external_investment:     A O X X X X X X token;
    update_fellow:                  A O X X O X X O token;
    update_fellowship:              A O X X X X X X token;
    update_fellowship_transition:   A O X X X X X X token;
    update_fund:                    A O X X X X X X token;
    update_gateway_review:          A O X X X X X X token;
    update_grant:                   A O O X X X X X token;
    update_innovation:              A O X X O X X O token;
    update_kpi:                     A O X X X X X X token;
    update_kpi_set:                 A O X X X X X X token;
    update_kpi_value_flag:          A X O O O X X X placed;
    update_leader:                  A O X X X X X X token;
    update_learning_event:          A O X X X X X X token;
    update_mentorship:              A O X X X X X X token;
    update_milestone:               A O X X X X X X token;
    update_network:                 A O X X X X X X token;
    update_network_membership:      A O X X X X X X token;
    update_organisation:            A X X X X X X X token;
    update_organisation_edge:       A X X X X X X X token;
    update_person:                  A X X X X X X X token;
    update_person_request:          A X X X X X X X token;
    update_pledge:                  A O X X X X X X token;
    update_population:              A X X X X X X X token;
    update_programme:               A O X X X X X X token;
    update_programme_membership:    A O X X O X X X token;
    update_programme_partner:       A O X X X X X X token;
    update_reporting_exception:     A O O O O X X X placed;
    update_review:                  A O O X X O X X token;
    update_webhook:                 A O O O X X X X token;
}

/// Rows that are no operation of the API: an ability that several operations ask for, and what only the command line does.
pub const ABILITIES: &[Operation] = &[
    Operation::accept_recalculations,
    Operation::approve_kpi_returns,
    Operation::issue_local_token,
    Operation::see_unsuppressed_values,
    Operation::seed,
];

impl Row {
    pub fn answer(&self, role: Role) -> Answer {
        // What an evaluator may do where assigned, a national one may do everywhere: their scopes differ, not their answers.
        let column = if role == Role::NationalEvaluator { Role::Evaluator } else { role };
        self.answers.get(column as usize).copied().unwrap_or(Answer::No)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_alphabetical_order() {
        assert!(TABLE.is_sorted_by(|a, b| a.operation.id() < b.operation.id()));
        assert!(Operation::named("get_me").is_some() && Operation::named("get_you").is_none());
    }

    #[test]
    fn what_is_public_is_open_to_every_role() {
        for row in TABLE.iter().filter(|row| row.anonymous) {
            assert_eq!(row.answers, [A; 8], "{}", row.operation.id());
        }
    }
}
