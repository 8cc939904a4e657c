//! The reporting cycle: what is asked of whom, what waits for approval, who gives it, what is late, locked and missing.

use crate::support::*;
use innovation_register::access::Operation;
use innovation_register::db::transaction;
use innovation_register::http::context::Context;
use innovation_register::kpis::remind;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::collections::BTreeMap;

const SUBMIT: &str = "/v1/kpi-submissions?kpi=ae";
const MAY: &str = "2026-05";

/// Two trusts in two boards, and a set of one KPI by department that requires approval, is due after 20 days and locked
/// after 40. It is 15 June 2026.
async fn world(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    app.trust("RF4", "QMF").await;
    app.trust("RJZ", "QKK").await;
    let by_type = json!([{ "dimension": "type", "members": ["1", "2"] }]);
    let terms = json!({ "approvalRequired": true, "dueDays": 20, "lockDays": 40, "breakdowns": by_type });
    app.kpi("ae", terms).await;
    let set = json!({
        "code": "urgent", "name": "Urgent care", "kpis": ["ae"],
        "assignments": [{ "place": "E92000001", "organisationTypes": ["nhs-trust"] }]
    });
    app.admin().post("/v1/kpi-sets", set).await.expect(201);
    app
}

fn by_type(organisation: &str, period: &str, values: &[(&str, i64)]) -> Value {
    let row = |(member, value): &(&str, i64)| json!({ "organisation": organisation, "period": period, "breakdown": member, "value": value });
    json!({ "rows": values.iter().map(row).collect::<Vec<_>>() })
}

/// The only return of an organisation.
async fn only(app: &TestApp, organisation: &str) -> Value {
    let list = app.admin().get(&format!("/v1/kpi-returns?organisation={organisation}")).await.expect(200);
    assert_eq!(rows(&list).len(), 1, "{list}");
    rows(&list)[0].clone()
}

fn target(of: &Value) -> (String, i64) {
    (format!("/v1/kpi-returns/{}", of["id"].as_str().unwrap()), of["version"].as_i64().unwrap())
}

/// The values that count, as a reader of everything sees them.
async fn counting(app: &TestApp) -> Vec<String> {
    column(&app.admin().get("/v1/kpi-values?kpi=ae&limit=500").await.expect(200), "value")
}

#[rstest]
#[actix_web::test]
async fn what_requires_approval_counts_once_somebody_else_approved_it(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let sender = app.submitter("RF4");
    sender.post(SUBMIT, by_type("RF4", MAY, &[("1", 10)])).await.expect(201);
    let part = only(&app, "RF4").await;
    assert_eq!((&part["state"], &part["set"], &part["version"]), (&json!("received"), &json!("urgent"), &json!(1)));
    assert_eq!((&part["onTimeUntil"], &part["late"]), (&json!("2026-06-20T23:00:00Z"), &json!(false)));
    sender.post(SUBMIT, by_type("RF4", MAY, &[("2", 20)])).await.expect(201);
    let whole = only(&app, "RF4").await;
    assert_eq!((&whole["state"], &whole["version"]), (&json!("submitted"), &json!(2)));
    assert!(counting(&app).await.is_empty());
    let again = sender.post(SUBMIT, by_type("RF4", MAY, &[("1", 10)])).await.expect(201);
    assert_eq!(again["counts"]["unchanged"], 1, "what waits is known to its sender");
    let (target, version) = target(&whole);
    let to = |state: &str| json!({ "to": state });
    for refused in [&sender, &app.submitter("RF4")] {
        refused.transition(&target, version, to("approved")).await.problem(403, "forbidden");
    }
    app.lead("QKK").transition(&target, version, to("approved")).await.problem(404, "not-found");
    let lead = app.lead("QMF");
    lead.transition(&target, version, to("accepted")).await.problem(403, "forbidden");
    lead.transition(&target, 1, to("approved")).await.problem(412, "version-mismatch");
    let approved = lead.transition(&target, version, to("approved")).await.expect(200);
    assert_eq!((&approved["state"], &approved["approvedOn"]), (&json!("approved"), &json!("2026-06-15")));
    assert_eq!(counting(&app).await, ["10", "20"]);
    let accepted = app.admin().transition(&target, version + 1, to("accepted")).await.expect(200);
    assert_eq!(accepted["acceptedOn"], "2026-06-15");
    let moves = lead.get(&format!("{target}/transitions")).await.expect(200);
    assert_eq!(column(&moves, "to"), ["approved", "accepted"]);
}

