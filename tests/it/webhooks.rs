//! Webhooks: each is told of what it may see, in order, signed, at least once, and holds up nobody but itself.

use crate::support::*;
use chrono::TimeDelta;
use reqwest::header::HeaderMap;
use standardwebhooks::Webhook;
use std::collections::BTreeSet;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);
/// The receivers of these tests are on the machine itself.
const HERE: [(&str, &str); 1] = [("PRIVATE_NETWORKS", "127.0.0.0/8")];

/// A webhook of a reader of the whole register, with its secret and where it is.
async fn hooked(actor: &Actor, receiver: &Receiver) -> (String, String) {
    let body = json!({ "name": "Warehouse", "url": receiver.url, "resources": ["innovations"] });
    let made = actor.post("/v1/webhooks", body).await;
    let secret = made.expect(201)["secret"].as_str().unwrap().to_owned();
    (made.header("location").to_owned(), secret)
}

async fn arrived(receiver: &Receiver, number: usize) {
    eventually("they arrive", PATIENCE, async || receiver.messages().len() >= number).await;
}

/// Moves the clock on until something holds, as far as waits go.
async fn in_time(app: &TestApp, step: TimeDelta, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    eventually(what, Duration::from_secs(60), async || {
        app.advance(step);
        holds().await
    })
    .await;
}

#[rstest]
#[actix_web::test]
async fn changes_arrive_in_order_as_signed_cloud_events(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &HERE).await;
    // A signature is good for some minutes of the receiver's own clock.
    app.advance(innovation_register::vocabulary::now() - app.now());
    let (admin, receiver) = (app.admin(), Receiver::start());
    let (webhook, secret) = hooked(&admin, &receiver).await;
    app.innovation("tool").await;
    admin.patch("/v1/innovations/tool", 1, json!({ "summary": "Does more good." })).await.expect(200);
    admin.delete("/v1/innovations/tool", 2).await.expect(204);
    arrived(&receiver, 3).await;
    let tool = "/v1/innovations/tool";
    let expected = ["created", "changed", "archived"].map(|change| format!("register.innovation.{change} {tool}"));
    assert_eq!(receiver.told(), expected);
    let message = &receiver.messages()[0];
    let event = message.event();
    assert_eq!((&event["specversion"], &event["id"]), (&json!("1.0"), &json!(message.header("webhook-id"))));
    assert_eq!(event["source"], format!("{}/v1/changes", app.url));
    assert_eq!((&event["data"]["key"], &event["data"]["version"]), (&json!("tool"), &json!(1)));
    assert_eq!(message.header("content-type"), "application/cloudevents+json");
    let mut headers = http_headers(message);
    let judge = Webhook::new(&secret).unwrap();
    judge.verify(message.body.as_bytes(), &headers).unwrap();
    assert_eq!(message.header("webhook-timestamp"), app.now().timestamp().to_string());
    headers.insert("webhook-id", "another".parse().unwrap());
    assert!(judge.verify(message.body.as_bytes(), &headers).is_err());
    let sent = admin.get(&format!("{webhook}/deliveries")).await.expect(200);
    assert_eq!(column(&sent, "outcome"), ["delivered"; 3]);
    assert_eq!((column(&sent, "status"), column(&sent, "attempts")), (vec!["200".to_owned(); 3], vec!["1".into(); 3]));
    admin.get("/v1/webhooks/01a21dd7-92fe-76c8-a622-504d82841b9b/deliveries").await.problem(404, "not-found");
}

fn http_headers(message: &Message) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, message.header(name).parse().unwrap());
    }
    headers
}

