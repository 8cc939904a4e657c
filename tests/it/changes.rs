//! The feed of changes: in order, without gaps, to each what they may see; and copies that are kept in step by it.

use crate::support::{told as told_to, *};
use futures_util::StreamExt;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until what was done is in the feed.
async fn numbered(app: &TestApp) {
    eventually("all events are numbered", PATIENCE, async || app.count("events WHERE position IS NULL") == 0).await;
}

/// The cursor at the end.
async fn now(actor: &Actor) -> String {
    next(&actor.get("/v1/changes?after=now").await.expect(200))
}

fn next(page: &Value) -> String {
    page["page"]["next"].as_str().expect("page.next is always there").to_owned()
}

/// What came after a cursor, read to the end, with the cursor there.
async fn since(actor: &Actor, cursor: &str) -> (Vec<Value>, String) {
    let (mut all, mut cursor) = (Vec::new(), cursor.to_owned());
    loop {
        let page = actor.get(&format!("/v1/changes?limit=2&after={cursor}")).await.expect(200);
        let before = std::mem::replace(&mut cursor, next(&page));
        if rows(&page).is_empty() && before == cursor {
            return (all, cursor);
        }
        all.extend(rows(&page).iter().cloned());
    }
}

/// What became of what, in short.
fn told(entries: &[Value]) -> Vec<String> {
    let word = |entry: &Value, name: &str| entry[name].as_str().unwrap_or("-").to_owned();
    entries.iter().map(|entry| format!("{} {}", word(entry, "change"), word(entry, "href"))).collect()
}

#[rstest]
#[actix_web::test]
async fn a_regional_lead_hears_of_the_funds_that_pay_its_footprint(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.programme("nia").await;
    app.fund("PAYS", 100).await;
    let (admin, lead, award) = (app.admin(), app.lead("QKK"), app.award("PAYS", 10).await);
    numbered(&app).await;
    let manager = app.manager("nia");
    let (cursor, theirs) = (now(&lead).await, now(&manager).await);
    admin.transition(&award, 1, json!({ "to": "approved" })).await.expect(200);
    numbered(&app).await;
    let (entries, cursor) = since(&lead, &cursor).await;
    assert_eq!(told(&entries), ["scope -".to_owned(), format!("changed {award}")], "the fund came into sight");
    admin.patch("/v1/funds/PAYS", 1, json!({ "name": "Renamed" })).await.expect(200);
    let given = json!({ "contributor": "QWE", "source": "nhs", "amount": gbp(1), "receivedOn": "2016-01-01" });
    let given = admin.post("/v1/funds/PAYS/contributions", given).await;
    admin.delete(&format!("{}?reason=Twice", given.header("location")), 1).await.expect(204);
    numbered(&app).await;
    assert_eq!(told(&since(&lead, &cursor).await.0), ["changed /v1/funds/PAYS"]);
    let all = told(&since(&manager, &theirs).await.0);
    assert_eq!(all.last().unwrap(), &format!("archived {}", given.header("location")));
}

#[rstest]
#[actix_web::test]
async fn changes_come_in_order_and_say_where_the_record_is_read(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (admin, reader) = (app.admin(), app.reader());
    numbered(&app).await;
    let cursor = now(&reader).await;
    app.programme("nia").await;
    app.innovation("tool").await;
    admin.patch("/v1/innovations/tool", 1, json!({ "summary": "Does more good." })).await.expect(200);
    admin.delete("/v1/innovations/tool", 2).await.expect(204);
    numbered(&app).await;
    let (entries, end) = since(&reader, &cursor).await;
    let tool = "/v1/innovations/tool";
    let expected = [
        "created /v1/programmes/nia",
        &format!("created {tool}"),
        &format!("changed {tool}"),
        &format!("archived {tool}"),
    ];
    assert_eq!(told(&entries), expected);
    assert_eq!(column(&json!({ "data": entries }), "version"), ["1", "1", "2", "3"]);
    let names: BTreeSet<&str> =
        entries.iter().flat_map(|entry| entry.as_object().unwrap().keys()).map(String::as_str).collect();
    let allowed = ["at", "change", "href", "key", "position", "resource", "version"];
    assert_eq!(names, BTreeSet::from(allowed), "neither what is in a record, nor who changed it");
    assert_eq!(since(&reader, &end).await, (vec![], end), "an empty page has a cursor too");
    let only = reader.get(&format!("/v1/changes?resource=programmes&after={cursor}")).await.expect(200);
    assert_eq!(told(rows(&only)), ["created /v1/programmes/nia"]);
    reader.get("/v1/changes?resource=spells").await.problem(400, "invalid-parameter");
    app.anonymous().get("/v1/changes").await.problem(401, "unauthenticated");
}

