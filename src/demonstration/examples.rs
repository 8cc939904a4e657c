//! What the API document shows as examples: records that the demonstration has, so that every request can be sent as it
//! is prefilled by somebody with the national administrator's token.

use crate::access::Operation;
use crate::http::openapi::{Example, Examples};
use crate::vocabulary::Id;
use serde_json::{Value, json};

/// Records with a key of their own: where, which parameter, its value.
const KEYS: &[(&str, &str, &str)] = &[
    ("/v1/innovations/{slug}", "slug", "heartflow"),
    ("/v1/innovations/{slug}/programme-memberships", "slug", "mycopd"),
    ("transition_innovation", "slug", "illustrative-1"),
    ("/v1/fellowships/{id}/innovations/{slug}", "slug", "nervecentre"),
    ("/v1/organisations/{code}", "code", "RJZ"),
    ("/v1/organisations/{code}/edges", "code", "RJZ"),
    ("/v1/organisations/{code}/successions", "code", "RR1"),
    ("create_organisation_succession", "code", "ILLUSTRATIVE-1"),
    ("import_ods_file", "file", "etr"),
    ("/v1/innovations/{slug}/eligibility", "slug", "mycopd"),
    ("delete_annotation", "reason", "It was noted for another month."),
    ("delete_benefit", "reason", "Its beds are in another claim."),
    ("delete_benefit_realisation", "reason", "It was counted twice."),
    ("delete_contribution", "code", "RUP-2020"),
    ("delete_contribution", "reason", "It was entered twice."),
    ("delete_population", "reason", "Another practice was meant."),
    ("delete_eligibility", "reason", "Another innovation was meant."),
    ("delete_organisation_edge", "reason", "It was added for another organisation."),
    ("delete_organisation_succession", "reason", "The two did not merge."),
    ("/v1/kpis/{code}", "code", "emergency-performance"),
    ("get_kpi_spc", "organisation", "RJZ"),
    ("get_kpi_chart", "organisation", "RJZ"),
    ("get_kpi_grid", "organisation", "RJZ"),
    ("get_kpi_totals", "place", "QWE"),
    ("get_kpi_set_completeness", "period", "2018-01"),
    ("delete_lock_exception", "reason", "It was opened for another trust."),
    ("delete_reporting_exception", "reason", "It was recorded for another trust."),
    ("/v1/kpi-sets/{code}", "code", "stroke-care"),
    ("/v1/kpi-values/{id}", "id", "1.2016-04-01"),
    ("/v1/programmes/{slug}", "slug", "nia"),
    ("/v1/programmes/{slug}/calls", "slug", "itp"),
    ("/v1/programmes/{slug}/cohorts/{number}", "number", "1"),
    ("get_programme_impact", "asOf", "2016-04-30"),
    ("/v1/networks/{slug}", "slug", "q"),
    ("/v1/funds/{code}", "code", "NIA-2015"),
    ("/v1/code-lists/{name}", "name", "stages"),
    // Versions that are not the first.
    ("/v1/webhooks/{id}", "If-Match", "W/\"2\""),
    ("/v1/fellowships/{id}", "If-Match", "W/\"2\""),
    ("transition_innovation", "If-Match", "W/\"2\""),
    ("update_innovation", "If-Match", "W/\"2\""),
    ("delete_innovation", "If-Match", "W/\"2\""),
    ("assign_innovation_keeper", "If-Match", "W/\"2\""),
    ("update_learning_event", "If-Match", "W/\"18\""),
    ("transition_gateway_review", "If-Match", "W/\"2\""),
    ("transition_kpi", "code", "feno-pcn-access"),
    ("update_kpi", "code", "emergency-attendances"),
    ("/v1/adoptions/{id}/transitions/{transition}", "If-Match", "W/\"2\""),
    ("/v1/fellowships/{id}/transitions/{transition}", "If-Match", "W/\"2\""),
    ("delete_fellowship_transition", "reason", "It has not begun yet."),
    ("delete_adoption", "reason", "It was recorded twice."),
    ("delete_adoption_transition", "reason", "The pilot went on."),
    ("/problems/{code}", "code", "validation-failed"),
];

