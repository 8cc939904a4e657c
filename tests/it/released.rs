//! Databases of released versions, brought up to date: what was written then is read now, and what was edited is refused.

use crate::support::*;
use diesel::connection::SimpleConnection;
use flate2::read::GzDecoder;
use innovation_register::db::{DatabaseUrl, migrate};
use innovation_register::startup::migrate_database;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Every released schema with its demonstration, in a folder named after the commit.
fn releases() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(format!("{ROOT}/tests/it/released")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders
}

/// A database as a released version left it.
fn released(engine: Engine, release: &Path, folder: &TempDir) -> DatabaseUrl {
    let database = empty_database(engine, folder);
    let mut sql = String::new();
    let file = File::open(release.join(format!("{engine:?}.sql.gz").to_lowercase())).unwrap();
    GzDecoder::new(file).read_to_string(&mut sql).unwrap();
    connect(&database).batch_execute(&sql).unwrap();
    // The tests' clock begins before that version made its keys.
    connect(&database).batch_execute("UPDATE signing_keys SET signs_from = '2000-01-01 00:00:00'").unwrap();
    database
}

#[rstest]
#[actix_web::test]
async fn what_a_released_version_wrote_is_read_searched_and_audited(#[values(Sqlite, Postgres)] engine: Engine) {
    for release in releases() {
        let (before, folder) = (folder(), folder());
        let file = before.path().join("before.backup").display().to_string();
        run(&told(&released(engine, &release, &before)), &["backup", &file]);
        let database = empty_database(engine, &folder);
        let said = run(&told(&database), &["restore", &file]);
        assert!(
            said.contains("the audit trail is whole") && said.contains("run `innovation-register migrate`"),
            "{said}"
        );
        assert!(!migrate_database(&database, START()).unwrap().is_empty());
        let app = TestApp::of(database, folder).await;
        let admin = app.admin();
        assert_eq!(app.found().await.len(), 10);
        assert_eq!(admin.get("/v1/organisations/RJZ").await.expect(200)["version"], 1);
        let spc = admin.get("/v1/kpis/emergency-performance/spc?organisation=RJZ").await.expect(200);
        assert!(spc["points"].as_array().is_some_and(|points| points.len() > 12), "{spc}");
        for (list, number) in [("kpi-values", 4260), ("audit-events?resource=organisation", 159)] {
            let lines = admin.get(&format!("/v1/{list}")).accept("application/x-ndjson").await;
            assert_eq!(lines.text().lines().count(), number, "{list}");
        }
        // What was contributed may be committed from the year in which it came, and what was committed is of the years planned.
        let position = admin.get("/v1/funds/NIA-2015/position").await.expect(200);
        let amount = |name: &str| position[name]["amount"].clone();
        assert_eq!((amount("cash"), amount("available")), (json!("760000.00"), json!("640000.00")), "{position}");
        let year = json!({ "financialYear": "2015-16", "pledged": "0.00", "receivedUnpledged": "1000000.00", "reallocated": "0.00", "committed": "360000.00", "available": "640000.00" });
        assert_eq!(position["years"][0], year, "{position}");
        // Whoever recorded the first membership keeps an innovation; of one that joined four at once it is not known.
        for (innovation, keeper, joined) in [("mycopd", json!("nia"), 1), ("plgf-based-testing", json!(null), 4)] {
            let target = format!("/v1/innovations/{innovation}");
            assert_eq!(admin.get(&target).await.expect(200)["keeper"], keeper);
            let memberships = admin.get(&format!("{target}/programme-memberships")).await.expect(200);
            assert_eq!(column(&memberships, "state"), vec!["agreed"; joined]);
        }
        let held = app.reader().get("/v1/fellowships?innovation=mycopd").await.expect(200);
        assert_eq!((rows(&held).len(), &held["data"][0]["innovationStates"]), (1, &json!(["agreed"])));
        // What was done by the rule of that version is erased too, and the trail stays whole.
        let person = json!({ "name": "Local Operator", "subject": "local-operator" });
        let person = admin.post("/v1/people", person).await.expect(201)["id"].as_str().unwrap().to_owned();
        let asked = json!({ "reason": "Asked for." });
        admin.post(&format!("/v1/people/{person}/erasure"), asked).await.expect(200);
        assert_eq!(app.count("events WHERE subject = 'local-operator'"), 0);
        assert!(run(&told(&app.database), &["audit", "verify"]).contains("the audit trail is whole"));
        app.innovation("made-now").await;
        assert_eq!(column(&admin.get("/v1/innovations?q=made+now").await.expect(200), "slug"), ["made-now"]);
    }
}

