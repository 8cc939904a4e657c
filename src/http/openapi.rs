//! The API document: collected from the router that serves, then completed with what is true of every operation, so
//! that no handler repeats it: security, common headers and parameters, problems, limits.

use crate::auth::access;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Innovation Register",
        description = "The national register of health innovations: what they are, where they are used, and the KPIs that show whether they spread.\n\nLists page by cursor, filter by field (a comma is or), sort by `sort`, and refuse unknown parameters. Changes of a record need `If-Match` with its ETag. Every refusal is `application/problem+json` with a stable `code`.",
        contact(name = "The Innovation Register team", url = "https://example.org/innovation-register", email = "register@example.org"),
        license(name = "MIT", identifier = "MIT"),
    ),
    servers((url = "/", description = "This service")),
    components(schemas(super::problem::Problem, super::problem::ProblemFault)),
    tags(
        (name = "organisations", description = "NHS bodies and others, their dated hierarchy and successions"),
        (name = "innovations", description = "The innovations themselves"),
        (name = "code-lists", description = "The coded values used throughout"),
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

/// The refusals any operation under `/v1` may answer with, and the one any other may.
const REFUSALS: [(&str, &str); 6] = [
    ("400", "The request cannot be read"),
    ("401", "A bearer token is needed, or was refused"),
    ("403", "Your grants do not allow this"),
    ("406", "No acceptable representation"),
    ("429", "Too many requests"),
    ("503", "Too busy, or the database cannot be reached"),
];

/// Completes the collected document.
///
/// # Errors
/// When the document cannot be written as JSON.
pub fn complete(collected: &utoipa::openapi::OpenApi) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(collected)?;
    document["components"]["securitySchemes"] = json!({
        "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An access token (RFC 9068) of the built-in issuer, or of the OpenID Connect issuer this service trusts. RFC 8725 is followed." }
    });
    document["components"]["headers"] = headers();
    document["components"]["parameters"] = parameters();
    document["components"]["responses"] = json!({ "Problem": problem("A refusal or failure") });
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, item) in paths {
            for (method, operation) in item.as_object_mut().into_iter().flatten() {
                if operation.is_object() {
                    complete_operation(path, method, operation);
                }
            }
        }
    }
    if let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) {
        for (name, schema) in schemas.iter_mut() {
            let request = name.ends_with("Request") || name.ends_with("Patch") || name.ends_with("Input");
            bound(schema, request);
        }
    }
    for item in
        document["paths"].as_object_mut().into_iter().flatten().flat_map(|(_, item)| item.as_object_mut()).flatten()
    {
        for (_, response) in item.1["responses"].as_object_mut().into_iter().flatten() {
            bound(response, false);
        }
    }
    Ok(document)
}

fn headers() -> Value {
    let text =
        |description: &str| json!({ "description": description, "schema": { "type": "string", "maxLength": 4000 } });
    json!({
        "RequestId": { "description": "The request's id: yours from X-Request-ID, or a new one", "schema": { "type": "string", "format": "uuid", "maxLength": 36 } },
        "RateLimit": text("What is left of the allowance: r requests in t seconds"),
        "RateLimitPolicy": text("The allowance: q requests in w seconds"),
        "RetryAfter": { "description": "Seconds to wait", "schema": { "type": "integer", "minimum": 0, "maximum": 86400, "format": "int32" } },
        "ETag": text("The version of the record"),
        "Location": text("Where the new record is"),
        "Link": text("The next page (RFC 8288)"),
        "Allow": text("The methods the path takes"),
        "WwwAuthenticate": text("The scheme to authenticate with"),
    })
}

fn parameters() -> Value {
    let header = |name: &str, required: bool, description: &str, schema: Value| json!({ "name": name, "in": "header", "required": required, "description": description, "schema": schema });
    json!({
        "IfMatch": header("If-Match", true, "The ETag of the version you read.", json!({ "type": "string", "maxLength": 200, "pattern": "^(\\*|(W/)?\"[0-9]{1,9}\")$", "example": "W/\"1\"" })),
        "IfNoneMatch": header("If-None-Match", false, "The ETag you have; 304 if it is still the present one.", json!({ "type": "string", "maxLength": 200, "pattern": "^(\\*|(W/)?\"[0-9]{1,9}\")$" })),
        "IdempotencyKey": header("Idempotency-Key", false, "Your name for this request: sent again with the same body, it is answered as before and done once.", json!({ "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]{1,200}$" })),
        "RequestId": header("X-Request-ID", false, "Your id for this request.", json!({ "type": "string", "format": "uuid", "maxLength": 36 })),
    })
}

fn problem(description: &str) -> Value {
    let header = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
    json!({
        "description": description,
        "headers": { "X-Request-ID": header("RequestId"), "RateLimit": header("RateLimit"), "Retry-After": header("RetryAfter") },
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
    })
}