/// Records by id: where, which parameter, and which of its kind in the order in which the demonstration makes them.
const MADE: &[(&str, &str, Operation, u32)] = &[
    ("/v1/adoptions/{id}", "id", Operation::create_adoption, 1),
    ("/v1/adoptions/{id}/approval/transitions", "id", Operation::create_adoption, 76),
    ("/v1/adoptions/{id}/transitions/{transition}", "id", Operation::create_adoption, 2),
    ("/v1/adoptions/{id}/transitions/{transition}", "transition", Operation::transition_adoption, 1),
    ("/v1/annotations/{id}", "id", Operation::create_annotation, 1),
    ("/v1/applications/{id}", "id", Operation::create_application, 1),
    ("/v1/applications/{id}/reviews", "id", Operation::create_application, 2),
    ("/v1/reviews/{id}", "id", Operation::create_review, 1),
    ("/v1/awards/{id}", "id", Operation::create_award, 1),
    ("update_award", "id", Operation::create_award, 3),
    ("transition_award", "id", Operation::create_award, 3),
    ("/v1/awards/{id}/gateway-reviews/{review}", "review", Operation::create_gateway_review, 1),
    ("recommend_gateway_review", "review", Operation::create_gateway_review, 2),
    ("transition_gateway_review", "review", Operation::create_gateway_review, 2),
    ("/v1/awards/{id}/milestones/{milestone}", "milestone", Operation::create_milestone, 1),
    ("/v1/awards/{id}/transactions/{transaction}", "transaction", Operation::create_award_transaction, 1),
    ("/v1/awards/{id}/reprofilings/{reprofiling}", "reprofiling", Operation::create_award_reprofiling, 1),
    ("/v1/awards/{id}/supplements/{supplement}", "supplement", Operation::create_award_supplement, 1),
    ("/v1/benefits/{id}", "id", Operation::create_benefit, 1),
    ("/v1/benefits/{id}/realisations/{realisation}", "id", Operation::create_benefit, 29),
    ("/v1/benefits/{id}/realisations/{realisation}", "realisation", Operation::create_benefit_realisation, 1),
    ("/v1/calls/{id}", "id", Operation::create_call, 3),
    ("update_call", "id", Operation::create_call, 1),
    ("/v1/clients/{id}", "id", Operation::create_client, 1),
    ("/v1/clients/{id}/keys/{key}", "key", Operation::create_client_keys, 1),
    ("/v1/clients/{id}/secrets/{entry}", "entry", Operation::create_client_secret, 1),
    ("/v1/events/{id}", "id", Operation::create_learning_event, 1),
    ("/v1/events/{id}/attendances/{attendance}", "attendance", Operation::create_attendance, 1),
    ("/v1/exclusions/{id}", "id", Operation::create_exclusion, 1),
    ("/v1/external-investments/{id}", "id", Operation::create_external_investment, 1),
    ("/v1/fellows/{id}", "id", Operation::create_fellow, 1),
    ("/v1/fellowships/{id}", "id", Operation::create_fellowship, 1),
    ("/v1/fellowships/{id}/innovations/{slug}", "id", Operation::create_fellowship, 2),
    ("/v1/fellowships/{id}/transitions/{transition}", "id", Operation::create_fellowship, 3),
    ("/v1/fellowships/{id}/transitions/{transition}", "transition", Operation::transition_fellowship, 3),
    ("/v1/funds/{code}/contributions/{id}", "id", Operation::create_contribution, 1),
    ("delete_contribution", "id", Operation::create_contribution, 3),
    ("/v1/grants/{id}", "id", Operation::create_grant, 1),
    ("/v1/innovations/{slug}/programme-memberships/{id}", "id", Operation::create_programme_membership, 3),
    ("/v1/kpi-value-flags/{id}", "id", Operation::update_kpi_value_flag, 1),
    ("/v1/kpi-submissions/{id}", "id", Operation::submit_kpi_values, 1),
    ("list_replaced_kpi_values", "replacedBy", Operation::submit_kpi_values, 1),
    ("/v1/lock-exceptions/{id}", "id", Operation::create_lock_exception, 1),
    ("/v1/jobs/{id}", "id", Operation::list_kpi_values, 1),
    ("transition_job", "id", Operation::list_kpi_values, 2),
    ("/v1/kpis/{code}/targets/{id}", "id", Operation::create_kpi_target, 1),
    ("/v1/leaders/{id}", "id", Operation::create_leader, 1),
    ("/v1/mentorships/{id}", "id", Operation::create_mentorship, 1),
    ("/v1/networks/{slug}/memberships/{id}", "id", Operation::create_network_membership, 1),
    ("/v1/people/{id}", "id", Operation::create_person, 1),
    ("/v1/people/{id}/requests/{request}", "request", Operation::create_person_request, 1),
    ("/v1/innovations/{slug}/eligibility/{id}", "id", Operation::create_eligibility, 1),
    ("/v1/organisations/{code}/edges/{id}", "id", Operation::create_organisation_edge, 1),
    ("/v1/organisations/{code}/successions/{id}", "id", Operation::create_organisation_succession, 1),
    ("/v1/pledges/{id}", "id", Operation::create_pledge, 1),
    ("/v1/populations/{id}", "id", Operation::create_population, 1),
    ("/v1/programmes/{slug}/partners/{id}", "id", Operation::create_programme_partner, 1),
    ("/v1/reallocations/{id}", "id", Operation::create_reallocation, 1),
    ("/v1/webhooks/{id}", "id", Operation::create_webhook, 1),
    ("/v1/recalculations/{id}", "id", Operation::create_recalculation, 1),
    ("transition_recalculation", "id", Operation::create_recalculation, 2),
    ("/v1/releases/{id}", "id", Operation::create_release, 1),
    ("/v1/reporting-exceptions/{id}", "id", Operation::create_reporting_exception, 1),
];

