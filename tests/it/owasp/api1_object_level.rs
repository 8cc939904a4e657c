//! API1, broken object level authorization: lists, exports, counts, nested paths and ids that were seen elsewhere.

use super::everyone;
use crate::laws::{Operation, operations};
use crate::support::*;
use std::collections::BTreeMap;
use std::time::Duration;

/// A list of the document, and some of what stands in it.
struct List {
    target: String,
    /// Whose list it is, where it is a record's.
    parent: Option<String>,
    facets: Vec<String>,
    counts: bool,
    /// Where a record of its is, up to the key, and the member that is the key.
    record: Option<(String, String)>,
}

impl List {
    fn record_of(&self, row: &Value) -> Option<String> {
        let (before, member) = self.record.as_ref()?;
        let key = if row[member].is_null() { &row["id"] } else { &row[member] };
        Some(format!("{before}{}", key.as_str().map_or_else(|| key.to_string(), str::to_owned)))
    }
}

/// How many records of a list are looked at, and how many lists of records.
const SOME: usize = 4;

const PATIENCE: Duration = Duration::from_secs(30);

fn parameter<'a>(list: &'a Operation, name: &str) -> Option<&'a Value> {
    list.described["parameters"].as_array()?.iter().find(|parameter| parameter["name"] == name)
}

/// The path of one record of a list: below it, or of its own.
fn path_of_record(list: &str, paths: &[String]) -> Option<String> {
    let own = format!("/v1/{}", list.rsplit('/').next()?);
    let below = |head: &str| {
        paths.iter().find(|path| {
            path.strip_prefix(head).is_some_and(|rest| rest.starts_with("/{") && rest.matches('/').count() == 1)
        })
    };
    below(list).or_else(|| below(&own)).cloned()
}

/// Every list that is reached from another, with the records of the demonstration that a national administrator finds.
async fn lists(app: &TestApp) -> Vec<List> {
    let admin = app.admin();
    let reads: Vec<Operation> = operations().into_iter().filter(|operation| operation.method == "GET").collect();
    let paths: Vec<String> = reads.iter().map(|read| read.path.clone()).collect();
    // What one submission replaced is no list of its own.
    let is_list = |read: &&Operation| parameter(read, "limit").is_some() && parameter(read, "replacedBy").is_none();
    let mut waiting: Vec<&Operation> = reads.iter().filter(is_list).collect();
    let (mut known, mut found): (BTreeMap<String, Vec<String>>, Vec<List>) = Default::default();
    let parent = |path: &str| path.rfind('}').map(|end| path[..=end].to_owned());
    while let Some(at) = waiting.iter().position(|list| parent(&list.path).is_none_or(|path| known.contains_key(&path)))
    {
        let list = waiting.remove(at);
        let above = parent(&list.path);
        let parents = above.as_ref().map_or_else(|| vec![String::new()], |path| known[path].clone());
        let rest = &list.path[above.as_ref().map_or(0, String::len)..];
        let path = path_of_record(&list.path, &paths);
        for parent in parents.into_iter().take(SOME) {
            let target = format!("{parent}{rest}");
            let record = path.as_ref().map(|path| {
                let (before, member) = path.rsplit_once("/{").unwrap();
                let before = if before.contains('{') { target.clone() } else { before.to_owned() };
                (format!("{before}/"), member.trim_end_matches('}').to_owned())
            });
            let facets = parameter(list, "facets").map(|facets| facets["schema"]["items"]["enum"].clone());
            let facets: Vec<String> = serde_json::from_value(facets.unwrap_or(json!([]))).unwrap();
            let (parent, counts) =
                (Some(parent).filter(|parent| !parent.is_empty()), parameter(list, "count").is_some());
            let list = List { target, parent, facets, counts, record };
            let page = admin.get(&list.target).await.expect(200);
            let records = rows(&page).iter().take(SOME).filter_map(|row| list.record_of(row));
            known.entry(path.clone().unwrap_or_default()).or_default().extend(records);
            found.push(list);
        }
    }
    // The trail is a list too, and grows while events are numbered.
    eventually("the events are numbered", PATIENCE, async || app.count("events WHERE position IS NULL") == 0).await;
    found
}