#[rstest]
#[actix_web::test]
async fn nobody_approves_what_they_or_their_body_sent(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let all = by_type("RF4", MAY, &[("1", 10), ("2", 20)]);
    let (lead, admin) = (app.lead("QMF"), app.admin());
    lead.post(SUBMIT, all).await.expect(201);
    let (target, version) = target(&only(&app, "RF4").await);
    let approve = json!({ "to": "approved" });
    for same in [&lead, &app.lead("QMF")] {
        same.transition(&target, version, approve.clone()).await.problem(403, "separation-of-duties");
    }
    admin.transition(&target, version, approve.clone()).await.expect(200);
    admin.transition(&target, version + 1, json!({ "to": "accepted" })).await.problem(403, "separation-of-duties");
    // An amendment by the admin waits for somebody else, and the lead may be that now.
    admin.post(SUBMIT, by_type("RF4", MAY, &[("1", 11)])).await.expect(201);
    let amended = only(&app, "RF4").await;
    assert_eq!((&amended["state"], &amended["changesSinceApproval"]), (&json!("submitted"), &json!(1)));
    let version = amended["version"].as_i64().unwrap();
    admin.transition(&target, version, approve.clone()).await.problem(403, "separation-of-duties");
    lead.transition(&target, version, approve).await.expect(200);
    assert_eq!(counting(&app).await, ["11", "20"]);
}

#[rstest]
#[actix_web::test]
async fn an_amendment_leaves_a_revision_once_it_is_approved(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (sender, lead) = (app.submitter("RF4"), app.lead("QMF"));
    sender.post(SUBMIT, by_type("RF4", MAY, &[("1", 10), ("2", 20)])).await.expect(201);
    let approve = async || {
        let (target, version) = target(&only(&app, "RF4").await);
        lead.transition(&target, version, json!({ "to": "approved" })).await.expect(200)
    };
    approve().await;
    let created = sender.post(&format!("{SUBMIT}&strategy=create"), by_type("RF4", MAY, &[("1", 12)])).await;
    let refused = created.problem(422, "rows-rejected");
    assert_eq!(refused["rows"][0]["errors"][0]["code"], "already-approved");
    sender.post(SUBMIT, by_type("RF4", MAY, &[("1", 12)])).await.expect(201);
    sender.post(&format!("{SUBMIT}&strategy=delete"), by_type("RF4", MAY, &[("2", 20)])).await.expect(201);
    assert_eq!(counting(&app).await, ["10", "20"], "what was approved counts meanwhile");
    let (waiting, _) = target(&only(&app, "RF4").await);
    let waiting = lead.get(&format!("{waiting}/drafts")).await.expect(200);
    assert_eq!(
        ["value", "counting", "deleted"].map(|name| column(&waiting, name)),
        [["12", "null"], ["10", "20"], ["false", "true"]]
    );
    let approved = approve().await;
    assert_eq!(approved["changesSinceApproval"], 0);
    let values = app.admin().get("/v1/kpi-values?kpi=ae").await.expect(200);
    assert_eq!((column(&values, "value"), column(&values, "version")), (vec!["12".to_owned()], vec!["2".to_owned()]));
    let id = rows(&values)[0]["id"].as_str().unwrap();
    let revisions = app.admin().get(&format!("/v1/kpi-values/{id}/revisions")).await.expect(200);
    assert_eq!(column(&revisions, "value"), ["10"]);
}

