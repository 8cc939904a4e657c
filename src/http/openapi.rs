//! The API document: collected from the router that serves, then completed with what is true of every operation, so
//! that no handler repeats it: security, common headers and parameters, problems, limits, names.

mod examples;
mod operation;
pub(super) mod schemas;
mod shared;

pub use examples::{Example, Examples};

use serde_json::{Value, json};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Innovation Register",
        description = "The national register of health innovations: what they are, who uses them, and the KPIs that show whether they spread.\n\n**Start here.** [The API on one page](/docs/guides/api-fundamentals) gives the rules that every operation follows. There are guides for [integrators](/docs/guides/integrators), [frontend teams](/docs/guides/frontends), [people who send KPI values](/docs/guides/submitters) and [programme teams](/docs/guides/programme-teams).\n\n**To try it**, choose Authorize and paste a token; the text there says where to get one. The examples are those of the demonstration data, so on a fresh demonstration they work as they are.\n\nLists are paged by cursor, filtered by property (a comma means or) and sorted by `sort`. A change of a record needs `If-Match` with its ETag. Every error is `application/problem+json` with a stable `code`.",
        contact(name = "The Innovation Register team", url = "https://example.org/innovation-register", email = "register@example.org"),
        license(name = "MIT", identifier = "MIT"),
    ),
    servers((url = "/", description = "The service that this document comes from: local, staging or production")),
    components(schemas(super::problem::Problem, crate::error::Fault)),
    tags(
        (name = "organisations", description = "NHS bodies and other organisations, their hierarchy and successions over time"),
        (name = "innovations", description = "The innovations themselves"),
        (name = "code-lists", description = "The coded values used throughout"),
        (name = "programmes", description = "Programmes that bring innovations into use, with their partners, cohorts and calls"),
        (name = "applications", description = "Applications to calls: deadlines, reviews, ranking, decisions and offers"),
        (name = "people", description = "Fellows and their fellowships, mentors, events, networks, leaders, and the data held about a person"),
        (name = "funding", description = "Funds, pledges, contributions, awards with supplements, gateways and transactions, reallocations, external investments"),
        (name = "adoptions", description = "Which organisations use which innovations, since when, and the stage each has reached"),
        (name = "benefits", description = "What innovations achieved: claimed from one side, accepted by the others, confirmed by another body"),
        (name = "reports", description = "The impact of programmes and the use of their money, each figure linked to its rows"),
        (name = "kpis", description = "The catalogue of KPIs: versions, targets, sets"),
        (name = "kpi-submissions", description = "Sending KPI values, by JSON or CSV"),
        (name = "releases", description = "Figures as they were published: they never change"),
        (name = "kpi-returns", description = "How far returns have come: approval, deadlines, locks, who is missing"),
        (name = "kpi-values", description = "Reading KPI values and their revisions"),
        (name = "spc", description = "Statistical process control: limits, rules, icons, charts"),
        (name = "audit-events", description = "What was done, by whom and when"),
        (name = "changes", description = "What changed in what you may see, in order, for whoever keeps a copy"),
        (name = "jobs", description = "Requests that are answered later: their progress and their results"),
        (name = "webhooks", description = "Changes sent to an address of yours, signed, and again until they arrive"),
        (name = "access", description = "Tokens, clients and grants: who is let in, and who may do what"),
        (name = "me", description = "The bearer of the token"),
        (name = "platform", description = "Health, documents and public keys"),
    ),
)]
struct Base;

/// What the router starts from.
pub fn base() -> utoipa::openapi::OpenApi {
    Base::openapi()
}

/// Completes the collected document, with these examples.
///
/// # Errors
/// When the document cannot be written as JSON.
pub fn complete(collected: &utoipa::openapi::OpenApi, examples: &Examples) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(collected)?;
    document["servers"][0]["x-internal"] = json!(false);
    let components = &mut document["components"];
    components["securitySchemes"] = shared::security();
    components["headers"] = shared::headers();
    components["parameters"] = shared::parameters();
    components["responses"] = shared::responses();
    components["examples"] = shared::examples();
    let schemas = document["components"]["schemas"].clone();
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten().filter(|(_, value)| value.is_object()) {
            operation::complete(path, method, operation, &schemas);
        }
    }
    examples::apply(&mut document, examples);
    schemas::complete(&mut document);
    Ok(document)
}