#[rstest]
#[actix_web::test]
async fn every_record_of_the_demonstration_is_told_of_and_read_where_it_says(
    #[values(Sqlite, Postgres)] engine: Engine,
) {
    let app = TestApp::seeded(engine).await;
    numbered(&app).await;
    let admin = app.admin();
    let (mut hrefs, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page = admin.get(&format!("/v1/changes?limit=500{cursor}")).await.expect(200);
        if rows(&page).is_empty() {
            break;
        }
        cursor = format!("&after={}", next(&page));
        for entry in rows(&page) {
            // One of each kind, since there are hundreds.
            let (resource, href) = (entry["resource"].as_str().unwrap(), entry["href"].as_str().expect("an address"));
            hrefs.insert(resource.to_owned(), href.to_owned());
        }
    }
    for href in hrefs.values() {
        let status = admin.get(href).await.status;
        assert!([200, 404].contains(&status), "{href}: {status}");
    }
    assert!(hrefs.len() >= 35, "{:?}", hrefs.keys());
}

#[rstest]
#[actix_web::test]
async fn an_award_is_told_to_those_who_see_it_and_its_end_to_those_who_did(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for programme in ["nia", "itp"] {
        app.programme(programme).await;
    }
    app.trust("RJZ", "QKK").await;
    app.trust("RBD", "QVV").await;
    app.fund("F", 1000).await;
    let [nia, itp] = ["nia", "itp"].map(|programme| app.manager(programme));
    let [first, second, third] = ["RJZ", "RBD", "QWE"].map(|code| app.submitter(code));
    numbered(&app).await;
    let everybody = [&nia, &itp, &first, &second, &third, &app.reader()];
    let mut cursors = Vec::new();
    for actor in everybody {
        cursors.push(now(actor).await);
    }
    let award = app.award("F", 100).await;
    app.admin().patch(&award, 1, json!({ "title": "Another title" })).await.expect(200);
    app.admin().patch(&award, 2, json!({ "recipientOrganisation": "RBD" })).await.expect(200);
    numbered(&app).await;
    let mut seen = Vec::new();
    for (actor, cursor) in everybody.iter().zip(&cursors) {
        seen.push(told(&since(actor, cursor).await.0));
    }
    let (created, changed, deleted) =
        (format!("created {award}"), format!("changed {award}"), format!("deleted {award}"));
    assert_eq!(seen[0], [created.as_str(), &changed, &changed, &changed], "its programme sees all of it");
    assert_eq!(seen[2], [deleted.as_str(), &deleted, &deleted], "who saw it hears that it is gone");
    assert_eq!(seen[3].last(), Some(&changed), "who receives it now sees it");
    for stranger in [1, 4, 5] {
        assert!(seen[stranger].is_empty(), "nothing tells of records never seen: {:?}", seen[stranger]);
    }
}

