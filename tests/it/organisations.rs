use crate::support::*;

#[rstest]
#[actix_web::test]
async fn a_new_trust_is_found_by_its_code_in_any_case(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = json!({ "code": "rf4", "name": "Barking", "type": "nhs-trust", "parent": "QMF", "postcode": "RM7 0AG" });
    let created = app.admin().post("/v1/organisations", body).await;
    assert_eq!((created.header("location"), created.header("etag")), ("/v1/organisations/RF4", "W/\"1\""));
    assert_eq!(created.expect(201)["odsCode"], "RF4");
    assert_eq!(app.anonymous().get("/v1/organisations/rF4").await.expect(200)["name"], "Barking");
}
