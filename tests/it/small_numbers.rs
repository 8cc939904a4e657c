//! What is told of small counts: nobody works one out of all that they are told together. A reader's whole arithmetic is done here: what each
//! answer says of a count narrows it, and what it is added up from, until nothing narrows any more.

use crate::support::*;
use innovation_register::access::Role;
use innovation_register::grants::ops::NewLocalToken;
use std::collections::{BTreeMap, BTreeSet};

/// Two boards of one region and one of another, each with its trusts. One trust of the first belongs to the network of the second.
const PLACES: [(&str, &str, &[&str]); 3] =
    [("QKK", "Y56", &["RJZ", "RJ1", "RPY"]), ("QMF", "Y56", &["RF4", "RAL"]), ("QUY", "Y58", &["RA7", "RVJ"])];
const MONTHS: usize = 24;
const MEMBERS: [&str; 2] = ["kind=1", "kind=2"];
const ENGLAND: &str = "E92000001";

fn month(n: usize) -> String {
    format!("{}-{:02}", 2024 + n / 12, n % 12 + 1)
}

/// Counts like those of a rare condition, the same in every run.
fn count(n: usize, trust: &str, member: &str) -> i64 {
    let seed = trust
        .bytes()
        .chain(member.bytes())
        .fold(n as u64 + 17, |sum, byte| sum.wrapping_mul(6364136223846793005).wrapping_add(u64::from(byte) | 1));
    let dice = (seed >> 33) % 100;
    match dice {
        0..10 => 0,
        10..65 => 1 + (seed >> 45) as i64 % 7,
        65..85 => 8 + (seed >> 45) as i64 % 8,
        _ => 12 + (seed >> 45) as i64 % 40,
    }
}

fn trusts() -> impl Iterator<Item = &'static str> {
    PLACES.iter().flat_map(|(_, _, trusts)| trusts.iter().copied())
}

async fn world(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    for (board, _, trusts) in PLACES {
        for trust in trusts {
            app.trust(trust, board).await;
        }
    }
    let network = json!({ "parent": "UCLP", "kind": "network" });
    app.admin().post("/v1/organisations/RJZ/edges", network).await.expect(201);
    let kinds = json!([{ "dimension": "kind", "members": ["1", "2"] }]);
    app.kpi("rare", json!({ "disclosureControl": true, "breakdowns": kinds })).await;
    let cell = |(n, trust, member): (usize, &str, &str)| json!({ "organisation": trust, "period": month(n), "breakdown": member, "value": count(n, trust, member), "comment": "secret" });
    let all = (0..MONTHS).flat_map(|n| trusts().flat_map(move |trust| MEMBERS.map(|member| (n, trust, member))));
    app.values("rare", all.map(cell).collect()).await;
    app
}