#[rstest]
#[actix_web::test]
async fn for_a_day_after_a_change_of_secrets_both_are_good(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &HERE).await;
    let (admin, receiver) = (app.admin(), Receiver::start());
    let (webhook, first) = hooked(&admin, &receiver).await;
    let made = admin.post(&format!("{webhook}/secrets"), json!({})).await.expect(201);
    let second = made["secret"].as_str().unwrap().to_owned();
    app.innovation("one").await;
    arrived(&receiver, 1).await;
    let is_good = |message: &Message, secret: &str| {
        let at = message.header("webhook-timestamp").parse().unwrap();
        let judge = Webhook::new(secret).unwrap();
        let signed = judge.sign(message.header("webhook-id"), at, message.body.as_bytes()).unwrap();
        message.header("webhook-signature").split(' ').any(|one| one == signed)
    };
    let message = receiver.messages().remove(0);
    assert!(is_good(&message, &first) && is_good(&message, &second));
    app.advance(TimeDelta::hours(25));
    let admin = app.admin();
    app.innovation("two").await;
    arrived(&receiver, 2).await;
    let message = receiver.messages().remove(1);
    assert!(!is_good(&message, &first) && is_good(&message, &second));
    let seen = admin.get(&webhook).await.expect(200);
    assert!(seen.get("secret").is_none(), "it is shown once");
    assert!(app.everything().iter().all(|(_, row)| !row.contains(second.trim_start_matches("whsec_"))));
}

#[rstest]
#[actix_web::test]
async fn who_fails_is_tried_again_and_nothing_is_skipped(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &HERE).await;
    let (admin, failing, sound) = (app.admin(), Receiver::start(), Receiver::start());
    let (webhook, _) = hooked(&admin, &failing).await;
    hooked(&admin, &sound).await;
    failing.answer(500);
    for slug in ["one", "two", "three"] {
        app.innovation(slug).await;
    }
    arrived(&sound, 3).await;
    in_time(&app, TimeDelta::seconds(10), "it is tried again", async || failing.messages().len() >= 3).await;
    let all_the_same: Vec<String> =
        failing.messages().iter().map(|message| message.header("webhook-id").to_owned()).collect();
    assert!(all_the_same.iter().all(|id| *id == all_the_same[0]), "the first holds back the others: {all_the_same:?}");
    let seen = admin.get(&webhook).await.expect(200);
    assert!(seen["attempts"].as_i64().unwrap() >= 2 && seen["failingSince"].is_string(), "{seen}");
    let failed = admin.get(&format!("{webhook}/deliveries?outcome=failed")).await.expect(200);
    assert_eq!((column(&failed, "status"), column(&failed, "key")), (vec!["500".to_owned()], vec!["one".to_owned()]));
    let waiting =
        admin.get(&format!("/v1/changes?resource=innovations&after={}", seen["after"].as_str().unwrap())).await;
    assert_eq!(column(&waiting.expect(200), "key"), ["one", "two", "three"], "what waits is behind its cursor");
    failing.answer(204);
    let before = failing.messages().len();
    in_time(&app, TimeDelta::minutes(1), "all arrive", async || failing.messages().len() >= before + 3).await;
    let last: Vec<String> = failing.told()[before..].to_vec();
    assert_eq!(last, ["one", "two", "three"].map(|slug| format!("register.innovation.created /v1/innovations/{slug}")));
}

#[rstest]
#[actix_web::test]
async fn who_was_down_for_an_hour_is_sent_everything_in_order(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &HERE).await;
    let (admin, receiver) = (app.admin(), Receiver::start());
    let (webhook, _) = hooked(&admin, &receiver).await;
    let address = receiver.go_away().await;
    let slugs = ["one", "two", "three"];
    for slug in slugs {
        app.innovation(slug).await;
    }
    let begun = app.now();
    in_time(&app, TimeDelta::minutes(1), "an hour goes by", async || {
        let tried = admin.get(&webhook).await.expect(200);
        app.now() - begun > TimeDelta::hours(1) && tried["attempts"].as_i64() > Some(1)
    })
    .await;
    let failed = admin.get(&format!("{webhook}/deliveries")).await.expect(200);
    assert_eq!((rows(&failed).len(), &failed["data"][0]["status"]), (1, &Value::Null), "{failed}");
    let receiver = Receiver::at(&address);
    in_time(&app, TimeDelta::minutes(1), "all arrive", async || receiver.messages().len() >= 3).await;
    assert_eq!(receiver.told(), slugs.map(|slug| format!("register.innovation.created /v1/innovations/{slug}")));
}

