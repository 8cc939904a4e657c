//! Which code may know what: read from the source, line by line.

use super::imports::{Uses, circle, only_declares, uses};
use super::{Source, sources};
use std::collections::{BTreeMap, BTreeSet};

/// Fails with every line of the files that holds one of the words.
fn forbid(files: &[Source], words: &[&str], why: &str) {
    let mut found = Vec::new();
    for file in files {
        for (number, line) in file.code() {
            for word in words.iter().filter(|word| line.contains(**word)) {
                found.push(format!("{}:{number}: {word}", file.path));
            }
        }
    }
    assert!(!files.is_empty(), "no file is held to this law any more: {why}");
    assert!(found.is_empty(), "{why}:\n{}", found.join("\n"));
}

fn chosen(which: impl Fn(&str) -> bool) -> Vec<Source> {
    sources("src").into_iter().filter(|file| which(&file.path)).collect()
}

#[test]
fn rules_are_pure() {
    let rules = chosen(|path| path.ends_with("/rules.rs") || path.contains("/rules/"));
    let words = [
        "actix",
        "diesel",
        "tokio",
        "Utc::now",
        "vocabulary::now",
        "std::env",
        "std::fs",
        "crate::http",
        "crate::db",
        "Conn",
    ];
    forbid(
        &rules,
        &words,
        "Rules are functions on values: the clock, the actor and what the database holds come in as arguments",
    );
}

#[test]
fn http_holds_no_sql() {
    // The claims of idempotent requests are no resource, so they have no store.rs.
    let claims = "src/http/idempotency.rs";
    let http = chosen(|path| path.ends_with("/http.rs") || (path.starts_with("src/http/") && path != claims));
    forbid(&http, &["diesel", "db::schema", "sql_query"], "SQL lives in store.rs");
}

#[test]
fn there_is_one_door_to_the_database() {
    let elsewhere = chosen(|path| !path.starts_with("src/db/"));
    let why = "Only src/db opens connections and begins transactions: go through Db::read, snapshot, write, export, report or import";
    forbid(&elsewhere, &["::establish(", "begin_transaction", ".transaction(", "\"BEGIN", "\"COMMIT"], why);
    let commands = ["src/startup.rs", "src/cli.rs", "src/backup.rs"];
    let requests = chosen(|path| !path.starts_with("src/db/") && !commands.contains(&path));
    forbid(&requests, &["Conn::open(", "db::transaction"], "A request never opens a connection of its own");
}

#[test]
fn only_the_vocabulary_reads_the_clock() {
    let others = chosen(|path| path != "src/vocabulary.rs");
    forbid(&others, &["Utc::now", "Local::now", "SystemTime::now"], "The clock is an argument: take Context::now");
}

/// Folders that serve every feature; what they read of a feature is listed with the rest.
const FOUNDATION: [&str; 3] = ["grants", "events", "transitions"];
const FEATURES: [&str; 21] = [
    "adoptions",
    "applications",
    "audit_events",
    "benefits",
    "changes",
    "code_lists",
    "demonstration",
    "eligibility",
    "funding",
    "innovations",
    "jobs",
    "kpis",
    "ods_imports",
    "organisations",
    "people",
    "populations",
    "privacy",
    "programmes",
    "reports",
    "successions",
    "webhooks",
];
/// What lies below them all.
const FLOORS: [&str; 5] = ["access", "db", "disclosure", "drawing", "http"];
const GROUND: [&str; 8] = ["error", "vocabulary", "calendar", "decimal", "delivery", "record", "shape", "traces"];

/// The folder, or the file, at the top of the source: `src/http/csv/mod.rs` lies in `http`.
fn top(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default().trim_end_matches(".rs")
}

/// Which feature uses which, and whether it reaches into the other's store.
fn edges() -> BTreeMap<(String, String), bool> {
    let mut edges = BTreeMap::new();
    for (file, others) in uses() {
        let own = top(&file);
        if !FEATURES.contains(&own) && !FOUNDATION.contains(&own) {
            continue;
        }
        for other in others.iter().filter(|other| FEATURES.contains(&top(other)) && top(other) != own) {
            *edges.entry((own.to_owned(), top(other).to_owned())).or_insert(false) |= other.ends_with("/store.rs");
        }
    }
    edges
}

/// The lines `- a -> b, c (store)` of ARCHITECTURE.md's section "Edges between features".
fn listed(map: &str) -> Vec<&str> {
    let section = map.lines().skip_while(|line| !line.contains("Edges between features")).skip(1);
    section.take_while(|line| !line.starts_with('#')).filter(|line| line.starts_with("- ")).collect()
}

/// The edges as the map is to list them: a line a feature.
fn drawn() -> Vec<String> {
    let mut uses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ((from, to), store) in edges() {
        uses.entry(from).or_default().push(if store { format!("{to} (store)") } else { to });
    }
    uses.into_iter().map(|(from, to)| format!("- {from} -> {}", to.join(", "))).collect()
}

