//! Naming another's record gives nothing: every property of the document that names a record has its rule in
//! `access/references.rs`, and is tried as somebody who has a right over one end alone, before the eyes of the other end.

use super::operations;
use super::roles::World;
use crate::support::*;
use innovation_register::access::permissions::Answer as Allowed;
use innovation_register::access::references::{REFERENCES, Rule, rule};
use innovation_register::access::{Operation, Role};
use std::collections::BTreeSet;

/// How keys of records are written; a slug or a code that a record has for its own is no reference.
const KEYS: [&str; 4] = [
    "^[A-Za-z0-9-]{1,60}$",
    "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$",
    "^[a-z0-9][a-z0-9-]{0,59}$",
    "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$",
];
const OWN: [&str; 2] = ["slug", "code"];

/// Kinds of records: a property that has one of their names, or ends with it, names a record.
const KINDS: [&str; 20] = [
    "organisation",
    "programme",
    "innovation",
    "fellow",
    "fellowship",
    "person",
    "cohort",
    "call",
    "fund",
    "award",
    "kpi",
    "network",
    "event",
    "subject",
    "client",
    "application",
    "review",
    "keeper",
    "mentor",
    "reviewer",
];

/// Words that say what something is, and no record of ours.
const WORDS: [&str; 1] = ["/subjectKind"];

/// An operation and what it names, by its path in the body.
type Named = (String, String);

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let named = schema["$ref"].as_str().and_then(|name| document.pointer(name.trim_start_matches('#')));
    named.map_or(schema, |named| resolved(document, named))
}

fn names_a_record(document: &Value, name: &str, schema: &Value) -> bool {
    let (one, text) = (name.trim_end_matches("/*").rsplit('/').next().unwrap(), schema.to_string());
    let told = resolved(document, schema);
    let singular = one.strip_suffix('s').unwrap_or(one).to_ascii_lowercase();
    let a_kind = KINDS.iter().any(|kind| singular.ends_with(kind)) && told["enum"].is_null() && !WORDS.contains(&name);
    let of_numbers = ["integer", "number", "boolean"].iter().any(|kind| told["type"] == *kind);
    let a_key = told["pattern"].as_str().is_some_and(|pattern| KEYS.contains(&pattern))
        && (!OWN.contains(&one) || name.contains("/*/"));
    text.contains("schemas/Id\"") || a_key || (a_kind && (!of_numbers || one == "cohort"))
}

/// Walks the properties of a body, and those of what it holds.
fn walk(document: &Value, at: &str, schema: &Value, found: &mut BTreeSet<String>) {
    let schema = resolved(document, schema);
    for one in ["oneOf", "anyOf", "allOf"].iter().filter_map(|word| schema[*word].as_array()).flatten() {
        walk(document, at, one, found);
    }
    if schema["items"].is_object() {
        let (at, items) = (format!("{at}/*"), &schema["items"]);
        if names_a_record(document, &at, items) {
            found.insert(at.clone());
        }
        walk(document, &at, items, found);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let at = format!("{at}/{name}");
        let is_list = resolved(document, property)["items"].is_object();
        if !is_list && names_a_record(document, &at, property) {
            found.insert(at.clone());
        }
        walk(document, &at, property, found);
    }
}

/// Everything that a body, or the query of an operation that writes, names.
fn named() -> BTreeSet<Named> {
    let document = innovation_register::startup::document().unwrap();
    let mut named = BTreeSet::new();
    // What is analysed is not written.
    let writes = |operation: &&super::Operation| {
        ["POST", "PATCH", "PUT"].contains(&operation.method.as_str()) && operation.id != "analyse_spc"
    };
    for operation in operations().iter().filter(writes) {
        let mut found = BTreeSet::new();
        let content = operation.described["requestBody"]["content"].as_object();
        for (_, media) in content.into_iter().flatten().filter(|(media, _)| media.contains("json")) {
            walk(&document, "", &media["schema"], &mut found);
        }
        for parameter in operation.described["parameters"].as_array().into_iter().flatten() {
            let parameter = resolved(&document, parameter);
            let name = parameter["name"].as_str().unwrap_or_default();
            if parameter["in"] == "query" && names_a_record(&document, name, &parameter["schema"]) {
                found.insert(format!("/{name}"));
            }
        }
        named.extend(found.into_iter().map(|at| (operation.id.clone(), at.trim_start_matches('/').to_owned())));
    }
    named
}