#[rstest]
#[actix_web::test]
async fn a_link_is_told_to_its_ends_alone_until_both_agree(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for programme in ["nia", "itp"] {
        app.programme(programme).await;
    }
    let (asks, keeper, reader) = (app.manager("nia"), app.manager("itp"), app.reader());
    numbered(&app).await;
    let everybody = [&asks, &keeper, &reader];
    let cursors = [now(&asks).await, now(&keeper).await, now(&reader).await];
    let tool = json!({ "name": "Tool", "slug": "tool", "summary": "Does good.", "mainCategory": "digital" });
    keeper.post("/v1/innovations", tool).await.expect(201);
    let own = "/v1/innovations/tool/programme-memberships";
    let first = column(&reader.get(own).await.expect(200), "id").remove(0);
    let made = asks.post(own, json!({ "programme": "nia", "from": "2015-07-01" })).await;
    made.expect(201);
    let links = async || {
        numbered(&app).await;
        let mut all = Vec::new();
        for (actor, cursor) in everybody.iter().zip(&cursors) {
            let (mut entries, _) = since(actor, cursor).await;
            entries.retain(|entry| entry["resource"] == "programme-memberships");
            all.push(told(&entries));
        }
        all
    };
    let (first, link) = (format!("created {own}/{first}"), made.header("location"));
    let both = vec![first.clone(), format!("created {link}")];
    assert_eq!(links().await, [both.clone(), both, vec![first.clone()]]);
    keeper.transition(link, 1, json!({ "to": "agreed" })).await.expect(200);
    app.admin().delete("/v1/innovations/tool", 2).await.expect(204);
    assert_eq!(links().await[2], [first, format!("changed {link}")], "that of an archived innovation too");
}

#[rstest]
#[actix_web::test]
async fn a_submission_is_told_to_whoever_sees_its_values(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.trust("RBD", "QVV").await;
    app.kpi("ae", json!({})).await;
    let (lead, other, reader) = (app.lead("QKK"), app.lead("QVV"), app.reader());
    numbered(&app).await;
    let cursors = [now(&lead).await, now(&other).await, now(&reader).await];
    let first = app.values("ae", json!([row("RJZ", "2026-01", 5), row("RJZ", "2026-02", 6)])).await;
    let second =
        app.admin().post("/v1/kpi-submissions?kpi=ae&strategy=delete", json!({ "rows": [row("RJZ", "2026-01", 5)] }));
    let second = second.await.expect(201);
    numbered(&app).await;
    let [first, second] = [&first, &second].map(|made| made["id"].as_str().unwrap());
    let values = [first, second].map(|id| format!("changed /v1/kpi-values?submission={id}"));
    assert_eq!(told(&since(&reader, &cursors[2]).await.0), values, "a reader sees values, and not who sent them");
    let seen = told(&since(&lead, &cursors[0]).await.0);
    assert!(values.iter().all(|entry| seen.contains(entry)), "{seen:?}");
    assert!(since(&other, &cursors[1]).await.0.is_empty(), "nobody else hears of it");
    let gone = reader.get(&format!("/v1/kpi-value-revisions?replacedBy={second}")).await.expect(200);
    assert_eq!((column(&gone, "period"), column(&gone, "deleted")), (vec!["2026-01".into()], vec!["true".into()]));
    let none = app.lead("QVV").get(&format!("/v1/kpi-value-revisions?replacedBy={second}")).await.expect(200);
    assert!(rows(&none).is_empty());
    let without = reader.get("/v1/kpi-value-revisions").await.problem(422, "validation-failed");
    assert_eq!(without["errors"][0]["pointer"], "?replacedBy");
}

#[rstest]
#[actix_web::test]
async fn what_is_approved_is_told_to_whoever_keeps_values(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    app.kpi("ae", json!({ "approvalRequired": true, "dueDays": 20 })).await;
    let (sender, lead, reader) = (app.submitter("RJZ"), app.lead("QKK"), app.reader());
    for (strategy, value, counting) in [("upsert", 5, vec!["5"]), ("upsert", 6, vec!["6"]), ("delete", 6, vec![])] {
        let target = format!("/v1/kpi-submissions?kpi=ae&strategy={strategy}");
        let sent = sender.post(&target, json!({ "rows": [row("RJZ", "2026-05", value)] })).await.expect(201);
        let submission = sent["id"].as_str().unwrap().to_owned();
        numbered(&app).await;
        let cursor = now(&reader).await;
        let returns = lead.get("/v1/kpi-returns").await.expect(200);
        let (id, version) =
            (returns["data"][0]["id"].as_str().unwrap(), returns["data"][0]["version"].as_i64().unwrap());
        let approve = json!({ "to": "approved" });
        lead.transition(&format!("/v1/kpi-returns/{id}"), version, approve).await.expect(200);
        numbered(&app).await;
        let entries = told(&since(&reader, &cursor).await.0);
        assert_eq!(entries, [format!("changed /v1/kpi-values?submission={submission}")], "{strategy} {value}");
        let values = reader.get(&format!("/v1/kpi-values?submission={submission}")).await.expect(200);
        assert_eq!(column(&values, "value"), counting);
        let replaced = reader.get(&format!("/v1/kpi-value-revisions?replacedBy={submission}")).await.expect(200);
        let expected = ["false", "true"].map(str::to_owned);
        let deleted = if strategy == "delete" {
            &expected[1..]
        } else if value == 6 {
            &expected[..1]
        } else {
            &[]
        };
        assert_eq!(column(&replaced, "deleted"), deleted);
    }
}