/// What is counted: where, and which member; none for all of them.
type Name = (String, Option<&'static str>);

/// What somebody can work out of the counts of a month.
#[derive(Default)]
struct Solver {
    bounds: BTreeMap<Name, (i64, i64)>,
    truth: BTreeMap<Name, i64>,
    sums: Vec<(Name, Vec<Name>)>,
    /// How much of each count is the caller's own.
    known: BTreeMap<Name, i64>,
}

impl Solver {
    fn add_up(&mut self, total: Name, parts: Vec<Name>) {
        let of = |counts: &BTreeMap<Name, i64>| parts.iter().filter_map(|part| counts.get(part)).sum::<i64>();
        self.known.insert(total.clone(), of(&self.known));
        self.truth.insert(total.clone(), of(&self.truth));
        self.sums.push((total, parts));
    }

    /// What others have in a count.
    fn others(&self, name: &Name) -> i64 {
        self.truth[name] - self.known.get(name).copied().unwrap_or_default()
    }

    /// Takes note of what was told of a count: of what others have in it, beside what is the caller's own.
    fn hear(&mut self, name: &Name, told: &Value) {
        let known = self.known.get(name).copied().unwrap_or_default();
        let heard = match told.as_f64().map(|told| told as i64) {
            Some(told) if told == self.truth[name] && name.0 == ENGLAND => (told, told),
            Some(told) if told == known => (told, told),
            Some(told) => (told - 2, told + 2),
            None if (1..=7).contains(&self.others(name)) => (known + 1, known + 7),
            None => (0, 1_000_000),
        };
        let bounds = self.bounds.entry(name.clone()).or_insert((0, 1_000_000));
        *bounds = (bounds.0.max(heard.0), bounds.1.min(heard.1));
    }

    fn solve(&mut self) {
        let of = |bounds: &BTreeMap<Name, (i64, i64)>, name: &Name| bounds.get(name).copied().unwrap_or((0, 1_000_000));
        loop {
            let before = self.bounds.clone();
            for (total, parts) in &self.sums {
                let least: i64 = parts.iter().map(|part| of(&self.bounds, part).0).sum();
                let most: i64 = parts.iter().map(|part| of(&self.bounds, part).1).sum();
                let whole = of(&self.bounds, total);
                self.bounds.insert(total.clone(), (whole.0.max(least), whole.1.min(most)));
                for part in parts {
                    let (low, high) = of(&self.bounds, part);
                    let narrowed = (low.max(whole.0 - (most - high)), high.min(whole.1 - (least - low)));
                    self.bounds.insert(part.clone(), narrowed);
                }
            }
            if self.bounds == before {
                return;
            }
        }
    }

    /// The small counts of others that are told all but for two possible values.
    fn found(&self) -> Vec<(&Name, i64, (i64, i64))> {
        let small = self.truth.iter().filter(|(name, _)| (1..=7).contains(&self.others(name)));
        let narrow = small.map(|(name, truth)| (name, *truth, self.bounds[name]));
        narrow.filter(|(_, _, (low, high))| high - low < 2).collect()
    }
}

/// The counts of a month, with those that the caller has themselves, of which `own` is another than at first.
fn solver(n: usize, seen: &BTreeSet<&str>, own: Option<i64>) -> Solver {
    let mut solver = Solver::default();
    for trust in trusts() {
        for member in MEMBERS {
            let name = (trust.to_owned(), Some(member));
            let value = own.filter(|_| trust == "RJZ" && member == MEMBERS[0]).unwrap_or(count(n, trust, member));
            solver.truth.insert(name.clone(), value);
            if seen.contains(trust) {
                solver.known.insert(name, value);
            }
        }
    }
    let columns = [Some(MEMBERS[0]), Some(MEMBERS[1])];
    let all = |place: &str| (place.to_owned(), None);
    for trust in trusts() {
        solver.add_up(all(trust), columns.map(|column| (trust.to_owned(), column)).to_vec());
    }
    let mut add_up = |place: &str, parts: Vec<&str>| {
        for column in columns.into_iter().chain([None]) {
            solver.add_up((place.to_owned(), column), parts.iter().map(|part| ((*part).to_owned(), column)).collect());
        }
        solver.sums.push((all(place), columns.map(|column| (place.to_owned(), column)).to_vec()));
    };
    for (board, _, trusts) in PLACES {
        add_up(board, trusts.to_vec());
    }
    add_up("Y56", vec!["QKK", "QMF"]);
    add_up("Y58", vec!["QUY"]);
    add_up(ENGLAND, vec!["Y56", "Y58"]);
    add_up("UCLP", vec!["RJZ", "RF4", "RAL"]);
    solver
}

/// Everything that somebody is told, by month.
async fn ask(actor: &Actor, hear: &mut impl FnMut(&str, Name, &Value)) {
    let member = |text: &str| MEMBERS.into_iter().find(|member| member.ends_with(text));
    let list = actor.get("/v1/kpi-values?kpi=rare&limit=500").await.expect(200);
    for row in rows(&list) {
        let name = (row["organisation"].as_str().unwrap().to_owned(), member(row["breakdown"].as_str().unwrap()));
        hear(row["period"].as_str().unwrap(), name, &row["value"]);
        assert_eq!(row["suppressed"] == true, row["comment"].is_null(), "a comment goes with its value: {row}");
    }
    let places = PLACES.iter().flat_map(|(board, region, trusts)| trusts.iter().chain([board, region]).copied());
    let places: BTreeSet<&str> = places.chain([ENGLAND, "UCLP"]).collect();
    for place in &places {
        let mut points = async |query: &str, name: &dyn Fn(&Value) -> Option<Name>| {
            let answer = actor.get(&format!("/v1/kpis/rare/{query}")).await;
            if answer.status == 403 {
                return;
            }
            for point in answer.expect(200)["points"].as_array().unwrap() {
                if let Some(name) = name(point) {
                    hear(point["period"].as_str().unwrap(), name, &point["value"]);
                }
            }
        };
        let own = |column: Option<&'static str>| move |_: &Value| Some(((*place).to_owned(), column));
        for (query, column) in [("", None), ("&breakdown=1", Some(MEMBERS[0])), ("&breakdown=2", Some(MEMBERS[1]))] {
            points(&format!("totals?place={place}{query}"), &own(column)).await;
            points(&format!("spc?place={place}{query}"), &own(column)).await;
            if trusts().any(|trust| trust == *place) {
                points(&format!("spc?organisation={place}{query}"), &own(column)).await;
            }
            // A board has only a part in a network.
            for kind in ["icb", "nhs-trust", "region"].into_iter().filter(|_| *place != "UCLP") {
                let of = |point: &Value| Some((point["place"].as_str()?.to_owned(), column));
                points(&format!("totals?place={place}&by=place:{kind}{query}"), &of).await;
            }
        }
        let of = |point: &Value| Some(((*place).to_owned(), member(point["breakdown"].as_str()?)));
        points(&format!("totals?place={place}&by=breakdown:kind"), &of).await;
        points(&format!("totals?place={place}&by=innovation"), &own(None)).await;
        let grid = actor.get(&format!("/v1/kpi-grid?kpi=rare&place={place}")).await;
        if grid.status == 200 {
            let cell = grid.expect(200)["cells"][0].clone();
            if let Some(period) = cell["period"].as_str() {
                hear(period, ((*place).to_owned(), None), &cell["value"]);
            }
        }
    }
}

/// Whose values somebody sees as they are.
async fn seen(actor: &Actor) -> BTreeSet<&'static str> {
    let list = actor.get("/v1/kpi-values?kpi=rare&limit=500").await.expect(200);
    let whole =
        |trust: &&str| rows(&list).iter().any(|row| row["organisation"] == **trust && row["suppressed"] == false);
    trusts().filter(whole).collect()
}