#[rstest]
#[actix_web::test]
async fn no_list_shows_more_than_the_record_itself(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let everyone = everyone(&app);
    let (lists, mut looked, mut faults) = (lists(&app).await, 0, Vec::new());
    for (who, actor) in everyone {
        for list in &lists {
            let page = actor.get(&list.target).await;
            let shown = if page.status == 200 { page.json() } else { Value::Null };
            for row in rows(&shown).iter().take(SOME) {
                let Some(target) = list.record_of(row) else { continue };
                let record = actor.get(&target).await;
                if record.status != 200 {
                    faults.push(format!("{who}: {} lists {target}, which is {}", list.target, record.status));
                    continue;
                }
                let record = record.json();
                looked += 1;
                for (name, value) in row.as_object().unwrap() {
                    // Some members take a question of their own for every record, so only the record has them.
                    if record.get(name) != Some(value) && record.get("actions").is_none_or(|_| name != "actions") {
                        faults.push(format!("{who}: {} shows {name} {value} of {target}: {record}", list.target));
                    }
                }
            }
        }
    }
    assert!(looked > 200, "{looked}");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[rstest]
#[actix_web::test]
async fn an_export_a_count_and_a_facet_are_of_what_one_sees(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let everyone = everyone(&app);
    let (lists, mut faults) = (lists(&app).await, Vec::new());
    for (who, actor) in everyone {
        for list in lists.iter().filter(|list| list.counts) {
            let facets =
                if list.facets.is_empty() { String::new() } else { format!("&facets={}", list.facets.join(",")) };
            let page = actor.get(&format!("{}?count=true&limit=500{facets}", list.target)).await;
            if page.status != 200 {
                assert!([401, 403, 404].contains(&page.status), "{who}: {}: {}", list.target, page.text());
                continue;
            }
            let (page, lines) = (page.json(), actor.get(&list.target).accept("application/x-ndjson").await);
            let lines: Vec<Value> = lines.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let total = page["page"]["count"]["total"].as_u64().unwrap() as usize;
            if total != lines.len() || rows(&page) != &lines[..lines.len().min(500)] {
                faults.push(format!("{who}: {} counts {total} and exports {}", list.target, lines.len()));
            }
            for (facet, words) in page["facets"].as_object().into_iter().flatten() {
                let most =
                    words.as_object().into_iter().flatten().filter_map(|(_, count)| count["total"].as_u64()).max();
                if most.unwrap_or(0) as usize > total {
                    faults.push(format!("{who}: {} counts {words} by {facet} among {total}", list.target));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// A key of the same kind that no record has.
fn made_up(target: &str) -> String {
    let (before, key) = target.rsplit_once('/').unwrap();
    let other = match key.len() {
        36 => "01890a5d-ac96-774b-bcce-b302099a8057",
        _ if key.parse::<u32>().is_ok() => "30000",
        _ => "nothing",
    };
    format!("{before}/{other}")
}

/// What is told, without the names of the request.
fn told(answer: &Answer) -> Value {
    let mut problem = answer.json();
    for name in ["instance", "requestId"] {
        problem[name] = Value::Null;
    }
    problem
}

#[rstest]
#[actix_web::test]
async fn what_one_may_not_see_is_answered_as_what_is_not_there(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::seeded(engine).await;
    let everyone = everyone(&app);
    let (lists, admin, mut hidden) = (lists(&app).await, app.admin(), 0);
    for (who, actor) in everyone {
        for list in lists.iter() {
            let page = admin.get(&list.target).await.expect(200);
            for target in rows(&page).iter().take(SOME).filter_map(|row| list.record_of(row)) {
                let (present, absent) = (actor.get(&target).await, actor.get(&made_up(&target)).await);
                match present.status {
                    200 => assert!([404, 422].contains(&absent.status), "{who}: {target}: {}", absent.text()),
                    401 | 403 => assert_eq!(present.status, absent.status, "{who}: {target}"),
                    _ => {
                        hidden += 1;
                        present.problem(404, "not-found");
                        assert_eq!(told(&present), told(&absent), "{who}: {target}");
                    }
                }
            }
            if let Some(parent) = &list.parent {
                let (above, below) = (actor.get(parent).await.status, actor.get(&list.target).await.status);
                assert!(
                    above == 200 || below == above || below == 403,
                    "{who}: {} is {below}, {parent} {above}",
                    list.target
                );
            }
        }
    }
    assert!(hidden > 20, "{hidden}");
}

#[rstest]
#[actix_web::test]
async fn nobody_learns_which_funds_others_have(#[values(Sqlite, Postgres)] engine: Engine) {
    let app = TestApp::start(engine).await;
    for slug in ["nia", "itp"] {
        app.programme(slug).await;
    }
    app.trust("RJZ", "QKK").await;
    app.fund("THERE", 100).await;
    let manager = app.manager("itp");
    let asked = async |code: &str| {
        let moved =
            json!({ "from": code, "to": code, "amount": gbp(1), "reason": "Better there.", "madeOn": "2016-01-01" });
        let mut told_of = vec![
            told(&manager.post("/v1/awards", award(code, 1)).await),
            told(&manager.post("/v1/reallocations", moved).await),
        ];
        let below = [
            format!("/v1/funds/{code}"),
            format!("/v1/funds/{code}/position"),
            format!("/v1/funds/{code}/contributions"),
        ];
        let filters = ["awards", "reallocations", "reports/funding"].map(|list| format!("/v1/{list}?fund={code}"));
        for target in below.iter().chain(&filters) {
            let answer = manager.get(target).await;
            assert!([200, 404, 422].contains(&answer.status), "{target}: {}", answer.text());
            told_of.push(told(&answer));
        }
        json!(told_of).to_string().replace(code, "CODE")
    };
    assert_eq!(asked("THERE").await, asked("OTHER").await);
}
