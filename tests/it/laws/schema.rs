//! Two databases, one schema: read from each engine's own catalogue.

use crate::support::{Engine, Postgres, Sqlite, connect, empty_database, folder, rstest};
use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use innovation_register::db::{Conn, DatabaseUrl, migrate};

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Runs the engine's own query for one kind of fact.
fn lines(conn: &mut Conn, (postgres, sqlite): (&str, &str)) -> Vec<String> {
    let found: Vec<Line> = match conn {
        Conn::Postgres(conn) => diesel::sql_query(postgres).load(conn).unwrap(),
        Conn::Sqlite(conn) => diesel::sql_query(sqlite).load(conn).unwrap(),
    };
    let ours =
        |line: &String| !line.starts_with("__diesel") && !line.starts_with("search_") && !line.starts_with("sqlite_");
    let mut lines: Vec<String> = found.into_iter().map(|line| line.line).filter(ours).collect();
    lines.sort();
    lines
}

const COLUMNS: (&str, &str) = (
    "SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'YES' THEN ' may be null' ELSE '' END AS line
     FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT m.name || '.' || c.name || CASE WHEN c.\"notnull\" OR c.pk THEN '' ELSE ' may be null' END AS line
     FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
);

const PRIMARY_KEYS: (&str, &str) = (
    "SELECT i.indrelid::regclass || ' (' || string_agg(a.attname, ', ' ORDER BY k.place) || ')' AS line
     FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
     WHERE i.indisprimary AND i.indrelid::regclass::text !~ '^pg_' GROUP BY i.indexrelid, i.indrelid",
    "SELECT name || ' (' || group_concat(part, ', ') || ')' AS line FROM
     (SELECT m.name AS name, c.name AS part FROM sqlite_master m JOIN pragma_table_info(m.name) c
      WHERE m.type = 'table' AND c.pk > 0 ORDER BY m.name, c.pk) GROUP BY name",
);

const UNIQUES: (&str, &str) = (
    "SELECT i.indrelid::regclass || ' (' || string_agg(a.attname, ', ' ORDER BY k.place) || ')' AS line
     FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
     WHERE i.indisunique AND NOT i.indisprimary AND i.indrelid::regclass::text !~ '^pg_' GROUP BY i.indexrelid, i.indrelid",
    "SELECT name || ' (' || group_concat(part, ', ') || ')' AS line FROM
     (SELECT m.name AS name, i.name AS unique_index, c.name AS part FROM sqlite_master m
      JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) c
      WHERE m.type = 'table' AND i.\"unique\" AND i.origin <> 'pk' ORDER BY m.name, i.name, c.seqno) GROUP BY name, unique_index",
);

const FOREIGN_KEYS: (&str, &str) = (
    "SELECT c.conrelid::regclass || '.' || a.attname || ' -> ' || c.confrelid::regclass || '.' || b.attname AS line
     FROM pg_constraint c CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k(from_number, to_number)
     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.from_number
     JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.to_number WHERE c.contype = 'f'",
    "SELECT m.name || '.' || f.\"from\" || ' -> ' || f.\"table\" || '.' || f.\"to\" AS line
     FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
);

/// Indexes that are no constraint, by name; full-text search is each engine's own.
const INDEXES: (&str, &str) = (
    "SELECT c.relname::text AS line FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
     JOIN pg_namespace n ON n.oid = t.relnamespace
     WHERE n.nspname = 'public' AND NOT i.indisunique AND c.relname !~ '_(by_)?search'",
    "SELECT m.name AS line FROM sqlite_master m WHERE m.type = 'index' AND m.sql IS NOT NULL AND m.sql NOT LIKE 'CREATE UNIQUE%'",
);

const FACTS: [(&str, (&str, &str)); 5] = [
    ("columns", COLUMNS),
    ("primary keys", PRIMARY_KEYS),
    ("uniques", UNIQUES),
    ("foreign keys", FOREIGN_KEYS),
    ("indexes", INDEXES),
];

fn migrated(engine: Engine) -> (DatabaseUrl, tempfile::TempDir) {
    let folder = folder();
    let database = empty_database(engine, &folder);
    migrate::up(&database).unwrap();
    (database, folder)
}

#[test]
fn both_engines_have_the_same_tables() {
    let ((postgres, _one), (sqlite, _other)) = (migrated(Postgres), migrated(Sqlite));
    let (mut postgres, mut sqlite) = (connect(&postgres), connect(&sqlite));
    for (fact, queries) in FACTS {
        let (left, right) = (lines(&mut postgres, queries), lines(&mut sqlite, queries));
        assert!(left.len() > 5, "{fact}: {left:?}");
        let only = |these: &[String], those: &[String]| {
            these.iter().filter(|line| !those.contains(line)).cloned().collect::<Vec<_>>()
        };
        assert_eq!(
            left,
            right,
            "{fact}: on PostgreSQL alone {:?}, on SQLite alone {:?}",
            only(&left, &right),
            only(&right, &left)
        );
    }
}

#[rstest]
fn every_migration_can_be_taken_back_and_made_again(#[values(Sqlite, Postgres)] engine: Engine) {
    let (database, _folder) = migrated(engine);
    let before = FACTS.map(|(_, queries)| lines(&mut connect(&database), queries));
    assert!(!migrate::down(&database).unwrap().is_empty());
    assert_eq!(lines(&mut connect(&database), COLUMNS), Vec::<String>::new());
    assert!(!migrate::up(&database).unwrap().is_empty());
    assert_eq!(FACTS.map(|(_, queries)| lines(&mut connect(&database), queries)), before);
    assert!(migrate::up(&database).unwrap().is_empty(), "a second run finds nothing to do");
}

#[test]
fn both_engines_have_migrations_of_the_same_names() {
    let names = |engine: &str| {
        let folder = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}

#[rstest]
fn every_migration_leaves_a_checksum(#[values(Sqlite, Postgres)] engine: Engine) {
    let (database, _folder) = migrated(engine);
    let mut conn = connect(&database);
    let stored = lines(
        &mut conn,
        ("SELECT version AS line FROM schema_checksums", "SELECT version AS line FROM schema_checksums"),
    );
    let mut applied = migrate::applied(&mut conn).unwrap();
    applied.sort();
    assert_eq!(stored, applied, "a new migration joins the list in src/db/drift.rs");
}
