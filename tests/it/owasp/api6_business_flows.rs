//! API6, unrestricted access to sensitive business flows: rules of the field that a patient attacker goes around.

use crate::support::*;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;

/// The bearer of a new token of a subject.
fn known(app: &TestApp, role: Role, subject: &str) -> Actor {
    let organisation = (role == Role::Submitter).then(|| "RJZ".to_owned());
    app.actor(&NewLocalToken { organisation, subject: Some(subject.to_owned()), ..grant(role) })
}

#[rstest]
#[actix_web::test]
async fn nobody_approves_their_own_award_with_another_token(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    app.trust("RJZ", "QKK").await;
    app.fund("NIA-1", 1_000).await;
    let one = known(&app, Role::NationalAdmin, "ada");
    let made = one.post("/v1/awards", award("NIA-1", 100)).await;
    made.expect(201);
    let target = made.header("location");
    let approved = json!({ "to": "approved" });
    for same in [known(&app, Role::NationalAdmin, "ada"), one.with("nhsd-end-user-organisation-ods", "RJZ")] {
        let status = same.transition(target, 1, approved.clone()).await.status;
        assert!([403, 409].contains(&status), "{status}");
    }
    known(&app, Role::NationalAdmin, "ada")
        .transition(target, 1, approved.clone())
        .await
        .problem(403, "separation-of-duties");
    // Whoever changes the terms is a proposer from then on, so another's proposal is not made one's own first, nor given away.
    let other = known(&app, Role::NationalAdmin, "grace");
    other.patch(target, 1, json!({ "amount": gbp(900), "profile": null })).await.expect(200);
    other.transition(target, 2, approved.clone()).await.problem(403, "separation-of-duties");
    one.transition(target, 2, approved.clone()).await.problem(403, "separation-of-duties");
    known(&app, Role::NationalAdmin, "mary").transition(target, 2, approved).await.expect(200);
}

#[rstest]
#[actix_web::test]
async fn two_who_approve_at_once_spend_the_money_once(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    app.trust("RJZ", "QKK").await;
    app.fund("NIA-1", 100).await;
    let awards = [app.award("NIA-1", 80).await, app.award("NIA-1", 80).await];
    let approvers: Vec<Actor> = (0..6).map(|_| app.admin()).collect();
    let tries = approvers
        .iter()
        .enumerate()
        .map(|(at, actor)| actor.transition(&awards[at % 2], 1, json!({ "to": "approved" })).into_future());
    let answers = futures_util::future::join_all(tries).await;
    let approved = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(approved, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert!(answers.iter().all(|answer| [200, 409, 412, 422, 503].contains(&answer.status)));
    let position = app.admin().get("/v1/funds/NIA-1/position").await.expect(200);
    assert_eq!(position["available"]["amount"], "20.00", "{position}");
}

#[rstest]
#[actix_web::test]
async fn no_way_of_writing_an_amount_makes_money(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    app.trust("RJZ", "QKK").await;
    app.fund("NIA-1", 100).await;
    let admin = app.admin();
    for amount in [
        "-5.00",
        "0",
        "0.00",
        "-0.00",
        "1e3",
        "0x10",
        "NaN",
        "Infinity",
        " 5.00",
        "5.00 ",
        "5,00",
        "1,000.00",
        "5.001",
        ".5",
        "5.",
        "+5.00",
        "٥.00",
        "５.00",
        "99999999999999999999.00",
        "92233720368547758.08",
        "1__0.00",
        "",
    ] {
        let given = json!({ "contributor": "QWE", "source": "nhs", "amount": { "amount": amount, "currency": "GBP" }, "receivedOn": "2015-07-01" });
        let answer = admin.post("/v1/funds/NIA-1/contributions", given).await;
        assert!([400, 422].contains(&answer.status), "{amount:?}: {}", answer.text());
        let mut proposed = award("NIA-1", 1);
        proposed["amount"]["amount"] = json!(amount);
        let answer = admin.post("/v1/awards", proposed).await;
        assert!([400, 422].contains(&answer.status), "{amount:?}: {}", answer.text());
    }
    for currency in ["gbp", "XXX", "ZZZ", "USD", "GB", "GBP ", "£"] {
        let given = json!({ "contributor": "QWE", "source": "nhs", "amount": { "amount": "5.00", "currency": currency }, "receivedOn": "2015-07-01" });
        let answer = admin.post("/v1/funds/NIA-1/contributions", given).await;
        assert!([400, 422].contains(&answer.status), "{currency:?}: {}", answer.text());
    }
    let position = admin.get("/v1/funds/NIA-1/position").await.expect(200);
    assert_eq!(position["available"]["amount"], "100.00", "{position}");
}

#[rstest]
#[actix_web::test]
async fn a_closed_call_is_not_entered_by_a_date_of_ones_own(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.programme("nia").await;
    app.trust("RJZ", "QKK").await;
    app.set_clock("2018-10-03T10:00:00Z");
    let call = json!({
        "title": "Call of 2018", "opensAt": "2018-09-03T09:00", "closesAt": "2018-10-03T12:00",
        "priorities": [{ "code": "care", "label": "Care" }], "form": { "type": "object" }
    });
    let made = app.admin().post("/v1/programmes/nia/calls", call).await;
    made.expect(201);
    let applications = format!("{}/applications", made.header("location"));
    let application = json!({ "title": "Home monitoring", "organisation": "RJZ", "priorities": ["care"], "data": {} });
    let draft = known(&app, Role::Submitter, "ada").post(&applications, application.clone()).await;
    draft.expect(201);
    app.set_clock("2018-10-03T11:00:00Z");
    let ada = known(&app, Role::Submitter, "ada");
    let submitted = json!({ "to": "submitted", "effectiveOn": "2018-10-02", "reason": "It was ready." });
    ada.transition(draft.header("location"), 1, submitted.clone()).await.problem(409, "call-closed");
    ada.post(&applications, application).await.problem(409, "call-closed");
    for (name, value) in [("date", "Tue, 02 Oct 2018 10:00:00 GMT"), ("idempotency-key", "from-before")] {
        let request = ada.transition(draft.header("location"), 1, submitted.clone()).header(name, value);
        request.await.problem(409, "call-closed");
    }
    let other = known(&app, Role::Submitter, "grace");
    other.transition(draft.header("location"), 1, submitted).await.problem(404, "not-found");
}
