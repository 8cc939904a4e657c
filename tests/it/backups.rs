//! What a copy of the database is worth: back-ups, and the drill of losing everything.

use crate::support::*;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl};
use innovation_register::db::{Conn, DatabaseUrl};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

#[derive(QueryableByName)]
struct Made {
    #[diesel(sql_type = Text)]
    sql: String,
}

/// A database made again from a dump, as `.dump` of the sqlite3 shell writes one: tables, then their rows in any order,
/// then indexes and triggers; of a virtual table its entry, and the tables behind it.
fn dump_and_reload(from: &Path, to: &Path) {
    let mut conn = connect(&DatabaseUrl::parse(&format!("sqlite://{}", to.display())).unwrap());
    conn.batch_execute(&format!("PRAGMA foreign_keys = OFF; ATTACH '{}' AS old;", from.display())).unwrap();
    let mut made = |sql: &str| -> Vec<String> {
        let Conn::Sqlite(conn) = &mut conn else { unreachable!("a SQLite file") };
        let query =
            format!("SELECT {sql} AS sql FROM old.sqlite_master WHERE sql IS NOT NULL AND name <> 'sqlite_sequence'");
        diesel::sql_query(query).load::<Made>(conn).unwrap().into_iter().map(|made| made.sql).collect()
    };
    let tables = made("CASE WHEN type = 'table' AND rootpage > 0 THEN sql ELSE '' END");
    let rows = made(
        "CASE WHEN type = 'table' AND rootpage > 0
         THEN 'INSERT INTO main.\"' || name || '\" SELECT * FROM old.\"' || name || '\" ORDER BY random()' ELSE '' END",
    );
    let virtuals = "PRAGMA writable_schema = ON; INSERT INTO main.sqlite_master SELECT type, name, tbl_name, 0, sql
                    FROM old.sqlite_master WHERE type = 'table' AND rootpage = 0; PRAGMA writable_schema = OFF";
    let rest = made("CASE WHEN type <> 'table' THEN sql ELSE '' END");
    for statements in [tables, rows, vec![virtuals.to_owned()], rest] {
        conn.batch_execute(&statements.join(";\n")).unwrap();
    }
}

fn vacuum_into(from: &Path, to: &Path) {
    let mut conn = connect(&DatabaseUrl::parse(&format!("sqlite://{}", from.display())).unwrap());
    conn.batch_execute(&format!("VACUUM INTO '{}'", to.display())).unwrap();
}

#[rstest]
#[case::vacuum(vacuum_into)]
#[case::dump(dump_and_reload)]
#[actix_web::test]
async fn searches_find_in_a_copy_what_they_find_in_the_original(#[case] copy: fn(&Path, &Path)) {
    let app = TestApp::seeded(Sqlite).await;
    // Rows with gaps between their numbers, which a copy closes.
    for table in [
        "organisations",
        "innovations",
        "kpis",
        "programmes",
        "people",
        "learning_events",
        "networks",
        "funds",
        "awards",
    ] {
        app.sql(&format!("UPDATE {table} SET rowid = rowid * -7"));
    }
    let DatabaseUrl::Sqlite(path) = &app.database else { unreachable!("a SQLite file") };
    let (folder, found) = (folder(), app.found().await);
    let copied = folder.path().join("copy.sqlite");
    copy(Path::new(path), &copied);
    let copied = DatabaseUrl::parse(&format!("sqlite://{}", copied.display())).unwrap();
    let copy = TestApp::of(copied, folder).await;
    assert_eq!(copy.found().await, found);
    copy.innovation("heart-to-heart").await;
    assert_eq!(column(&copy.reader().get("/v1/innovations?q=heart+to").await.expect(200), "slug"), ["heart-to-heart"]);
}

/// The settings of a register whose key lies in a file.
fn with_key_file(database: &DatabaseUrl, key: &Path) -> Vec<(&'static str, String)> {
    let mut settings = told(database);
    settings.retain(|(name, _)| *name != "KEY_SECRET");
    settings.push(("KEY_FILE", key.display().to_string()));
    settings
}