#[rstest]
#[actix_web::test]
async fn what_an_instance_that_died_was_sending_another_sends(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &HERE).await;
    let (admin, receiver) = (app.admin(), Receiver::start());
    let (webhook, _) = hooked(&admin, &receiver).await;
    receiver.answer_after(200, Duration::from_secs(3));
    app.innovation("one").await;
    eventually("it is being sent", PATIENCE, async || receiver.asked() == 1).await;
    let until = (app.now() + TimeDelta::seconds(60)).format("%Y-%m-%d %H:%M:%S");
    app.sql(&format!("UPDATE webhooks SET lease = 7, lease_until = '{until}'"));
    arrived(&receiver, 1).await;
    receiver.answer(200);
    app.innovation("two").await;
    eventually("it has no lease to send more", PATIENCE, async || app.count("events WHERE position IS NULL") == 0)
        .await;
    assert!(rows(&admin.get(&format!("{webhook}/deliveries")).await.expect(200)).is_empty(), "nor to say that it did");
    app.advance(TimeDelta::seconds(61));
    arrived(&receiver, 3).await;
    let told = receiver.told();
    let expected = ["one", "one", "two"].map(|slug| format!("register.innovation.created /v1/innovations/{slug}"));
    assert_eq!(told, expected, "at least once, and in order");
}

#[rstest]
#[actix_web::test]
async fn after_three_days_it_is_suspended_and_goes_on_where_it_was(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &HERE).await;
    let receiver = Receiver::start();
    let (webhook, _) = hooked(&app.admin(), &receiver).await;
    app.sql("UPDATE grants SET to_at = '2027-01-01 00:00:00'; UPDATE grant_generation SET generation = generation + 1");
    receiver.answer(302);
    app.innovation("one").await;
    in_time(&app, TimeDelta::hours(2), "it is suspended", async || {
        app.admin().get(&webhook).await.expect(200)["state"] == "suspended"
    })
    .await;
    let admin = app.admin();
    let moves = admin.get(&format!("{webhook}/transitions")).await.expect(200);
    assert!(moves["data"][0]["reason"].as_str().unwrap().contains("72 hours"));
    let tried = receiver.messages();
    assert!(tried.iter().all(|message| message.header("host").len() > 1), "redirections are not followed");
    app.innovation("two").await;
    receiver.answer(200);
    let version = admin.get(&webhook).await.expect(200)["version"].as_i64().unwrap();
    admin.transition(&webhook, version, json!({ "to": "active" })).await.expect(200);
    arrived(&receiver, tried.len() + 2).await;
    let since: Vec<String> = receiver.told()[tried.len()..].to_vec();
    assert_eq!(since, ["one", "two"].map(|slug| format!("register.innovation.created /v1/innovations/{slug}")));
}

#[rstest]
#[actix_web::test]
async fn one_that_is_set_back_is_sent_the_same_messages_again(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &HERE).await;
    let (admin, receiver) = (app.admin(), Receiver::start());
    let (webhook, _) = hooked(&admin, &receiver).await;
    for slug in ["one", "two", "three"] {
        app.innovation(slug).await;
    }
    arrived(&receiver, 3).await;
    let sent = admin.get(&format!("{webhook}/deliveries")).await.expect(200);
    let from = sent["data"][1]["after"].clone();
    admin.patch(&webhook, 1, json!({ "after": from })).await.expect(200);
    arrived(&receiver, 5).await;
    let ids: Vec<String> = receiver.messages().iter().map(|message| message.header("webhook-id").to_owned()).collect();
    assert_eq!(ids[3..5], ids[1..3], "a receiver knows them by their ids");
    admin.patch(&webhook, 2, json!({ "after": "A".repeat(48) })).await.problem(422, "unknown-cursor");
    admin.delete(&webhook, 2).await.expect(204);
    admin.get(&webhook).await.problem(404, "not-found");
    assert_eq!(app.count("webhook_deliveries"), 0);
}