#[rstest]
#[actix_web::test]
async fn a_return_is_sent_back_with_a_reason_and_withdrawn_by_its_sender(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (sender, lead) = (app.submitter("RF4"), app.lead("QMF"));
    sender.post(SUBMIT, by_type("RF4", MAY, &[("1", 10)])).await.expect(201);
    let (target, _) = target(&only(&app, "RF4").await);
    sender.transition(&target, 1, json!({ "to": "submitted" })).await.expect(200);
    lead.transition(&target, 2, json!({ "to": "returned" })).await.problem(422, "validation-failed");
    let reason = json!({ "to": "returned", "reason": "Type 2 is missing." });
    sender.transition(&target, 2, reason.clone()).await.problem(403, "forbidden");
    lead.transition(&target, 2, reason).await.expect(200);
    sender.post(SUBMIT, by_type("RF4", MAY, &[("2", 20)])).await.expect(201);
    assert_eq!(only(&app, "RF4").await["state"], "submitted");
    lead.transition(&target, 4, json!({ "to": "withdrawn" })).await.expect(200);
    let withdrawn = only(&app, "RF4").await;
    assert_eq!((&withdrawn["state"], app.count("kpi_value_drafts")), (&json!("withdrawn"), 0));
    let anew = sender.post(SUBMIT, by_type("RF4", MAY, &[("1", 10)])).await.expect(201);
    assert_eq!(anew["counts"]["created"], 1);
    assert_eq!(only(&app, "RF4").await["state"], "received");
}

#[rstest]
#[actix_web::test]
async fn who_is_asked_is_told_by_place_type_and_the_periods_last_day(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RF4", "QMF").await;
    app.trust("RJZ", "QKK").await;
    app.kpi("ae", json!({})).await;
    let assignments = json!([
        { "place": "QMF", "organisationTypes": ["nhs-trust"], "to": "2026-04-01" },
        { "place": "QKK", "organisationTypes": ["gp-practice"] }
    ]);
    let set = json!({ "code": "urgent", "name": "Urgent care", "kpis": ["ae"], "assignments": assignments });
    app.admin().post("/v1/kpi-sets", set).await.expect(201);
    for (organisation, period, asked) in
        [("RF4", "2026-03", true), ("RF4", "2026-04", false), ("RJZ", "2026-03", false)]
    {
        let rows = json!({ "rows": [row(organisation, period, 1)] });
        let answer = app.submitter(organisation).post(SUBMIT, rows).await;
        assert_eq!(answer.status, if asked { 201 } else { 422 }, "{organisation} {period}: {}", answer.text());
        assert_eq!(answer.text().contains("not-assigned"), !asked);
    }
    let of = async |period: &str| {
        app.admin().get(&format!("/v1/kpi-sets/urgent/completeness?period={period}")).await.expect(200)["expected"]
            .clone()
    };
    assert_eq!((of("2026-03").await, of("2026-04").await), (json!(1), json!(0)));
    let reversed = json!({ "assignments": [{ "place": "QMF", "from": "2026-04-01", "to": "2026-04-01" }] });
    let problem = app.admin().patch("/v1/kpi-sets/urgent", 1, reversed).await.problem(422, "validation-failed");
    assert_eq!(problem["errors"][0]["pointer"], "/assignments/0/to");
}

#[rstest]
#[actix_web::test]
async fn a_kpi_with_neither_deadline_nor_approval_in_no_set_has_no_returns(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RF4", "QMF").await;
    app.kpi("ae", json!({})).await;
    app.kpi("due", json!({ "dueDays": 10 })).await;
    app.values("ae", json!([row("RF4", MAY, 1)])).await;
    assert_eq!(app.count("kpi_returns"), 0);
    app.values("due", json!([row("RF4", MAY, 1)])).await;
    let own = only(&app, "RF4").await;
    assert_eq!((&own["kpi"], &own["set"], &own["state"]), (&json!("due"), &json!(null), &json!("submitted")));
    assert_eq!(own["late"], json!(true), "it was due on 10 June");
    assert_eq!(app.admin().get("/v1/kpi-values?kpi=due").await.expect(200)["data"][0]["value"], 1, "it counts at once");
}

