//! What the router knows of each operation, read from the API document at start: one table for 404, 405 with `Allow`,
//! media types, permissions and metrics, so that none of them can disagree with what is published.

use crate::access::Operation;
use serde_json::Value;
use std::collections::BTreeMap;

/// The facts of one operation.
pub struct Endpoint {
    pub id: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    /// Its row of the permission table; `None` outside `/v1`.
    pub operation: Option<Operation>,
    pub consumes: Vec<&'static str>,
    /// Media types of success, the first being the default.
    pub produces: Vec<&'static str>,
    /// Whether it takes query parameters at all.
    pub has_query: bool,
    /// Whether it needs `If-Match`.
    pub conditional: bool,
    /// Whether a request with an `Idempotency-Key` is answered once: not where the answer holds a secret.
    pub idempotent: bool,
    /// Whether it can be asked to answer later, by a job.
    pub answers_later: bool,
    /// The request body's schema, for JSON bodies.
    pub body_schema: Option<&'static str>,
}

/// All operations, found by path.
pub struct Operations {
    router: matchit::Router<BTreeMap<&'static str, &'static Endpoint>>,
    all: Vec<&'static Endpoint>,
}

/// What a path and method lead to.
pub enum Found {
    Endpoint(&'static Endpoint),
    /// The path is known, with these methods.
    OtherMethods(String),
    Nothing,
}

impl Operations {
    /// Reads the table from the document. It lives as long as the process, once per service.
    ///
    /// # Errors
    /// Text, where two paths cannot be told apart.
    pub fn of(document: &Value) -> Result<Self, String> {
        let leak = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
        let empty = serde_json::Map::new();
        let (mut router, mut all) = (matchit::Router::new(), Vec::new());
        for (path, item) in document.pointer("/paths").and_then(Value::as_object).unwrap_or(&empty) {
            let path = leak(path);
            let mut methods = BTreeMap::new();
            for (method, operation) in item.as_object().unwrap_or(&empty) {
                let Some(id) = operation.get("operationId").and_then(Value::as_str) else { continue };
                let method = leak(&method.to_ascii_uppercase());
                let media = |content: Option<&Value>| -> Vec<&'static str> {
                    content
                        .and_then(Value::as_object)
                        .map(|types| types.keys().map(|name| leak(name)).collect())
                        .unwrap_or_default()
                };
                let success = operation.get("responses").and_then(Value::as_object).and_then(|responses| {
                    responses
                        .iter()
                        .find(|(status, _)| status.starts_with('2'))
                        .and_then(|(_, response)| response.get("content"))
                });
                let schema =
                    operation.pointer("/requestBody/content/application~1json/schema/$ref").and_then(Value::as_str);
                let parameters = operation.get("parameters").and_then(Value::as_array);
                let conditional = parameters.is_some_and(|list| {
                    list.iter().any(|p| p["name"] == "If-Match" || p["$ref"] == "#/components/parameters/IfMatch")
                });
                let takes = |name: &str| {
                    let reference = format!("#/components/parameters/{name}");
                    parameters.is_some_and(|list| list.iter().any(|p| p["$ref"] == reference.as_str()))
                };
                let has_query = parameters.is_some_and(|list| list.iter().any(|p| p["in"] == "query"));
                let facts: &'static Endpoint = Box::leak(Box::new(Endpoint {
                    id: leak(id),
                    method,
                    path,
                    operation: Operation::named(id),
                    consumes: media(operation.pointer("/requestBody/content")),
                    produces: media(success),
                    has_query,
                    conditional,
                    idempotent: takes("IdempotencyKey"),
                    answers_later: takes("Prefer"),
                    body_schema: schema
                        .or_else(|| {
                            operation
                                .pointer("/requestBody/content/application~1merge-patch+json/schema/$ref")
                                .and_then(Value::as_str)
                        })
                        .map(leak),
                }));
                methods.insert(method, facts);
                all.push(facts);
            }
            router.insert(path, methods).map_err(|cause| format!("{path}: {cause}"))?;
        }
        Ok(Self { router, all })
    }

    pub fn find(&self, method: &str, path: &str) -> Found {
        let Ok(found) = self.router.at(path) else { return Found::Nothing };
        match found.value.get(method) {
            Some(endpoint) => Found::Endpoint(endpoint),
            None => Found::OtherMethods(found.value.keys().copied().collect::<Vec<_>>().join(", ")),
        }
    }

    pub fn all(&self) -> &[&'static Endpoint] {
        &self.all
    }
}