#[rstest]
#[actix_web::test]
async fn its_makers_grants_decide_what_it_is_sent(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &HERE).await;
    app.programme("nia").await;
    app.programme("itp").await;
    app.trust("RJZ", "QKK").await;
    app.fund("F", 1000).await;
    let (own, other) = (Receiver::start(), Receiver::start());
    for (programme, receiver) in [("nia", &own), ("itp", &other)] {
        let body = json!({ "name": "Awards", "url": receiver.url, "resources": ["awards", "innovations"] });
        app.manager(programme).post("/v1/webhooks", body).await.expect(201);
    }
    let award = app.award("F", 100).await;
    app.innovation("tool").await;
    arrived(&own, 2).await;
    arrived(&other, 1).await;
    assert_eq!(own.told()[0], format!("register.award.created {award}"));
    assert_eq!(other.told(), ["register.innovation.created /v1/innovations/tool"]);
    app.sql("UPDATE grants SET to_at = '2026-06-15 08:00:00'; UPDATE grant_generation SET generation = generation + 1");
    app.innovation("another").await;
    eventually("it hears that it sees no more", PATIENCE, async || {
        own.told().iter().any(|told| told.starts_with("register.scope."))
    })
    .await;
    let mine = app.manager("nia").get("/v1/webhooks").await.expect(200);
    assert!(rows(&mine).is_empty(), "nobody sees another's");
}

#[rstest]
#[actix_web::test]
async fn an_address_inside_the_network_is_not_called(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    let (admin, receiver) = (app.admin(), Receiver::start());
    let (webhook, _) = hooked(&admin, &receiver).await;
    app.innovation("tool").await;
    let failed = format!("{webhook}/deliveries?outcome=failed");
    eventually("it is tried", PATIENCE, async || !rows(&admin.get(&failed).await.expect(200)).is_empty()).await;
    let problem = &admin.get(&failed).await.expect(200)["data"][0]["problem"];
    assert!(problem.as_str().unwrap().contains("private"), "{problem}");
    assert!(receiver.messages().is_empty());
    for url in ["ftp://example.org/", "https://user@example.org/", "https://example.org/#part"] {
        let status = admin.post("/v1/webhooks", json!({ "name": "Wrong", "url": url })).await.status;
        assert!([400, 422].contains(&status), "{url}: {status}");
    }
}

#[rstest]
#[actix_web::test]
async fn one_that_is_slow_holds_up_nobody_else(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::with(engine, &HERE).await;
    let (admin, slow, sound) = (app.admin(), Receiver::start(), Receiver::start());
    hooked(&admin, &slow).await;
    hooked(&admin, &sound).await;
    slow.answer_after(200, Duration::from_secs(5));
    app.innovation("one").await;
    arrived(&sound, 1).await;
    assert!(slow.messages().is_empty());
    app.innovation("two").await;
    arrived(&slow, 2).await;
    arrived(&sound, 2).await;
}

/// SQLite is served by one process.
#[rstest]
#[actix_web::test]
async fn of_two_instances_one_sends_each_message(#[values(Postgres)] engine: Engine) {
    let folder = folder();
    let mut settings = told(&database(engine, &folder));
    settings.push(("PRIVATE_NETWORKS", "127.0.0.0/8".to_owned()));
    let token = run(&settings, &["token", "--role", "national-admin"]);
    let served = [Served::start(&settings), Served::start(&settings)];
    let [one, two] = [0, 1].map(|number| Actor::at(&served[number].url, &token));
    let receiver = Receiver::start();
    let (webhook, _) = hooked(&one, &receiver).await;
    let slugs: Vec<String> = (0..20).map(|number| format!("tool-{number}")).collect();
    for (number, slug) in slugs.iter().enumerate() {
        let body = json!({ "name": slug, "slug": slug, "summary": "Does good.", "mainCategory": "digital" });
        [&one, &two][number % 2].post("/v1/innovations", body).await.expect(201);
    }
    arrived(&receiver, 20).await;
    let told: BTreeSet<String> = receiver.told().into_iter().collect();
    assert_eq!((told.len(), receiver.messages().len()), (20, 20), "each once");
    let positions: Vec<i64> =
        receiver.messages().iter().map(|one| one.event()["data"]["position"].as_i64().unwrap()).collect();
    assert!(positions.is_sorted(), "in order: {positions:?}");
    let sent = two.get(&format!("{webhook}/deliveries?limit=50")).await.expect(200);
    assert_eq!(rows(&sent).len(), 20);
}