/// What the lists of a patch hold is checked with the whole record that it makes.
fn is_of_a_patch(operation: &str, property: &str) -> bool {
    operation.starts_with("update_") && property.ends_with("/*")
}

#[test]
fn every_property_that_names_a_record_has_a_rule_and_every_rule_a_property() {
    let named = named();
    let ruled = |(operation, property): &&Named| {
        Operation::named(operation).and_then(|operation| rule(operation, property)).is_some()
    };
    let lawless: Vec<&Named> = named.iter().filter(|named| !ruled(named)).collect();
    assert!(lawless.is_empty(), "say in access/references.rs what it does to name these: {lawless:?}");
    let paths = |operation: &Operation, property: &str| {
        let found = operations().into_iter().find(|other| other.id == operation.id());
        found.is_some_and(|found| found.path.contains(&format!("{{{property}}}")))
    };
    for row in REFERENCES {
        for operation in row.operations {
            for (property, _) in row.properties {
                let known = named.contains(&(operation.id().to_owned(), (*property).to_owned()))
                    || is_of_a_patch(operation.id(), property)
                    || paths(operation, property);
                assert!(known, "{} has no {property} any more: take its row out", operation.id());
            }
        }
    }
}

/// What the programme of the other end has, and an organisation and a fellow beside.
struct Others {
    programme: &'static str,
    organisation: &'static str,
    innovation: &'static str,
    fellow: Value,
    person: Value,
    fellowship: Value,
    award: Value,
    pledge: Value,
    benefit: Value,
    manager: Actor,
    lead: Actor,
    keeper: Actor,
}

const SUBJECT: &str = "somebody-else";

impl Others {
    async fn new(app: &TestApp) -> Self {
        let (programme, organisation, innovation) = ("theirs", "RWE", "their-innovation");
        app.programme(programme).await;
        app.trust(organisation, "QK1").await;
        app.member(innovation, programme).await;
        let (admin, manager) = (app.admin(), app.manager(programme));
        app.kpi("their-kpi", json!({ "programme": programme })).await;
        let set = json!({ "code": "their-set", "name": "Theirs", "programme": programme, "kpis": ["their-kpi"], "assignments": [{ "place": "E92000001" }] });
        admin.post("/v1/kpi-sets", set).await.expect(201);
        let cohort = json!({ "number": 77, "name": "Their wave" });
        manager.post("/v1/programmes/theirs/cohorts", cohort).await.expect(201);
        let body = json!({ "name": "Their Fellow", "email": "their@example.org" });
        let fellow = manager.post("/v1/fellows", body).await.expect(201);
        let held = json!({ "fellow": fellow["id"], "programme": programme, "cohort": 77, "wholeTimeEquivalent": 1, "from": "2015-07-01", "innovations": [innovation], "host": organisation });
        let fellowship = manager.post("/v1/fellowships", held).await.expect(201);
        let target = format!("/v1/fellowships/{}", fellowship["id"].as_str().unwrap());
        manager.transition(&target, 1, json!({ "to": "active", "effectiveOn": "2015-07-01" })).await.expect(200);
        let known = json!({ "name": "Somebody Else", "subject": SUBJECT });
        admin.post("/v1/people", known).await.expect(201);
        let fund = json!({ "code": "THEIR-FUND", "name": "Theirs", "programme": programme, "currency": "GBP" });
        admin.post("/v1/funds", fund).await.expect(201);
        let given = json!({ "contributor": "QWE", "source": "nhs", "amount": gbp(9_000), "receivedOn": "2015-07-01" });
        admin.post("/v1/funds/THEIR-FUND/contributions", given).await.expect(201);
        let promised = json!({ "fund": "THEIR-FUND", "contributor": "QWE", "financialYear": "2027-28", "amount": gbp(10), "certainty": "confirmed", "nature": "revenue" });
        let pledge = admin.post("/v1/pledges", promised).await.expect(201)["id"].clone();
        let mut body = award("THEIR-FUND", 1_000);
        body["recipientOrganisation"] = json!(organisation);
        let award = admin.post("/v1/awards", body).await.expect(201);
        let claim = json!({ "innovation": innovation, "programme": programme, "kind": "bed-days", "method": "Counted.", "claimed": 12, "qualifier": "exact", "basis": "measured", "from": "2016-01-01" });
        let benefit = manager.post("/v1/benefits", claim).await.expect(201)["id"].clone();
        let (lead, keeper) = (app.lead(organisation), app.fellow(innovation));
        let (person, fellow) = (fellow["person"].clone(), fellow["id"].clone());
        let (fellowship, award) = (fellowship["id"].clone(), award["id"].clone());
        Self {
            programme,
            organisation,
            innovation,
            fellow,
            person,
            fellowship,
            award,
            pledge,
            benefit,
            manager,
            lead,
            keeper,
        }
    }