#[rstest]
#[actix_web::test]
async fn who_comes_to_see_more_or_less_hears_of_it_first(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.trust("RJZ", "QKK").await;
    let lead = app.lead("QKK");
    numbered(&app).await;
    let cursor = now(&lead).await;
    app.trust("RBD", "QKK").await;
    let edges = app.admin().get("/v1/organisations/RJZ/edges").await.expect(200);
    assert_eq!(edges["data"][0]["parent"], "QKK");
    app.sql(
        "UPDATE organisation_closure SET to_on = '2026-06-15'
             WHERE ancestor_id = (SELECT id FROM organisations WHERE code = 'QKK')
             AND descendant_id = (SELECT id FROM organisations WHERE code = 'RJZ')",
    );
    numbered(&app).await;
    let (entries, after) = since(&lead, &cursor).await;
    assert_eq!(entries[0]["change"], "scope");
    assert_eq!((&entries[0]["gained"], &entries[0]["lost"]), (&json!(["RBD"]), &json!(["RJZ"])));
    assert!(told(&entries[1..]).contains(&"created /v1/organisations/RBD".to_owned()));
    assert!(since(&lead, &after).await.0.is_empty(), "it is told once");
    let twice = |role| NewLocalToken { subject: Some("two-roles".to_owned()), ..grant(role) };
    let both = app.actor(&twice(Role::Reader));
    let cursor = now(&both).await;
    app.actor(&twice(Role::NationalAdmin));
    eventually("another role sees other records", PATIENCE, async || {
        let page = both.get(&format!("/v1/changes?after={cursor}")).await.expect(200);
        page["data"][0]["gained"] == json!(["*"])
    })
    .await;
}

#[rstest]
#[actix_web::test]
async fn a_cursor_of_before_a_restore_is_out_of_date(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    app.innovation("tool").await;
    numbered(&app).await;
    let reader = app.reader();
    numbered(&app).await;
    let cursor = now(&reader).await;
    app.sql("UPDATE schema_info SET epoch = (SELECT id FROM innovations)");
    let expired = reader.get(&format!("/v1/changes?after={cursor}")).await.problem(410, "cursor-expired");
    assert!(expired["detail"].as_str().unwrap().contains("after=now"));
    let cursor = now(&reader).await;
    reader.get(&format!("/v1/changes?after={cursor}")).await.expect(200);
    app.sql("DELETE FROM feed_scopes");
    let other = app.actor(&NewLocalToken { subject: Some("another".to_owned()), ..grant(Role::Reader) });
    other.get(&format!("/v1/changes?after={cursor}")).await.problem(410, "cursor-expired");
    for garbled in ["x", "now%20", &cursor[1..], &format!("{cursor}A")] {
        reader.get(&format!("/v1/changes?after={garbled}")).await.problem(400, "invalid-parameter");
    }
    reader.get(&format!("/v1/changes?after={}", "A".repeat(48))).await.problem(422, "unknown-cursor");
}

#[rstest]
#[actix_web::test]
async fn who_waits_is_answered_when_there_is_something(#[values(Sqlite, Postgres)] engine: Engine) {
    let metrics = format!("127.0.0.1:{}", free_port());
    let app = TestApp::with(engine, &[("METRICS_LISTEN", metrics.as_str())]).await;
    let reader = app.reader();
    numbered(&app).await;
    let cursor = now(&reader).await;
    let target = format!("/v1/changes?wait=30&after={cursor}");
    let waiting: Vec<_> = (0..8).map(|_| async { reader.get(&target).await.expect(200) }).collect();
    let begun = Instant::now();
    let write = async {
        // More wait than there are threads for reads, and none of them is held.
        eventually("all wait", PATIENCE, async || {
            app.elsewhere(&metrics).get("/metrics").await.text().contains("feed_clients 8\n")
        })
        .await;
        app.innovation("tool").await;
    };
    let (answers, ()) = futures_util::future::join(futures_util::future::join_all(waiting), write).await;
    assert!(begun.elapsed() < Duration::from_secs(25));
    for answer in answers {
        assert_eq!(told(rows(&answer)), ["created /v1/innovations/tool"]);
    }
    let empty = reader.get("/v1/changes?after=now&wait=1").await.expect(200);
    assert!(rows(&empty).is_empty());
    reader.get("/v1/changes?wait=31").await.problem(400, "invalid-parameter");
}

