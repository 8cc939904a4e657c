//! What the document shows as examples can be sent as it is: every request, prefilled as Swagger UI does it, is answered by a
//! fresh demonstration to its national administrator.

use super::{Operation, operations};
use crate::support::*;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;

/// Operations whose example the demonstration cannot answer with success, and why. The list only shrinks.
const EXCEPTED: [(&str, &str); 1] = [("issue_token", "nobody knows the secret of the client that is shown")];

/// What is sent together to one demonstration, since none of it is in the way of the rest.
pub fn group(operation: &Operation) -> &'static str {
    match operation.method.as_str() {
        "POST" if operation.path.ends_with("/transitions") => "moves",
        "POST" => "creates",
        "PATCH" => "changes",
        "DELETE" => "deletes",
        _ => "reads",
    }
}

/// What stands prefilled for a parameter or a body; null where nothing does.
fn prefilled(document: &Value, described: &Value) -> Value {
    let resolved = |value: &Value| {
        let named = value["$ref"].as_str().and_then(|name| document.pointer(name.trim_start_matches('#')));
        named.unwrap_or(value).clone()
    };
    let described = resolved(described);
    let schema = resolved(&described["schema"]);
    let places = [&described["example"], &schema["example"], &schema["default"]];
    places.into_iter().find(|example| !example.is_null()).cloned().unwrap_or_default()
}

pub fn request(document: &Value, actor: &Actor, operation: &Operation) -> Request {
    request_with(document, actor, operation, |body, _| body)
}

/// As [`request`], with the body as `changed` makes it; it is given the body and its description.
pub fn request_with(
    document: &Value,
    actor: &Actor,
    operation: &Operation,
    changed: impl Fn(Value, &Value) -> Value,
) -> Request {
    let (mut query, mut headers) = (Vec::new(), Vec::new());
    for parameter in operation.described["parameters"].as_array().into_iter().flatten() {
        let example = prefilled(document, parameter);
        let text = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
        let named = parameter["$ref"].as_str().and_then(|name| document.pointer(name.trim_start_matches('#')));
        let parameter = named.unwrap_or(parameter);
        let name = parameter["name"].as_str().unwrap().to_owned();
        match parameter["in"].as_str() {
            _ if example.is_null() => {}
            Some("query") => query.push(format!("{name}={text}")),
            Some("header") => headers.push((name, text)),
            _ => {}
        }
    }
    let target = format!("{}?{}", operation.target, query.join("&"));
    let request = actor.request(&operation.method, target.trim_end_matches('?'));
    let request = headers.iter().fold(request, |request, (name, text)| request.header(name, text));
    let Some((media, content)) =
        operation.described["requestBody"]["content"].as_object().and_then(|all| all.iter().next())
    else {
        return request;
    };
    let body = changed(prefilled(document, content), &content["schema"]);
    let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
    request.header("content-type", media).body(body)
}

#[rstest]
#[actix_web::test]
async fn every_example_is_answered_by_a_fresh_demonstration(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("reads", "creates", "changes", "moves", "deletes")] together: &str,
) {
    let app = TestApp::seeded(engine).await;
    let subject = Some("demo-national-admin".to_owned());
    let admin = app.actor(&NewLocalToken { subject, ..grant(Role::NationalAdmin) });
    let document = innovation_register::startup::document().unwrap();
    let mut faults = Vec::new();
    for operation in operations().iter().filter(|operation| group(operation) == together) {
        let answer = request(&document, &admin, operation).await;
        let excepted = EXCEPTED.iter().any(|(id, _)| *id == operation.id);
        if (200..300).contains(&answer.status) == excepted {
            faults.push(format!("{} {}: {} {}", operation.method, operation.target, answer.status, answer.text()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