/// Asks for everything and works out what can be, of every month.
async fn work_out(actor: &Actor) -> Vec<Solver> {
    let seen = seen(actor).await;
    let mut solvers: Vec<Solver> = (0..MONTHS).map(|n| solver(n, &seen, None)).collect();
    ask(actor, &mut |period, name, told| {
        let n = (0..MONTHS).find(|n| month(*n) == period).unwrap();
        solvers[n].hear(&name, told);
    })
    .await;
    for (n, solver) in solvers.iter_mut().enumerate() {
        solver.solve();
        assert!(solver.found().is_empty(), "in {}: {:?}", month(n), solver.found());
    }
    solvers
}

#[rstest]
#[actix_web::test]
async fn no_reader_works_a_small_count_out_of_all_that_is_told(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let solvers = work_out(&app.reader()).await;
    let told = |place: &str| {
        let name = (place.to_owned(), None);
        solvers.iter().filter(|solver| solver.bounds.get(&name).is_some_and(|(low, high)| high - low <= 4)).count()
    };
    assert!(told("QKK") > MONTHS * 3 / 4 && told("Y56") > MONTHS * 3 / 4, "{} {}", told("QKK"), told("Y56"));
    assert!(told(ENGLAND) > MONTHS * 3 / 4, "{}", told(ENGLAND));
}

/// Somebody who leads a place and reads everything.
fn lead_and_reader(app: &TestApp, place: &str, role: Role) -> Actor {
    let subject = Some("both".to_owned());
    let body = Some("RJZ".to_owned());
    app.token(&NewLocalToken { subject: subject.clone(), body: body.clone(), ..grant(Role::Reader) });
    app.actor(&NewLocalToken { subject, body, organisation: Some(place.to_owned()), ..grant(role) })
}

#[rstest]
#[actix_web::test]
async fn a_network_across_boards_tells_its_lead_nothing_of_others(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let lead = lead_and_reader(&app, "UCLP", Role::RegionalLead);
    assert!(seen(&lead).await.contains("RJZ") && !seen(&lead).await.contains("RJ1"));
    work_out(&lead).await;
}

#[rstest]
#[actix_web::test]
async fn ten_amendments_of_ones_own_value_tell_nothing_of_the_others(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    let submitter = app.submitter("RJZ");
    let seen = seen(&submitter).await;
    let mut heard: BTreeMap<Name, (i64, i64)> = BTreeMap::new();
    for own in (0..10).map(|n| 20 + n * 3) {
        let amended = json!({ "organisation": "RJZ", "period": month(0), "breakdown": "1", "value": own });
        submitter.post("/v1/kpi-submissions?kpi=rare", json!({ "rows": [amended] })).await.expect(201);
        let mut solver = solver(0, &seen, Some(own));
        let others = |name: &Name| !solver_has_own(&name.0);
        // What was worked out before of those that did not change is known still.
        solver.bounds =
            heard.iter().filter(|(name, _)| others(name)).map(|(name, bounds)| (name.clone(), *bounds)).collect();
        ask(&submitter, &mut |period, name, told| {
            if period == month(0) {
                solver.hear(&name, told);
            }
        })
        .await;
        solver.solve();
        assert!(solver.found().is_empty(), "with {own}: {:?}", solver.found());
        heard = solver.bounds;
    }
}