/// Which of the demonstration's deliveries is of a set.
const STROKE_CARE: u32 = 3;

/// Every example.
pub fn all() -> Examples {
    let example = |at, parameter, value| Example { at, parameter, value };
    let keys = KEYS.iter().map(|(at, parameter, key)| example(at, parameter, (*key).to_owned()));
    let made =
        MADE.iter().map(|(at, name, step, number)| example(at, name, Id::foreseen(step.id(), *number).to_string()));
    // A delivery makes its returns after its own record.
    let delivered = Id::foreseen(Operation::submit_kpi_values.id(), STROKE_CARE).following();
    let of_delivery = [example("/v1/kpi-returns/{id}", "id", delivered.to_string())];
    Examples { parameters: keys.chain(made).chain(of_delivery).collect(), bodies: bodies() }
}

/// The moves of each state machine: all have one schema.
fn bodies() -> Vec<(&'static str, Value)> {
    let client = Id::foreseen(Operation::create_client.id(), 1);
    vec![
        ("create_grant", json!({ "subject": client, "role": "submitter", "organisation": "RJZ" })),
        (
            "issue_token",
            json!({ "grant_type": "client_credentials", "client_id": client, "client_secret": "ir_secret_of_the_client" }),
        ),
        ("transition_benefit_side", json!({ "to": "refused", "reason": "The same people are in another claim." })),
        ("transition_adoption_approval", json!({ "to": "approved" })),
        ("transition_application", json!({ "to": "submitted" })),
        ("transition_award_supplement", json!({ "to": "approved" })),
        ("transition_fellowship", json!({ "to": "completed" })),
        ("transition_fellowship_innovation", json!({ "to": "ended" })),
        (
            "transition_innovation",
            json!({ "to": "development", "reason": "The pilot showed that it needs more work." }),
        ),
        ("transition_job", json!({ "to": "cancelled" })),
        ("transition_programme_membership", json!({ "to": "ended" })),
        ("transition_programme_partner", json!({ "to": "ended" })),
        ("transition_webhook", json!({ "to": "active" })),
        ("transition_review", json!({ "to": "recused", "reason": "I have worked with the applicant." })),
    ]
}