#[rstest]
#[actix_web::test]
async fn a_stream_sends_changes_as_they_come_and_goes_on_where_it_was(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let token = app.token(&grant(Role::Reader));
    numbered(&app).await;
    let open = async |last: &str| {
        let request = reqwest::Client::new().get(format!("{}/v1/changes?after=now", app.url)).bearer_auth(&token);
        let request = request.header("accept", "text/event-stream").header("accept-encoding", "gzip, br");
        let request = if last.is_empty() { request } else { request.header("last-event-id", last) };
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        response.bytes_stream().map(|part| String::from_utf8(part.unwrap().to_vec()).unwrap())
    };
    let id = |part: &str| part.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    let mut stream = Box::pin(open("").await);
    let first = stream.next().await.unwrap();
    assert!(first.starts_with(": alive"), "{first}");
    app.innovation("one").await;
    let second = stream.next().await.unwrap();
    assert!(second.contains("event: changes\ndata: {") && second.contains("/v1/innovations/one"), "{second}");
    drop(stream);
    app.innovation("two").await;
    numbered(&app).await;
    let again = Box::pin(open(&id(&second)).await).next().await.unwrap();
    assert!(again.contains("/v1/innovations/two") && !again.contains("/v1/innovations/one"), "{again}");
}

#[rstest]
#[actix_web::test]
async fn who_waits_is_let_go_when_the_service_is_told_to_stop(#[values(Sqlite, Postgres)] engine: Engine) {
    let folder = folder();
    let mut settings = told_to(&database(engine, &folder));
    settings.push(("SHUTDOWN_DELAY", "1".to_owned()));
    let mut served = Served::start(&settings);
    let reader = Actor::at(&served.url, &run(&settings, &["token", "--role", "reader"]));
    let cursor = now(&reader).await;
    let begun = Instant::now();
    let target = format!("/v1/changes?wait=30&after={cursor}");
    let waiting = async { reader.get(&target).await.expect(200) };
    let stop = async {
        eventually("it listens", PATIENCE, async || reader.get("/health/ready").await.status == 200).await;
        Command::new("kill").args(["-TERM", &served.process.id().to_string()]).status().unwrap();
    };
    let (answer, ()) = futures_util::future::join(waiting, stop).await;
    assert!(begun.elapsed() < Duration::from_secs(20), "it did not wait to the end");
    next(&answer);
    served.process.wait().unwrap();
}

/// The client of the guide, letter for letter, in a folder of its own.
struct Copy {
    process: Child,
    folder: tempfile::TempDir,
}

impl Copy {
    fn keep(url: &str, token: &str) -> Self {
        let guide = include_str!("../../docs/guide-integrators.md");
        let text = guide.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a client");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("keep.py"), text).unwrap();
        let process = Command::new("python3")
            .args(["keep.py", url, token])
            .current_dir(folder.path())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        Self { process, folder }
    }