/// Whether the submitter's own value is in it.
fn solver_has_own(place: &str) -> bool {
    ["RJZ", "QKK", "Y56", "UCLP", ENGLAND].contains(&place)
}

#[rstest]
#[actix_web::test]
async fn a_submitter_gets_their_own_part_exactly_and_no_total_of_one_other(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for trust in ["RJZ", "RJ1", "RPY"] {
        app.trust(trust, "QKK").await;
    }
    app.kpi("rare", json!({ "disclosureControl": true })).await;
    let all = [("RJZ", 1, 33), ("RJ1", 1, 12), ("RPY", 1, 6), ("RJZ", 2, 33), ("RJ1", 2, 12)];
    let sent = all.map(|(trust, n, value)| row(trust, &format!("2024-0{n}"), value));
    app.values("rare", json!(sent)).await;
    let told = async |actor: Actor| {
        let answer = actor.get("/v1/kpis/rare/totals?place=QKK").await.expect(200);
        answer["points"].as_array().unwrap().iter().map(|point| point["value"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(told(app.admin()).await, [51, 45]);
    assert_eq!(told(app.reader()).await, [50, 45]);
    assert_eq!(told(app.submitter("RJZ")).await, [json!(33 + 15), json!(null)]);
    let refused = app.reader().get("/v1/kpis/rare/totals?place=QKK&basis=comparable").await;
    refused.problem(403, "forbidden");
}

#[rstest]
#[actix_web::test]
async fn totals_told_apart_come_to_the_total(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = world(engine).await;
    app.member("heartflow", "nia").await;
    let england = json!({ "organisation": ENGLAND, "period": month(0), "breakdown": "1", "value": 9 });
    let tool =
        json!({ "organisation": "RJZ", "period": month(0), "breakdown": "1", "innovation": "heartflow", "value": 11 });
    app.values("rare", json!([england, tool])).await;
    let points = async |query: &str| {
        let answer =
            app.admin().get(&format!("/v1/kpis/rare/totals?place={ENGLAND}&to=2024-01{query}")).await.expect(200);
        answer["points"].as_array().unwrap().clone()
    };
    let sum = |points: &[Value]| points.iter().map(|point| point["value"].as_i64().unwrap()).sum::<i64>();
    let whole = sum(&points("").await);
    for (by, number) in
        [("place:icb", 4), ("place:region", 3), ("place:nhs-trust", 8), ("place:hin", 4), ("breakdown:kind", 2)]
    {
        let parts = points(&format!("&by={by}")).await;
        assert_eq!((parts.len(), sum(&parts)), (number, whole), "{by}: {parts:?}");
    }
    let boards = points("&by=place:icb").await;
    assert_eq!((&boards[0]["place"], &boards[0]["value"]), (&json!(null), &json!(9)));
    assert_eq!((&boards[1]["place"], &boards[1]["placeName"].is_string()), (&json!("QKK"), &true));
    let innovations = points("&by=innovation").await;
    assert_eq!((innovations.len(), &innovations[1]["innovation"]), (2, &json!("heartflow")));
    assert_eq!((&innovations[1]["value"], sum(&innovations)), (&json!(11), whole + 11));
    let then = points("&by=place:icb&geography=at-time").await;
    assert_eq!(sum(&then), whole);
    let target = format!("/v1/kpis/rare/totals?place={ENGLAND}&to=2024-01&by=place:icb");
    let csv = app.admin().get(&target).accept("text/csv").await;
    assert!(csv.text().contains("rare,QKK,,2024-01,"), "{}", csv.text());
    for wrong in
        ["weather", "place:palace", "breakdown:colour", "breakdown:kind&breakdown=1", "innovation&innovation=heartflow"]
    {
        app.admin().get(&format!("/v1/kpis/rare/totals?place=QKK&by={wrong}")).await.problem(422, "validation-failed");
    }
}