#[rstest]
#[actix_web::test]
async fn completeness_tells_who_sent_in_time_and_who_is_missing(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let of = async |actor: Actor, place: &str| {
        actor.get(&format!("/v1/kpi-sets/urgent/completeness?period={MAY}&place={place}")).await
    };
    let figures = async |place: &str| {
        let told = of(app.admin(), place).await.expect(200);
        ["expected", "received", "onTime", "approved", "accepted"].map(|name| told[name].as_u64().unwrap())
    };
    let before = of(app.admin(), "E92000001").await.expect(200);
    assert_eq!(
        before["missing"][0],
        json!({ "organisation": "RF4", "organisationName": "Trust RF4", "dueAt": "2026-06-20T23:00:00Z", "late": false })
    );
    app.submitter("RF4").post(SUBMIT, by_type("RF4", MAY, &[("1", 10), ("2", 20)])).await.expect(201);
    let (target, version) = target(&only(&app, "RF4").await);
    app.lead("QMF").transition(&target, version, json!({ "to": "approved" })).await.expect(200);
    app.set_clock("2026-06-21T09:00:00Z");
    app.submitter("RJZ").post(SUBMIT, by_type("RJZ", MAY, &[("1", 10), ("2", 20)])).await.expect(201);
    assert_eq!(figures("E92000001").await, [2, 2, 1, 1, 0]);
    assert_eq!(figures("QKK").await, [1, 1, 0, 0, 0]);
    of(app.lead("QKK"), "QMF").await.problem(403, "forbidden");
    let gone = json!({ "kpi": "ae", "organisation": "RJZ", "kind": "not-provided-here", "from": "2026-05-01", "reason": "It closed." });
    app.admin().post("/v1/reporting-exceptions", gone).await.expect(201);
    assert_eq!(figures("E92000001").await, [1, 1, 1, 1, 0]);
    let csv = app.admin().get("/v1/kpi-sets/urgent/completeness?period=2026-04").accept("text/csv").await;
    assert!(csv.text().contains("urgent,2026-04,RF4,Trust RF4,due,2026-05-20T23:00:00Z,false,true"), "{}", csv.text());
    app.admin().get("/v1/kpi-sets/urgent/completeness?period=2026-Q1").await.problem(422, "validation-failed");
}

#[rstest]
#[actix_web::test]
async fn a_lock_is_passed_by_an_exception_or_by_force_with_a_reason(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (sender, lead) = (app.submitter("RF4"), app.lead("QMF"));
    let old = by_type("RF4", "2026-01", &[("1", 10)]);
    let locked = sender.post(SUBMIT, old.clone()).await.problem(422, "rows-rejected");
    assert_eq!(locked["rows"][0]["errors"][0]["code"], "period-locked");
    let exception = json!({
        "set": "urgent", "organisation": "RF4", "from": "2026-01-01", "to": "2026-02-01", "until": "2026-06-16T09:00:00Z",
        "reason": "The records system was replaced."
    });
    sender.post("/v1/lock-exceptions", exception.clone()).await.problem(403, "forbidden");
    app.lead("QKK").post("/v1/lock-exceptions", exception.clone()).await.problem(403, "forbidden");
    let made = lead.post("/v1/lock-exceptions", exception).await.expect(201);
    sender.post(SUBMIT, old.clone()).await.expect(201);
    sender.post(SUBMIT, by_type("RF4", "2026-02", &[("1", 10)])).await.problem(422, "rows-rejected");
    app.set_clock("2026-06-16T09:00:00Z");
    let (sender, lead) = (app.submitter("RF4"), app.lead("QMF"));
    sender.post(SUBMIT, by_type("RF4", "2026-01", &[("2", 10)])).await.problem(422, "rows-rejected");
    let target = format!("/v1/lock-exceptions/{}?reason=Over", made["id"].as_str().unwrap());
    lead.delete(&target, 1).await.expect(204);
    let force = format!("{SUBMIT}&force=true");
    app.admin().post(&force, old.clone()).await.problem(422, "validation-failed");
    sender.post(&format!("{force}&reason=History"), old).await.problem(403, "forbidden");
    let history = by_type("RF4", "2016-01", &[("1", 10)]);
    let sent = app.admin().post(&format!("{force}&reason=History"), history).await;
    sent.expect(201);
    assert_eq!(app.admin().get(sent.header("location")).await.expect(200)["forcedReason"], "History");
}