    /// The record of theirs that a property names.
    fn value(&self, property: &str) -> Value {
        match property.trim_end_matches("/*").rsplit('/').next().unwrap() {
            "programme" => json!(self.programme),
            "innovation" | "innovations" | "slug" => json!(self.innovation),
            "fellow" => self.fellow.clone(),
            "person" | "mentor" | "recipientPerson" => self.person.clone(),
            "fellowship" => self.fellowship.clone(),
            "cohort" => json!(77),
            "fund" | "fromFund" | "toFund" => json!("THEIR-FUND"),
            "award" => self.award.clone(),
            "pledge" => self.pledge.clone(),
            // No move of an adoption that is not theirs has an id of theirs either.
            "revisionOf" | "replaces" | "countedWithin" | "benefit" | "id" => self.benefit.clone(),
            "kpi" | "kpis" | "successor" | "successorOf" => json!("their-kpi"),
            "set" | "kpiSet" => json!("their-set"),
            "subject" | "reviewer" => json!(SUBJECT),
            "organisation"
            | "organisations"
            | "host"
            | "industryPartner"
            | "recipientOrganisation"
            | "contributor"
            | "publishingFunder"
            | "owner"
            | "covers"
            | "parent"
            | "place"
            | "places"
            | "code"
            | "body"
            | "to" => json!(self.organisation),
            unknown => panic!("{unknown} is new: say here which record of the others it may name"),
        }
    }

    /// What they see of what is theirs, with its versions.
    async fn see(&self) -> Vec<(String, Value)> {
        let (fellow, fellowship) = (self.fellow.as_str().unwrap(), self.fellowship.as_str().unwrap());
        let of = |resource: &str| format!("/v1/{resource}?programme={}&count=true&limit=500", self.programme);
        let mut targets: Vec<(&Actor, String)> = [
            "innovations",
            "fellows",
            "fellowships",
            "mentorships",
            "events",
            "networks",
            "leaders",
            "funds",
            "awards",
            "pledges",
            "external-investments",
            "grants",
            "adoptions",
        ]
        .map(|resource| (&self.manager, of(resource)))
        .to_vec();
        for target in [
            "/v1/programmes/theirs",
            "/v1/programmes/theirs/impact",
            // Those that count: what is claimed waits for them to accept it.
            "/v1/benefits?programme=theirs&counted=true&count=true",
            "/v1/programmes/theirs/partners",
            "/v1/programmes/theirs/cohorts",
            "/v1/programmes/theirs/calls",
            "/v1/innovations?programme=theirs&facets=stage",
            "/v1/innovations/their-innovation",
            "/v1/innovations/their-innovation/programme-memberships",
            "/v1/fellowships?innovation=their-innovation",
            "/v1/fellows?innovation=their-innovation",
            "/v1/kpis/their-kpi",
            "/v1/kpis/their-kpi/targets",
            "/v1/funds/THEIR-FUND/position",
            "/v1/reports/funding",
            "/v1/kpi-sets?kpi=their-kpi",
            "/v1/kpi-values?kpi=their-kpi",
            "/v1/exclusions?kpi=their-kpi",
            "/v1/annotations?kpi=their-kpi",
            "/v1/recalculations?kpi=their-kpi&state=proposed,accepted",
            "/v1/reporting-exceptions?kpi=their-kpi",
            "/v1/kpi-returns?kpi=their-kpi",
            "/v1/lock-exceptions?kpi=their-kpi",
        ] {
            targets.push((&self.manager, target.to_owned()));
        }
        targets.push((&self.manager, format!("/v1/fellows/{fellow}")));
        targets.push((&self.manager, format!("/v1/fellowships/{fellowship}")));
        targets.push((&self.manager, format!("/v1/fellowships?fellow={fellow}")));
        let place = self.organisation;
        for target in [format!("/v1/organisations/{place}"), format!("/v1/organisations/{place}/edges")] {
            targets.push((&self.lead, target));
        }
        for target in [format!("/v1/programmes?partner={place}"), format!("/v1/adoptions?place={place}")] {
            targets.push((&self.lead, target));
        }
        targets.push((&self.lead, format!("/v1/clients?organisation={place}")));
        targets.push((&self.keeper, "/v1/innovations/their-innovation".to_owned()));
        let mut seen = Vec::with_capacity(targets.len());
        for (actor, target) in targets {
            let answer = actor.get(&target).await;
            let mut body = answer.expect(200);
            forget(&mut body);
            seen.push((target, body));
        }
        seen
    }