#[test]
fn the_edges_between_features_are_those_that_the_map_lists() {
    let Ok(map) = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/ARCHITECTURE.md")) else {
        panic!("ARCHITECTURE.md is the map; it is not there");
    };
    let drawn = drawn();
    let lines = drawn.join("\n");
    assert_eq!(drawn, listed(&map), "ARCHITECTURE.md, \"Edges between features\", should list:\n{lines}");
}

#[test]
fn no_file_leads_back_to_itself() {
    let uses = uses();
    assert!(uses.len() > 200, "the source was not read: {} files", uses.len());
    let circle = circle(&uses);
    assert!(circle.is_empty(), "these files use each other in a circle; move what two need below both: {circle:?}");
}

#[test]
fn no_folder_leads_back_to_itself() {
    let mut folders = Uses::new();
    for (file, others) in uses() {
        let others = others.iter().map(|other| top(other).to_owned()).filter(|other| *other != top(&file));
        folders.entry(top(&file).to_owned()).or_default().extend(others);
    }
    let circle = circle(&folders);
    assert!(circle.is_empty(), "these folders use each other in a circle: {circle:?}");
}

#[test]
fn a_mod_file_only_declares_modules_and_passes_names_on() {
    let mods = chosen(|path| path.ends_with("/mod.rs"));
    let more: Vec<&String> = mods.iter().filter(|file| !only_declares(file)).map(|file| &file.path).collect();
    assert!(!mods.is_empty() && more.is_empty(), "these hold code, which belongs into a file of its own: {more:?}");
}

#[test]
fn what_lies_below_the_features_knows_none_of_them() {
    let below = |name: &str| FLOORS.contains(&name) || GROUND.contains(&name);
    let mut found = Vec::new();
    for (file, others) in uses().iter().filter(|(file, _)| below(top(file))) {
        let lowest = if top(file) == "access" { "db" } else { "" };
        let wrong = |other: &&String| !(below(top(other)) || top(other) == "config") || top(other) == lowest;
        found.extend(others.iter().filter(wrong).map(|other| format!("{file} -> {other}")));
    }
    assert!(found.is_empty(), "these look up; what two floors need lies on the lower:\n{}", found.join("\n"));
    forbid(
        &chosen(|path| path == "src/error.rs"),
        &["diesel"],
        "A failure of the database is read in db/violations.rs",
    );
}

#[test]
fn every_folder_of_the_source_is_a_feature_or_known_to_serve_them() {
    let folders: BTreeSet<String> = sources("src")
        .iter()
        .filter_map(|file| Some(file.path.strip_prefix("src/")?.split_once('/')?.0.to_owned()))
        .collect();
    let known: BTreeSet<String> =
        FEATURES.iter().chain(&FOUNDATION).chain(&FLOORS).map(|name| (*name).to_owned()).collect();
    assert_eq!(folders, known, "a new folder joins FEATURES, so that its edges are held to the map");
}

#[test]
fn what_the_map_names_is_there() {
    let root = env!("CARGO_MANIFEST_DIR");
    let map = std::fs::read_to_string(format!("{root}/ARCHITECTURE.md")).expect("ARCHITECTURE.md is the map");
    let looks_like_a_path =
        |word: &&str| word.contains('/') && !word.contains(['<', '{', '*', ' ', ':']) && !word.starts_with('/');
    let lost: Vec<&str> = map
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(looks_like_a_path)
        .filter(|path| {
            !["", "src/", "tests/it/", "docs/"]
                .iter()
                .any(|start| std::path::Path::new(root).join(start).join(path).exists())
        })
        .collect();
    assert!(lost.is_empty(), "ARCHITECTURE.md names what is not there: {lost:?}");
}

#[test]
fn no_test_waits_for_a_time_is_left_out_or_asks_which_engine_it_runs_on() {
    let tests: Vec<Source> = sources("tests")
        .into_iter()
        .filter(|file| !file.path.contains("/support/") && !file.path.contains("/laws/"))
        .collect();
    let words = ["sleep(", "#[ignore", "engine ==", "match engine", "#[serial"];
    forbid(&tests, &words, "A wait polls its condition (support::eventually), and both engines answer alike");
}

#[test]
fn every_kind_of_record_that_events_name_says_who_sees_its_trail() {
    let rules = include_str!("../../../src/audit_events/rules.rs");
    let mut kinds = BTreeSet::new();
    for file in chosen(|path| path.ends_with("/ops.rs")) {
        if !file.text.contains("events::record") {
            continue;
        }
        for (_, line) in file.code() {
            let literal = line.split("Event::new(\"").nth(1).or_else(|| line.split("RESOURCE: &str = \"").nth(1));
            kinds.extend(literal.and_then(|rest| rest.split('"').next()).map(str::to_owned));
        }
    }
    let unruled: Vec<&String> = kinds.iter().filter(|kind| !rules.contains(&format!("\"{kind}\""))).collect();
    assert!(kinds.len() > 20 && unruled.is_empty(), "src/audit_events/rules.rs does not say who sees: {unruled:?}");
    let told = include_str!("../../../src/changes/rules.rs");
    let untold: Vec<&String> = kinds.iter().filter(|kind| !told.contains(&format!("    \"{kind}\" "))).collect();
    assert!(untold.is_empty(), "src/changes/rules.rs does not tell whoever keeps a copy of: {untold:?}");
}