/// A register whose key lies in a file, and a token for it.
struct Kept {
    folder: tempfile::TempDir,
    settings: Vec<(&'static str, String)>,
    token: String,
}

impl Kept {
    fn new(engine: Engine) -> Self {
        let folder = folder();
        let settings = with_key_file(&database(engine, &folder), &folder.path().join("first.keys"));
        let token = run(&settings, &["token", "--role", "national-admin", "--ttl", "1h"]);
        Self { folder, settings, token }
    }

    /// A path in the register's folder.
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

/// Waits until the audit trail can be read.
async fn until_numbered(admin: &Actor) {
    eventually("events are numbered", Duration::from_secs(30), async || {
        rows(&admin.get("/v1/audit-events").await.expect(200)).len() > 2
    })
    .await;
}

/// Nothing of the register is left but its back-up.
fn destroy(settings: &[(&'static str, String)]) {
    run(settings, &["migrate", "--down"]);
    let (_, key) = settings.iter().find(|(name, _)| *name == "KEY_FILE").unwrap();
    std::fs::remove_file(key).unwrap();
}

/// Sends organisations one after another until the process has ended, and says how many there are.
async fn send_until_it_ends(admin: &Actor, process: &mut Child) -> usize {
    for number in 0.. {
        let body = json!({ "code": format!("LOAD{number}"), "name": "Under load", "type": "nhs-trust" });
        admin.post("/v1/organisations", body).await.expect(201);
        if process.try_wait().unwrap().is_some() {
            return number + 1;
        }
    }
    0
}

#[rstest]
#[actix_web::test]
async fn a_register_that_is_lost_is_served_again_from_its_back_up(#[values(Sqlite, Postgres)] engine: Engine) {
    let kept = Kept::new(engine);
    let file = kept.path("register.backup");
    let served = Served::start(&kept.settings);
    let admin = Actor::at(&served.url, &kept.token);
    admin.post("/v1/organisations", json!({ "code": "RJZ", "name": "King's", "type": "nhs-trust" })).await.expect(201);
    until_numbered(&admin).await;
    let mut process = binary(&kept.settings, &["backup", &file]).stdout(Stdio::null()).spawn().unwrap();
    let sent = send_until_it_ends(&admin, &mut process).await;
    assert!(process.wait().unwrap().success());
    drop(served);
    destroy(&kept.settings);

    let (place, key) = (folder(), kept.path("second.keys"));
    let settings = with_key_file(&empty_database(engine, &place), Path::new(&key));
    let said = run(&settings, &["restore", &file]);
    assert!(said.contains("the audit trail is whole") && !said.contains(" 0 numbered events"), "{said}");
    assert!(said.contains("1 signing key(s) unsealed"), "{said}");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let served = Served::start(&settings);
    let admin = Actor::at(&served.url, &kept.token);
    assert_eq!(column(&admin.get("/v1/organisations?q=kings").await.expect(200), "code"), ["RJZ"]);
    let under_load = admin.get("/v1/organisations?q=load&limit=500").await.expect(200);
    let numbers = column(&under_load, "code");
    assert!(numbers.len() <= sent && (0..numbers.len()).all(|n| numbers.contains(&format!("LOAD{n}"))), "{numbers:?}");
    admin.post("/v1/organisations", json!({ "code": "NEW", "name": "After", "type": "nhs-trust" })).await.expect(201);
}

#[rstest]
#[actix_web::test]
async fn a_database_that_is_served_is_neither_replaced_nor_taken_down(#[values(Sqlite, Postgres)] engine: Engine) {
    let kept = Kept::new(engine);
    let file = kept.path("register.backup");
    assert!(run(&kept.settings, &["backup", &file]).contains("with the key"));
    assert!(fail(&kept.settings, &["backup", &file]).contains("never replaces"));
    let served = Served::start(&kept.settings);
    for verb in [["restore", &file], ["migrate", "--down"]] {
        let fault = fail(&kept.settings, &verb);
        assert!(fault.contains("DATABASE_URL: ") && fault.contains("top i"), "{verb:?}: {fault}");
    }
    drop(served);
    assert!(fail(&kept.settings, &["restore", &file]).contains("already"));
    assert!(run(&kept.settings, &["migrate", "--down"]).contains("00001"));
}

#[test]
fn one_process_serves_a_sqlite_file_and_others_may_add_to_it() {
    let kept = Kept::new(Sqlite);
    let served = Served::start(&kept.settings);
    for verb in [vec!["serve"], vec!["demo", "--database", &kept.path("register.sqlite")]] {
        let fault = fail(&kept.settings, &verb);
        assert!(fault.contains("another process serves") && fault.contains("only one may"), "{verb:?}: {fault}");
    }
    for verb in [&["migrate"], &["check-config"], &["seed"]] {
        run(&kept.settings, verb);
    }
    drop(served);
    Served::start(&kept.settings);
}

#[rstest]
fn a_key_that_is_missing_is_asked_for_and_never_made_anew(#[values(Sqlite, Postgres)] engine: Engine) {
    let kept = Kept::new(engine);
    let (key, away, file) = (kept.path("first.keys"), kept.path("away"), kept.path("without.backup"));
    assert!(run(&kept.settings, &["backup", "--without-key", &file]).contains("without a key"));
    std::fs::rename(&key, &away).unwrap();
    let place = folder();
    let empty = with_key_file(&empty_database(engine, &place), Path::new(&key));
    for (settings, verb) in [
        (&kept.settings, vec!["serve"]),
        (&kept.settings, vec!["token", "--role", "reader"]),
        (&kept.settings, vec!["backup", "another.backup"]),
        (&empty, vec!["restore", &file]),
    ] {
        let fault = fail(settings, &verb);
        assert!(fault.contains(&key), "{verb:?}: {fault}");
        assert!(!Path::new(&key).exists() && !Path::new("another.backup").exists(), "{verb:?}");
    }
    std::fs::rename(&away, &key).unwrap();
    assert!(run(&empty, &["restore", &file]).contains("1 signing key(s) unsealed"));
}

#[rstest]
fn a_back_up_with_another_key_is_refused_and_the_present_key_stays(#[values(Sqlite, Postgres)] engine: Engine) {
    let kept = Kept::new(engine);
    let (file, other) = (kept.path("register.backup"), kept.path("other.keys"));
    run(&kept.settings, &["backup", &file]);
    std::fs::write(&other, "0".repeat(64)).unwrap();
    let place = folder();
    let database = empty_database(engine, &place);
    for settings in [with_key_file(&database, Path::new(&other)), told(&database)] {
        assert!(fail(&settings, &["restore", &file]).contains("not the one of the back-up"));
    }
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "0".repeat(64));
    run(&with_key_file(&database, Path::new(&kept.path("first.keys"))), &["restore", &file]);
}

#[rstest]
#[actix_web::test]
async fn what_is_damaged_is_told(#[values(Sqlite, Postgres)] engine: Engine) {
    let kept = Kept::new(engine);
    let served = Served::start(&kept.settings);
    let admin = Actor::at(&served.url, &kept.token);
    until_numbered(&admin).await;
    drop(served);
    let (whole, cut, altered) = (kept.path("whole.backup"), kept.path("cut.backup"), kept.path("altered.backup"));
    run(&kept.settings, &["backup", &whole]);
    let bytes = std::fs::read(&whole).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let place = folder();
    let empty = with_key_file(&empty_database(engine, &place), Path::new(&kept.path("first.keys")));
    assert!(fail(&empty, &["restore", &cut]).contains("cut.backup"));
    let url = kept.settings.iter().find(|(name, _)| *name == "DATABASE_URL").unwrap();
    let alter = "UPDATE events SET subject = 'erased:somebody else' WHERE position = 2";
    connect(&DatabaseUrl::parse(&url.1).unwrap()).batch_execute(alter).unwrap();
    run(&kept.settings, &["backup", &altered]);
    assert!(fail(&empty, &["restore", &altered]).contains("event 2 was altered"));
}
