//! The API document: collected from the router that serves, then completed with what is true of every operation, so
//! that no handler repeats it: security, common headers and parameters, problems, limits, names.

mod examples;
mod operation;
mod schemas;
mod shared;

pub use examples::Example;

use serde_json::{Value, json};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Innovation Register",
        description = "The national register of health innovations: what they are, where they are used, and the KPIs that show whether they spread.\n\nLists page by cursor, filter by field (a comma is or), sort by `sort`, and refuse unknown parameters. Changes of a record need `If-Match` with its ETag. Every refusal is `application/problem+json` with a stable `code`.",
        contact(name = "The Innovation Register team", url = "https://example.org/innovation-register", email = "register@example.org"),
        license(name = "MIT", identifier = "MIT"),
    ),
    servers((url = "/", description = "The service this document came from: local, staging or production")),
    components(schemas(super::problem::Problem, crate::error::Fault)),
    tags(
        (name = "organisations", description = "NHS bodies and others, their dated hierarchy and successions"),
        (name = "innovations", description = "The innovations themselves"),
        (name = "code-lists", description = "The coded values used throughout"),
        (name = "programmes", description = "What carries innovations: programmes, their partners, cohorts and calls"),
        (name = "applications", description = "Applications to calls: deadlines, reviews, ranking, decisions, offers"),
        (name = "people", description = "Fellows, their fellowships, and what is held about a person"),
        (name = "funding", description = "Funds, contributions, awards with gateways and transactions, reallocations, external investments"),
        (name = "adoptions", description = "Which organisation uses which innovation, how far, since when"),
        (name = "benefits", description = "What innovations brought: claimed and realised"),
        (name = "reports", description = "What programmes brought and what became of the money, each figure traceable to rows"),
        (name = "kpis", description = "The catalogue of KPIs: versions, targets, sets"),
        (name = "kpi-submissions", description = "Sending KPI values, by JSON or CSV"),
        (name = "kpi-values", description = "Reading KPI values and their revisions"),
        (name = "spc", description = "Statistical process control: limits, rules, icons, charts"),
        (name = "audit-events", description = "What was done, by whom, when"),
        (name = "me", description = "Who the token says you are"),
        (name = "platform", description = "Health, documents and keys"),
    ),
)]
struct Base;

/// What the router starts from.
pub fn base() -> utoipa::openapi::OpenApi {
    Base::openapi()
}

/// Completes the collected document, with these examples of parameters.
///
/// # Errors
/// When the document cannot be written as JSON.
pub fn complete(collected: &utoipa::openapi::OpenApi, parameters: &[Example]) -> serde_json::Result<Value> {
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
    examples::apply(&mut document, parameters);
    schemas::complete(&mut document);
    Ok(document)
}

/// The schema of one type that clients send, complete with what it refers to.
///
/// # Errors
/// When the schema cannot be written as JSON.
pub fn document_of<T: utoipa::ToSchema>() -> serde_json::Result<Value> {
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    let mut schema = serde_json::to_value(T::schema())?;
    schemas::bound(&mut schema, true);
    for (name, part) in parts {
        let mut part = serde_json::to_value(part)?;
        schemas::bound(&mut part, schemas::is_request(&name));
        schema["components"]["schemas"][name] = part;
    }
    Ok(schema)
}