    /// What it has, by address, with the version.
    fn content(&self) -> Option<BTreeMap<String, Value>> {
        let text = std::fs::read_to_string(self.folder.path().join("copy.json")).ok()?;
        let copy: BTreeMap<String, Value> = serde_json::from_str(&text).ok()?;
        Some(copy.into_iter().map(|(href, record)| (href, record["version"].clone())).collect())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The lists that the client keeps, and the key of each.
const KEPT: [(&str, &str); 16] = [
    ("adoptions", "id"),
    ("awards", "id"),
    ("benefits", "id"),
    ("external-investments", "id"),
    ("fellows", "id"),
    ("fellowships", "id"),
    ("funds", "code"),
    ("grants", "id"),
    ("innovations", "slug"),
    ("kpi-submissions", "id"),
    ("kpi-values", "id"),
    ("kpis", "code"),
    ("mentorships", "id"),
    ("organisations", "code"),
    ("people", "id"),
    ("programmes", "slug"),
];

/// What a caller's lists show.
async fn lists(actor: &Actor) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (name, key) in KEPT {
        let mut cursor = String::new();
        loop {
            let answer = actor.get(&format!("/v1/{name}?limit=500{cursor}")).await;
            if answer.status == 403 {
                break;
            }
            let page = answer.expect(200);
            for row in rows(&page) {
                let key = row[key].as_str().map_or_else(|| row[key].to_string(), str::to_owned);
                all.insert(format!("/v1/{name}/{key}"), row["version"].clone());
            }
            match page["page"]["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
    }
    all
}

async fn equals(copy: &Copy, actor: &Actor, whose: &str) {
    let what = format!("the copy of {whose} is what their lists show");
    eventually(&what, Duration::from_secs(60), async || copy.content() == Some(lists(actor).await)).await;
}

/// What is written while copies are kept: many writers at once, who make, change, archive and take away.
async fn write(admin: &Actor, round: usize) {
    let writers = (0..16).map(async |writer: usize| {
        let slug = format!("tool-{round}-{writer}");
        let body = json!({ "name": slug, "slug": slug, "summary": "Does good.", "mainCategory": "digital" });
        admin.post("/v1/innovations", body).await.expect(201);
        let target = format!("/v1/innovations/{slug}");
        admin.patch(&target, 1, json!({ "summary": "Does more good." })).await.expect(200);
        let rows = |value: usize| json!({ "rows": [row("RJZ", &format!("20{:02}-{:02}", 10 + round, writer % 12 + 1), value), row("RBD", "2026-01", value)] });
        admin.post("/v1/kpi-submissions?kpi=ae", rows(writer)).await.expect(201);
        match writer % 4 {
            0 => drop(admin.delete(&target, 2).await.expect(204)),
            1 => drop(admin.post("/v1/kpi-submissions?kpi=ae&strategy=delete&mode=partial", rows(0)).await),
            2 => {
                let adoption = json!({ "innovation": slug, "organisation": "RJZ", "stage": "adopted" });
                admin.post("/v1/adoptions", adoption).await.expect(201);
            }
            _ => drop(admin.post("/v1/awards", award("F", 1)).await.expect(201)),
        }
    });
    futures_util::future::join_all(writers).await;
}

/// What the copies are of, before anything happens to it.
async fn prepare(admin: &Actor) {
    let made = async |target: &str, body: Value| drop(admin.post(target, body).await.expect(201));
    for (code, board) in [("RJZ", "QKK"), ("RBD", "QVV"), ("RGT", "QKK")] {
        let trust = json!({ "code": code, "name": code, "type": "nhs-trust", "parent": board });
        made("/v1/organisations", trust).await;
    }
    let nia = json!({ "slug": "nia", "name": "NIA", "kind": "fellowship", "summary": "Carries." });
    made("/v1/programmes", nia).await;
    let kpi = json!({
        "code": "ae", "name": "Attendances", "definition": "Counted.", "level": "process", "unit": "things", "periodType": "month",
        "valueType": "count", "improvementDirection": "neutral", "aggregation": "sum", "status": "live",
        "agreedBy": "Data group", "agreedOn": "2015-04-01"
    });
    made("/v1/kpis", kpi).await;
    made("/v1/funds", json!({ "code": "F", "name": "Fund", "programme": "nia", "currency": "GBP" })).await;
    let given = json!({ "contributor": "QWE", "source": "nhs", "amount": gbp(5000), "receivedOn": "2015-07-01" });
    made("/v1/funds/F/contributions", given).await;
}

/// An edge that ends, a trust that moves, a person who is erased, a grant that is taken back, an award that goes to another.
async fn disturb(admin: &Actor) {
    for code in ["RGT", "RJZ"] {
        let edges = format!("/v1/organisations/{code}/edges");
        let edge = admin.get(&format!("{edges}?kind=geographic")).await.expect(200)["data"][0]["id"].clone();
        let ended = json!({ "to": "2020-01-01" });
        admin.patch(&format!("{edges}/{}", edge.as_str().unwrap()), 1, ended).await.expect(200);
    }
    let there = json!({ "parent": "QVV", "kind": "geographic", "from": "2020-01-01" });
    admin.post("/v1/organisations/RJZ/edges", there).await.expect(201);
    let olive = json!({ "name": "Olive Marchbanks", "subject": "olive@example.org" });
    let person = admin.post("/v1/people", olive).await.expect(201);
    let erasure = format!("/v1/people/{}/erasure", person["id"].as_str().unwrap());
    admin.post(&erasure, json!({ "reason": "Asked for." })).await.expect(200);
    let awards = admin.get("/v1/awards?limit=1").await.expect(200);
    let award = format!("/v1/awards/{}", awards["data"][0]["id"].as_str().unwrap());
    admin.patch(&award, 1, json!({ "recipientOrganisation": "RBD" })).await.expect(200);
    let grants = admin.get("/v1/grants?subject=manager&organisation=QVV").await.expect(200);
    admin.delete(&format!("/v1/grants/{}", grants["data"][0]["id"].as_str().unwrap()), 1).await.expect(204);
}

/// Of two instances one numbers events, and the other goes on with it when that one is killed. SQLite is served by one.
#[rstest]
#[case(Sqlite, 1)]
#[case(Postgres, 2)]
#[actix_web::test]
async fn the_client_of_the_guide_keeps_exact_copies_through_whatever_happens(
    #[case] engine: Engine,
    #[case] count: usize,
) {
    let folder = folder();
    let place = database(engine, &folder);
    let settings = told_to(&place);
    let token = |role: &str, scope: &[&str]| {
        run(&settings, &[["token", "--ttl", "2h", "--role", role].as_slice(), scope].concat())
    };
    let urls: Vec<String> = (0..count).map(|_| format!("http://127.0.0.1:{}", free_port())).collect();
    let mut served = Vec::new();
    for url in &urls {
        served.push(serve(&settings, url).await);
    }
    let at = |number: usize, token: &str| Actor::at(&urls[number % count], token);
    let managing = token("programme-manager", &["--programme", "nia", "--subject", "manager"]);
    let admin_token = token("national-admin", &[]);
    prepare(&at(0, &admin_token)).await;
    token("regional-lead", &["--organisation", "QVV", "--subject", "manager"]);
    let lead_token = token("regional-lead", &["--organisation", "QKK"]);
    let whose = [("admin", admin_token), ("lead", lead_token), ("manager", managing)];
    let begin = |shift: usize| {
        let copy = |(number, (_, token)): (usize, &(&str, String))| Copy::keep(&urls[(number + shift) % count], token);
        whose.iter().enumerate().map(copy).collect::<Vec<_>>()
    };
    let mut copies = begin(0);
    write(&at(0, &whose[0].1), 0).await;
    write(&at(1, &whose[0].1), 1).await;
    disturb(&at(0, &whose[0].1)).await;
    // Each is killed and begins anew; copies that begin meanwhile begin at the end.
    for (number, url) in urls.iter().enumerate() {
        drop(served.remove(0));
        if count > 1 {
            write(&at(number + 1, &whose[0].1), 3 + number).await;
        }
        served.push(serve(&settings, url).await);
    }
    copies.extend(begin(1));
    write(&at(0, &whose[0].1), 2).await;
    for (copy, (name, token)) in copies.iter().zip(whose.iter().cycle()) {
        equals(copy, &at(0, token), name).await;
    }
}

/// The service at an address that stays when it begins anew.
async fn serve(settings: &[(&'static str, String)], url: &str) -> Served {
    let mut fixed = settings.to_vec();
    fixed.retain(|(name, _)| *name != "LISTEN");
    fixed.push(("LISTEN", url.trim_start_matches("http://").to_owned()));
    let process = binary(&fixed, &["serve"]).spawn().unwrap();
    let anyone = Actor::at(url, "nobody");
    eventually("it serves", PATIENCE, async || anyone.get("/health/ready").status().await == Some(200)).await;
    Served { process, url: url.to_owned() }
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
