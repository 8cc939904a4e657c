//! What a copy of the database is worth.

use crate::support::*;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl};
use innovation_register::db::{Conn, DatabaseUrl};
use std::path::Path;

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