fn complete_operation(path: &str, method: &str, operation: &mut Value) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let row = access::row(&id);
    operation["security"] = match row {
        Some(row) if row.anonymous => json!([{}, { "bearer": [] }]),
        Some(_) => json!([{ "bearer": [] }]),
        None => json!([]),
    };
    let etagged = operation.pointer("/responses/200/headers/ETag").is_some()
        || operation.pointer("/responses/201/headers/ETag").is_some();
    if let Some(parameters) = operation
        .as_object_mut()
        .map(|o| o.entry("parameters").or_insert_with(|| json!([])))
        .and_then(Value::as_array_mut)
    {
        let mut add = |name: &str| parameters.push(json!({ "$ref": format!("#/components/parameters/{name}") }));
        if row.is_some() {
            add("RequestId");
        }
        let conditional =
            matches!(method, "patch" | "put" | "delete") || (method == "post" && path.ends_with("/transitions"));
        if conditional && row.is_some() {
            add("IfMatch");
        }
        if method == "get" && etagged {
            add("IfNoneMatch");
        }
        if method == "post" && row.is_some() && !path.ends_with("-analyses") {
            add("IdempotencyKey");
        }
    }
    complete_responses(path, method, operation, row.is_some());
}

fn complete_responses(path: &str, method: &str, operation: &mut Value, under_v1: bool) {
    let list =
        operation["parameters"].as_array().is_some_and(|parameters| parameters.iter().any(|p| p["name"] == "cursor"));
    let has_body = operation.get("requestBody").is_some();
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (status, response) in responses.iter_mut() {
        let Some(response) = response.as_object_mut().filter(|_| status.starts_with('2')) else { continue };
        let headers = response.entry("headers").or_insert_with(|| json!({}));
        for (name, component) in
            [("X-Request-ID", "RequestId"), ("RateLimit", "RateLimit"), ("RateLimit-Policy", "RateLimitPolicy")]
        {
            headers[name] = json!({ "$ref": format!("#/components/headers/{component}") });
        }
        if list {
            headers["Link"] = json!({ "$ref": "#/components/headers/Link" });
        }
        for name in ["ETag", "Location"] {
            if headers.get(name).is_some() {
                headers[name] = json!({ "$ref": format!("#/components/headers/{name}") });
            }
        }
    }
    let mut refuse = |status: &str, description: &str| {
        responses.entry(status.to_owned()).or_insert_with(|| problem(description));
    };
    if !under_v1 {
        refuse("429", "Too many requests");
        refuse("default", "Any failure");
        return;
    }
    REFUSALS.iter().for_each(|(status, description)| refuse(status, description));
    if path.contains('{') {
        refuse("404", "There is nothing by that name that you may see");
    }
    if has_body {
        refuse("408", "The body took too long to arrive");
        refuse("413", "The body is too large");
        refuse("415", "The media type is not one this operation reads");
    }
    if has_body || method == "get" {
        refuse("422", "The request is readable but breaks a rule");
    }
    if method != "get" {
        refuse("409", "The present state does not allow it");
    }
    if matches!(method, "patch" | "put" | "delete") || path.ends_with("/transitions") && method == "post" {
        refuse("412", "The record has changed since the version in If-Match");
        refuse("428", "If-Match is needed");
    }
    refuse("default", "Any other failure");
}

/// Every string, number and array says how large it may be; a request says that it takes no other properties.
fn bound(schema: &mut Value, request: bool) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| bound(item, request)),
        Value::Object(object) => {
            let is = |object: &Map<String, Value>, name: &str| match object.get("type") {
                Some(Value::String(one)) => one == name,
                Some(Value::Array(many)) => many.iter().any(|one| one == name),
                _ => false,
            };
            let default = |object: &mut Map<String, Value>, name: &str, value: Value| {
                object.entry(name.to_owned()).or_insert(value);
            };
            if is(object, "string") && !object.contains_key("enum") && !object.contains_key("const") {
                let longest = match object.get("format").and_then(Value::as_str) {
                    Some("date") => 10,
                    Some("date-time") => 40,
                    Some("uuid") => 36,
                    _ => 20_000,
                };
                default(object, "maxLength", json!(longest));
            }
            if is(object, "integer") {
                let wide = object.get("format").and_then(Value::as_str) == Some("int64");
                let (low, high) = if wide {
                    (-9_007_199_254_740_991i64, 9_007_199_254_740_991i64)
                } else {
                    (-2_147_483_648, 2_147_483_647)
                };
                default(object, "minimum", json!(low));
                default(object, "maximum", json!(high));
                default(object, "format", json!("int32"));
            }
            if is(object, "array") {
                default(object, "maxItems", json!(10_000));
            }
            if is(object, "object") && object.contains_key("properties") && request {
                default(object, "additionalProperties", json!(false));
            }
            object
                .values_mut()
                .filter(|value| value.is_object() || value.is_array())
                .for_each(|value| bound(value, request));
        }
        _ => {}
    }
}