    /// What somebody may do to what is theirs.
    async fn allows(&self, actor: &Actor) -> Vec<(u16, bool)> {
        let (fellow, fellowship) = (self.fellow.as_str().unwrap(), self.fellowship.as_str().unwrap());
        let innovation = format!("/v1/innovations/{}", self.innovation);
        let may = json!({ "subject": SUBJECT, "role": "fellow", "innovation": self.innovation, "body": "RJZ" });
        let requests = [
            actor.patch(&innovation, 0, json!({ "name": "Ours" })),
            actor.delete(&innovation, 0),
            actor.transition(&innovation, 0, json!({ "to": "development" })),
            actor.post(&format!("{innovation}/keeper"), json!({ "programme": "nia" })).if_match(0),
            actor.post("/v1/grants", may),
            actor.get(&format!("/v1/fellows/{fellow}")),
            actor.patch(&format!("/v1/fellows/{fellow}"), 0, json!({ "biography": "Ours." })),
            actor.patch(&format!("/v1/fellowships/{fellowship}"), 0, json!({ "host": "RJZ" })),
            actor.patch("/v1/programmes/theirs", 0, json!({ "name": "Ours" })),
            actor.get("/v1/funds/THEIR-FUND"),
            actor.get(&format!("/v1/awards/{}", self.award.as_str().unwrap())),
            actor.get("/v1/kpi-values?kpi=their-kpi&count=true"),
        ];
        let mut allowed = Vec::with_capacity(requests.len());
        for request in requests {
            let answer = request.await;
            allowed.push((answer.status, answer.text().contains("their@example.org")));
        }
        allowed
    }
}

/// Takes out what says nothing of the records.
fn forget(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for name in ["actions", "next"] {
                members.remove(name);
            }
            members.values_mut().for_each(forget);
        }
        Value::Array(items) => items.iter_mut().for_each(forget),
        _ => {}
    }
}

/// The body with another value at a path; beside it goes what cannot stand together with it.
fn with(mut body: Value, operation: &str, property: &str, value: &Value) -> Value {
    let mut at = &mut body;
    for step in property.split('/') {
        at = match step {
            "*" => {
                if at.as_array().is_none_or(Vec::is_empty) {
                    *at = json!([null]);
                }
                &mut at[0]
            }
            name => &mut at[name],
        };
    }
    *at = value.clone();
    if property == "monetises/benefit" {
        (body["monetises"]["unitCost"], body["monetises"]["source"]) =
            (json!(350.5), json!("National cost collection"));
    }
    let members = body.as_object_mut().unwrap();
    let others: &[&str] = match (operation, property) {
        ("create_award" | "update_award", "recipientPerson") => &["recipientOrganisation"],
        ("create_external_investment", "fellow") => &["innovation"],
        ("create_external_investment", "innovation") => &["fellow"],
        ("create_grant", "organisation" | "programme" | "innovation") => &["organisation", "programme", "innovation"],
        _ => &[],
    };
    members.retain(|name, _| name == property || !others.contains(&name.as_str()));
    if operation == "create_grant" && !others.is_empty() {
        let role = match property {
            "organisation" => "submitter",
            "programme" => "programme-manager",
            _ => "fellow",
        };
        members.insert("role".to_owned(), json!(role));
    }
    body
}