/// Every pilot of the demonstration as that version paused it, with what it counted.
const PAUSED: &str = "
    INSERT INTO transitions (id, resource, resource_id, from_state, to_state, reason, effective_on, made_by, made_at)
    SELECT id, 'adoption', id, 'piloting', 'paused', 'A recall.', '2016-04-30', 'somebody', updated_at
    FROM adoptions WHERE stage = 'piloting';
    UPDATE adoptions SET stage = 'paused', stage_on = '2016-04-30', paused_from = 'piloting', using_to = '2016-04-30',
        sites = 3, barriers = 'evidence-clarity slow-procurement' WHERE stage = 'piloting';";

#[rstest]
#[actix_web::test]
async fn the_adoptions_of_a_released_version_have_their_history(#[values(Sqlite, Postgres)] engine: Engine) {
    for release in releases() {
        let folder = folder();
        let database = released(engine, &release, &folder);
        connect(&database).batch_execute(PAUSED).unwrap();
        migrate_database(&database, START()).unwrap();
        let app = TestApp::of(database, folder).await;
        let list = async |query: &str| app.admin().get(&format!("/v1/adoptions{query}")).await.expect(200);
        let paused = list("?stage=paused&limit=500").await;
        let first = &paused["data"][0];
        assert_eq!((&first["usingTo"], &first["sites"]), (&json!("2016-04-30"), &json!(3)));
        assert_eq!(first["barriers"], json!(["evidence-clarity", "slow-procurement"]));
        let before = list("?stageOn=2016-04-29&stage=piloting&limit=500").await;
        assert_eq!(rows(&before).len(), rows(&paused).len());
        assert_eq!(rows(&list("?usingOn=2016-04-30&stage=paused").await).len(), 0);
        let target = format!("/{}", first["id"].as_str().unwrap());
        let moves = list(&format!("{target}/transitions")).await;
        assert_eq!(column(&moves, "to"), ["piloting", "paused"]);
        // The trail knows the day of the first stage.
        assert_eq!(moves["data"][0]["effectiveOn"], first["usingFrom"]);
        assert_eq!(rows(&list(&format!("{target}/counts")).await).len(), 1);
        app.admin().transition(&format!("/v1/adoptions{target}"), 1, json!({ "to": "piloting" })).await.expect(200);
    }
}

#[test]
fn the_last_released_schema_is_among_them() {
    let named = std::fs::read_to_string(format!("{ROOT}/migrations/RELEASED")).unwrap();
    let kept = releases().iter().any(|folder| named.starts_with(folder.file_name().unwrap().to_str().unwrap()));
    assert!(kept, "tests/it/released/README says how to keep a database of {named}");
}

#[rstest]
fn a_migration_that_was_edited_after_it_was_applied_is_refused_by_every_verb(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[values("migrate", "serve", "seed", "check-config")] verb: &str,
) {
    let folder = folder();
    let database = database(engine, &folder);
    let edit = "UPDATE schema_checksums SET checksum = (SELECT checksum FROM schema_checksums WHERE version = '00001')
                WHERE version = '00003'";
    connect(&database).batch_execute(edit).unwrap();
    let output = binary(&told(&database), &[verb]).output().unwrap();
    let fault = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(fault.contains("migration 00003") && fault.contains("Use a released version"), "{fault}");
}

#[rstest]
fn a_schema_from_before_the_first_release_is_refused_and_left_as_it_was(#[values(Sqlite, Postgres)] engine: Engine) {
    for release in releases() {
        let folder = folder();
        let database = released(engine, &release, &folder);
        // An index that a migration was given after it had been applied somewhere.
        connect(&database).batch_execute("DROP INDEX benefits_by_population").unwrap();
        let before = migrate::applied(&mut connect(&database)).unwrap();
        let fault = fail(&told(&database), &["migrate"]);
        assert!(fault.contains("before the first released version") && fault.contains("new database"), "{fault}");
        assert_eq!(migrate::applied(&mut connect(&database)).unwrap(), before);
    }
}

#[rstest]
#[case::after_edits_ended(5)]
#[case::in_between(7)]
fn a_schema_of_unedited_migrations_is_brought_up_to_date(
    #[values(Sqlite, Postgres)] engine: Engine,
    #[case] number: usize,
) {
    let folder = folder();
    let database = empty_database(engine, &folder);
    let mut conn = connect(&database);
    let files = format!("{ROOT}/migrations/{engine:?}").to_lowercase();
    let mut names: Vec<PathBuf> = std::fs::read_dir(files).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert_eq!(migrate::applied(&mut conn).unwrap(), Vec::<String>::new());
    for (name, version) in names.iter().zip(1..=number) {
        conn.batch_execute(&std::fs::read_to_string(name.join("up.sql")).unwrap()).unwrap();
        conn.batch_execute(&format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('0000{version}')"))
            .unwrap();
    }
    assert_eq!(migrate::up(&database).unwrap().len(), names.len() - number);
}