#[rstest]
#[actix_web::test]
async fn the_quality_of_a_return_is_told_by_its_parts(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let (sender, rule) = (app.submitter("RF4"), "validation-rule");
    for month in ["2026-03", "2026-04"] {
        app.admin()
            .post(&format!("{SUBMIT}&force=true&reason=History"), by_type("RF4", month, &[("1", 100), ("2", 100)]))
            .await
            .expect(201);
    }
    sender.post(SUBMIT, by_type("RF4", MAY, &[("1", 900)])).await.expect(201);
    let of = async |period: &str| {
        let list = app.admin().get(&format!("/v1/kpi-returns?organisation=RF4&period={period}")).await.expect(200);
        rows(&list)[0].clone()
    };
    let part = |score: Value, of: u32, met: u32| json!({ "score": score, "of": of, "met": met });
    let may = of(MAY).await;
    assert_eq!(
        may["quality"],
        json!({
            "score": 50, "completeness": part(json!(50), 2, 1), "timeliness": part(json!(null), 0, 0),
            "validity": part(json!(0), 1, 0), "consistency": part(json!(100), 1, 1)
        }),
        "{rule}"
    );
    let (target, _) = target(&may);
    assert_eq!(sender.get(&target).await.expect(200)["quality"], may["quality"], "one is told as in the list");
    let flags = sender.get("/v1/kpi-value-flags?organisation=RF4&status=open").await.expect(200);
    let flag = format!("/v1/kpi-value-flags/{}", rows(&flags)[0]["id"].as_str().unwrap());
    sender.patch(&flag, 1, json!({ "justification": "A second department opened." })).await.expect(200);
    sender.post(SUBMIT, by_type("RF4", MAY, &[("2", 110)])).await.expect(201);
    let whole = of(MAY).await["quality"].clone();
    assert_eq!((&whole["score"], &whole["timeliness"]), (&json!(100), &part(json!(100), 1, 1)));
    let late = of("2026-03").await["quality"].clone();
    assert_eq!((&late["score"], &late["timeliness"]), (&json!(75), &part(json!(0), 1, 0)));
}

