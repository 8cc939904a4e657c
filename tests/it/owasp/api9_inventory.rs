//! API9, improper inventory management: there is one version, it is all in the document, and nothing else is served.

use crate::laws::operations;
use crate::support::*;

#[test]
fn no_operation_is_deprecated_or_without_a_way_to_be_let_in() {
    let document = innovation_register::startup::document().unwrap();
    for operation in operations() {
        let described = &operation.described;
        assert!(described.get("deprecated").is_none_or(|deprecated| deprecated == false), "{}", operation.id);
        let open = operation.access.is_none_or(|row| row.anonymous);
        let security = described.get("security").or(document.get("security")).and_then(Value::as_array);
        let needed = security.is_some_and(|ways| !ways.is_empty() && ways.iter().all(|way| way != &json!({})));
        assert!(open || needed, "{}: the document says that no token is needed", operation.id);
    }
}

#[rstest]
#[actix_web::test]
async fn no_other_version_or_older_path_is_served(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = app.admin();
    for operation in operations().into_iter().filter(|operation| operation.path.starts_with("/v1/")) {
        let rest = operation.target.trim_start_matches("/v1");
        for old in ["", "/v0", "/v2", "/api", "/api/v1", "/beta", "/internal", "/v1/v1", "/V1"] {
            let answer = admin.request(&operation.method, &format!("{old}{rest}")).await;
            answer.problem(404, "not-found");
        }
        let slash = admin.request(&operation.method, &format!("{}/", operation.target)).await;
        slash.problem(404, "not-found");
    }
}

#[rstest]
#[actix_web::test]
async fn the_document_tells_of_no_machine_but_the_one_that_serves_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let document = app.anonymous().get("/openapi.json").await;
    for told in ["localhost", "10.0.", "192.168.", "internal.", "/home/", "/work/", "password"] {
        assert!(!document.text().to_lowercase().contains(told), "{told}");
    }
}
