//! What is true of an operation by its method, path and row in the permission table.

use super::shared::{REFUSALS, headers_with, reference};
use crate::access::Operation;
use crate::access::permissions::Row;
use crate::http::problem::TOKEN_ENDPOINT;
use serde_json::{Map, Value, json};

/// The facts that decide what is added.
struct Traits<'a> {
    method: &'a str,
    row: Option<&'static Row>,
    has_body: bool,
    /// A page of a list.
    paged: bool,
    /// Answers with an ETag.
    tagged: bool,
    /// Changes a record that is there, so that `If-Match` is needed.
    conditional: bool,
    /// Whether the path names something that may not be there.
    named: bool,
    /// Whether a repeated request may be answered from memory.
    idempotent_by_key: bool,
    /// Whether it can answer CSV.
    answers_csv: bool,
    /// Whether it can be asked to answer later.
    answers_later: bool,
}

impl<'a> Traits<'a> {
    fn of(path: &str, method: &'a str, operation: &Value, versioned: bool) -> Self {
        let row = Operation::named(operation["operationId"].as_str().unwrap_or_default()).map(Operation::row);
        let under_v1 = row.is_some();
        let tag = |status: &str| operation["responses"][status]["headers"].get("ETag").is_some();
        let paged = operation["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "cursor"));
        let moves = method == "post" && ["/transitions", "/keeper"].iter().any(|end| path.ends_with(end));
        Self {
            method,
            row,
            has_body: operation.get("requestBody").is_some(),
            paged,
            tagged: paged || under_v1 && versioned || tag("200") || tag("201"),
            conditional: under_v1 && (moves || matches!(method, "patch" | "put" | "delete")),
            named: path.contains('{'),
            answers_csv: ["200", "201"]
                .iter()
                .any(|status| operation["responses"][*status]["content"].get("text/csv").is_some()),
            answers_later: operation["responses"].get("202").is_some(),
            idempotent_by_key: under_v1
                && method == "post"
                && !path.ends_with("-analyses")
                && !path.ends_with("/secrets")
                // Their answers hold secrets, which are never kept.
                && path != "/v1/webhooks",
        }
    }

    /// The parameters it takes that it shares with others.
    fn parameters(&self) -> impl Iterator<Item = &'static str> {
        let under_v1 = self.row.is_some();
        [
            (under_v1, "RequestId"),
            (under_v1, "CorrelationId"),
            (self.conditional, "IfMatch"),
            (self.method == "get" && self.tagged, "IfNoneMatch"),
            (self.idempotent_by_key, "IdempotencyKey"),
            (self.answers_csv, "ByteOrderMark"),
            (self.answers_later, "Prefer"),
        ]
        .into_iter()
        .filter_map(|(takes, name)| takes.then_some(name))
    }

    /// Whether it may answer with this status.
    fn refuses(&self, status: &str) -> bool {
        let under_v1 = self.row.is_some();
        match status {
            "404" => under_v1 && self.named,
            "408" | "413" | "415" => self.has_body,
            "409" => under_v1 && self.method != "get",
            "410" => self.row.is_some_and(|row| row.operation == Operation::list_changes),
            "412" | "428" => self.conditional,
            "422" => under_v1 && (self.has_body || self.method == "get"),
            "429" | "500" | "default" => true,
            _ => under_v1,
        }
    }
}

/// Whether it answers with a record that has a version.
fn is_versioned(operation: &Value, schemas: &Value) -> bool {
    ["200", "201"].into_iter().any(|status| {
        let body = operation["responses"][status]["content"]["application/json"]["schema"]["$ref"].as_str();
        let name = body.and_then(|reference| reference.rsplit('/').next()).unwrap_or_default();
        schemas[name]["properties"].get("version").is_some()
    })
}

/// Adds what no handler says.
pub fn complete(path: &str, method: &str, operation: &mut Value, schemas: &Value) {
    if let ("patch", Some(Value::Object(content))) = (method, operation.pointer_mut("/requestBody/content")) {
        let body = content.remove("application/json");
        content.extend(body.map(|body| ("application/merge-patch+json".to_owned(), body)));
    }
    let traits = Traits::of(path, method, operation, is_versioned(operation, schemas));
    operation["security"] = match traits.row {
        Some(row) if row.anonymous => json!([{}, { "bearer": [] }]),
        Some(_) => json!([{ "bearer": [] }]),
        // Who asks for a token proves who they are by HTTP Basic, or by what is in the body, which no scheme of OpenAPI describes.
        None if path == TOKEN_ENDPOINT => json!([{}]),
        None => json!([]),
    };
    if !operation["parameters"].is_array() {
        operation["parameters"] = json!([]);
    }
    if let Some(parameters) = operation["parameters"].as_array_mut() {
        parameters.extend(traits.parameters().map(|name| reference("parameters", name)));
    }
    if let Some(responses) = operation["responses"].as_object_mut() {
        responses.iter_mut().for_each(|(status, response)| add_headers(&traits, status, response));
        add_responses(&traits, responses);
    }
}

/// The headers of an answer that the handler describes itself.
fn add_headers(traits: &Traits<'_>, status: &str, response: &mut Value) {
    let success = status.starts_with('2');
    let own = response["headers"].take();
    let said = |name: &str| own.get(name).is_some();
    let names = [
        (said("ETag") || (success && traits.tagged && status != "202"), "ETag"),
        (said("Location") || ["201", "202"].contains(&status), "Location"),
        (status == "202", "Preference-Applied"),
        (status == "401", "WWW-Authenticate"),
        (status == "429", "Retry-After"),
        (success && traits.paged && status != "202", "Link"),
        (success && traits.idempotent_by_key, "Idempotency-Replayed"),
    ];
    let names: Vec<&str> = names.into_iter().filter_map(|(has, name)| has.then_some(name)).collect();
    let mut headers = headers_with(&names);
    for (name, header) in own.as_object().into_iter().flatten().filter(|(name, _)| !names.contains(&name.as_str())) {
        headers[name] = header.clone();
    }
    response["headers"] = headers;
    if success && traits.paged && status != "202" {
        // The whole selection, whatever the list.
        let text = json!({ "schema": { "type": "string" } });
        for media in ["text/csv", "application/x-ndjson"] {
            response["content"].as_object_mut().map(|content| content.entry(media).or_insert_with(|| text.clone()));
        }
    }
}

fn add_responses(traits: &Traits<'_>, responses: &mut Map<String, Value>) {
    if traits.method == "get" && traits.tagged {
        responses.insert("304".to_owned(), reference("responses", "NotModified"));
    }
    for (status, name, _) in REFUSALS.iter().filter(|(status, ..)| traits.refuses(status)) {
        responses.entry(*status).or_insert_with(|| reference("responses", name));
    }
}