/// Whether an answer says that the link, or the claim on a side, waits for the other end.
fn waits(answer: &Value, word: &str) -> bool {
    let text = answer.to_string();
    text.contains(&format!("\"state\":\"{word}\""))
        || text.contains(&format!("[\"{word}\""))
        || text.contains(&format!(",\"{word}\"]"))
}

/// The fewest that there can be: what is tried shrinks only with the document.
const FEWEST: usize = 180;

#[rstest]
#[actix_web::test]
async fn a_right_over_one_end_gives_nothing_at_the_other(#[values(Sqlite, Postgres)] engine: Engine) {
    let world = World::new(engine).await;
    let others = Others::new(world.app()).await;
    let (mut faults, mut tried, mut before) = (Vec::new(), 0, others.see().await);
    for (operation, property, rule) in all() {
        for role in Role::ALL.iter().filter(|role| operation.row().answer(**role) == Allowed::Own) {
            if *role == Role::NationalEvaluator {
                continue;
            }
            let actor = world.actor(*role);
            let allowed = others.allows(&actor).await;
            let request = world.request(operation.id(), &actor, &world.inside).await;
            let answer = attempt(request, operation, property, &others).await;
            tried += 1;
            let what = format!(
                "{} {property} ({rule:?}) by {}: {} {:.300}",
                operation.id(),
                role.as_str(),
                answer.status,
                answer.text()
            );
            let written = (200..300).contains(&answer.status);
            let refused = [403, 404, 409, 422].contains(&answer.status);
            let as_ruled = match rule {
                Rule::Scope => refused,
                Rule::Link => refused || (written && waits(&answer.json(), "proposed")),
                Rule::Claim => refused || (written && waits(&answer.json(), "claimed")),
                Rule::Fact | Rule::Mention => refused || written,
            };
            if !as_ruled {
                faults.push(what.clone());
            }
            if others.allows(&actor).await != allowed {
                faults.push(format!("{what}\n   may do more than before"));
            }
            if written {
                let after = others.see().await;
                let changed: Vec<_> = before.iter().zip(&after).filter(|(old, new)| old != new).collect();
                if rule != Rule::Fact && !changed.is_empty() {
                    faults.push(format!("{what}\n   changes what they see: {changed:?}"));
                }
                before = after;
            }
        }
    }
    println!("{tried} pairs of an operation with what it names, by role, were tried");
    assert!(faults.is_empty(), "access/references.rs says otherwise of:\n{}", faults.join("\n"));
    assert!(tried >= FEWEST, "only {tried} were tried");
}

/// Every reference with its rule.
fn all() -> impl Iterator<Item = (Operation, &'static str, Rule)> {
    let rows = REFERENCES.iter().flat_map(|row| row.operations.iter().map(|operation| (*operation, row.properties)));
    rows.flat_map(|(operation, named)| named.iter().map(move |(property, rule)| (operation, *property, *rule)))
}

/// Sends a good request with a record of the others in the place of one's own.
async fn attempt(request: Request, operation: Operation, property: &str, others: &Others) -> Answer {
    let value = others.value(property);
    if property == "slug" {
        return request.at(|path| path.replace("/inside/", &format!("/{}/", value.as_str().unwrap()))).await;
    }
    if operation == Operation::submit_kpi_values && property == "kpi" {
        return request.at(|path| path.replace("kpi-inside", "their-kpi")).await;
    }
    if operation == Operation::submit_kpi_values && property == "set" {
        let table = "organisation,period,their-kpi\nRJZ,2026-01,1\n";
        let named = request.at(|path| path.replace("kpi=kpi-inside", "set=their-set")).without("content-type");
        return named.header("content-type", "text/csv").body(table).await;
    }
    let body = with(request.document(), operation.id(), property, &value);
    request.json(&body).await
}