/// What may be done with the return of one of two trusts.
#[derive(Debug, Clone)]
enum Command {
    Send(usize, &'static str, i64),
    Delete(usize, &'static str),
    Move(usize, &'static str),
}

fn any_command() -> impl Strategy<Value = Command> {
    let (trust, member) = (0..2_usize, prop::sample::select(vec!["1", "2"]));
    prop_oneof![
        4 => (trust.clone(), member.clone(), 1..4_i64).prop_map(|(trust, member, value)| Command::Send(trust, member, value)),
        1 => (trust.clone(), member).prop_map(|(trust, member)| Command::Delete(trust, member)),
        5 => (trust, prop::sample::select(vec!["submitted", "approved", "approved", "accepted", "returned", "withdrawn"]))
            .prop_map(|(trust, to)| Command::Move(trust, to)),
    ]
}

/// A return as a child would keep it: what counts, and what was said since.
#[derive(Debug, Default)]
struct Naive {
    state: &'static str,
    counts: BTreeMap<&'static str, i64>,
    said: BTreeMap<&'static str, Option<i64>>,
}

impl Naive {
    fn known(&self, member: &'static str) -> Option<i64> {
        self.said.get(member).copied().unwrap_or_else(|| self.counts.get(member).copied())
    }

    fn say(&mut self, member: &'static str, value: Option<i64>) {
        let missing = ["", "withdrawn"].contains(&self.state);
        let changed = self.known(member) != value;
        if !changed && (value.is_none() || !missing) {
            return;
        }
        if changed {
            self.said.insert(member, value);
        }
        let lasting = ["submitted", "approved", "accepted"].contains(&self.state);
        self.state = if lasting || self.is_whole() { "submitted" } else { "received" };
    }

    fn is_whole(&self) -> bool {
        ["1", "2"].iter().all(|member| self.known(member).is_some())
    }

    fn go(&mut self, to: &'static str) -> bool {
        let may = match to {
            "submitted" => ["received", "returned"].contains(&self.state),
            "approved" => self.state == "submitted",
            "accepted" => self.state == "approved",
            "returned" => ["received", "submitted", "approved", "accepted"].contains(&self.state),
            _ => ["received", "submitted", "returned"].contains(&self.state),
        };
        if may {
            self.state = to;
            let said =
                if ["approved", "withdrawn"].contains(&to) { std::mem::take(&mut self.said) } else { BTreeMap::new() };
            if to == "approved" {
                for (member, value) in said {
                    match value {
                        Some(value) => drop(self.counts.insert(member, value)),
                        None => drop(self.counts.remove(member)),
                    }
                }
            }
        }
        may
    }
}

#[rstest]
#[actix_web::test]
async fn after_any_sequence_the_values_that_count_are_those_of_a_naive_count(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = world(engine).await;
    let trusts = ["RF4", "RJZ"];
    let senders = trusts.map(|trust| app.submitter(trust));
    let (approver, acceptor) = (app.lead("Y56"), app.admin());
    let mut naive = [Naive::default(), Naive::default()];
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for number in 0..120 {
        let command = any_command().new_tree(&mut runner).unwrap().current();
        match &command {
            Command::Send(trust, member, value) => {
                let sent = by_type(trusts[*trust], MAY, &[(member, *value)]);
                senders[*trust].post(SUBMIT, sent).await.expect(201);
                naive[*trust].say(member, Some(*value));
            }
            Command::Delete(trust, member) => {
                let sent = by_type(trusts[*trust], MAY, &[(member, 0)]);
                senders[*trust].post(&format!("{SUBMIT}&strategy=delete"), sent).await.expect(201);
                naive[*trust].say(member, None);
            }
            Command::Move(trust, to) => {
                let list = acceptor.get(&format!("/v1/kpi-returns?organisation={}", trusts[*trust])).await.expect(200);
                let Some(found) = rows(&list).first() else { continue };
                let (target, version) = target(found);
                let actor = match *to {
                    "submitted" | "withdrawn" => &senders[*trust],
                    "accepted" => &acceptor,
                    _ => &approver,
                };
                let moved = actor.transition(&target, version, json!({ "to": to, "reason": "So." })).await;
                assert_eq!(moved.status == 200, naive[*trust].go(to), "{number} {command:?}: {}", moved.text());
            }
        }
        let expected = naive.iter().flat_map(|of| of.counts.values()).map(i64::to_string);
        let mut expected: Vec<String> = expected.collect();
        let mut found = counting(&app).await;
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{number} {command:?} {naive:?}");
    }
}

#[rstest]
#[actix_web::test]
async fn of_a_return_that_is_due_the_feed_reminds_once_before_and_once_after(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = world(engine).await;
    app.submitter("RF4").post(SUBMIT, by_type("RF4", MAY, &[("1", 10), ("2", 20)])).await.expect(201);
    let remind_at = |now: &str| {
        let context = Context::local(Operation::transition_kpi_return, now.parse().unwrap());
        while transaction(&mut connect(&app.database), |conn| remind(conn, &context)).unwrap() {}
    };
    let of_may = async || {
        let list = app.admin().get(&format!("/v1/kpi-returns?organisation=RJZ&period={MAY}")).await.expect(200);
        rows(&list).iter().map(|row| (row["state"].clone(), row["version"].clone())).collect::<Vec<_>>()
    };
    remind_at("2026-06-15T09:00:00Z");
    assert_eq!(of_may().await, [], "it is due in more than five days");
    for _ in 0..2 {
        remind_at("2026-06-16T09:00:00Z");
        assert_eq!(of_may().await, [(json!("due"), json!(1))]);
    }
    for _ in 0..2 {
        remind_at("2026-06-21T09:00:00Z");
        assert_eq!(of_may().await, [(json!("due"), json!(2))]);
    }
    let lead = app.lead("QKK");
    eventually("the feed tells of both", std::time::Duration::from_secs(10), async || {
        let feed = lead.get("/v1/changes?resource=kpi-returns").await.expect(200);
        column(&feed, "change") == ["created", "changed"]
    })
    .await;
    app.submitter("RJZ").post(SUBMIT, by_type("RJZ", MAY, &[("1", 10)])).await.expect(201);
    assert_eq!(of_may().await, [(json!("received"), json!(3))]);
}
