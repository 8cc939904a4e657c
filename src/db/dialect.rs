//! Where the engines differ in SQL, each gets its own best here, and nowhere else: full-text search, locks, and
//! waiting. (The bulk writing of KPI values, which is SQL from end to end, has its own room in `kpis/submissions`.)

use super::conn::{Conn, MultiBackend};
use super::statements::Keep;
use crate::error::{Code, Error, Result};
use crate::vocabulary::fold;
use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::dsl::sql;
use diesel::expression::ValidGrouping;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Integer, Text};
use std::io::ErrorKind;

/// Which engine a connection speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Postgres,
    Sqlite,
}

impl Conn {
    pub fn engine(&self) -> Engine {
        match self {
            Self::Postgres(_) => Engine::Postgres,
            Self::Sqlite(_) => Engine::Sqlite,
        }
    }
}

/// Runs a query on the engine's own connection. Through [`Conn`] a statement's text is written out anew each time; here
/// it is known by its type. For the few reads that are asked for all day.
#[macro_export]
macro_rules! on_engine {
    ($conn:expr, $c:ident => $query:expr) => {
        match $conn {
            $crate::db::Conn::Postgres($c) => $query,
            $crate::db::Conn::Sqlite($c) => $query,
        }
    };
}

/// Writes rows in statements of many at a time.
#[macro_export]
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr) => {
        $crate::on_engine!($conn, c => for part in $rows.chunks(1000) {
            diesel::insert_into($table).values(part).execute(c)?;
        })
    };
}

/// Brings up to date what the engine knows of the tables that changed much, by which it plans its queries. PostgreSQL
/// does so on its own, but up to a minute after a bulk load; SQLite never does.
pub fn gather_statistics(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Postgres(conn) => {
            let changed = "SELECT relname FROM pg_stat_user_tables WHERE n_mod_since_analyze > 1000 + n_live_tup / 5";
            for table in diesel::sql_query(changed).load::<ChangedTable>(conn)? {
                conn.batch_execute(&format!("ANALYZE \"{}\"", table.relname))?;
            }
        }
        // The flags: all tables, even those that this connection has not read.
        Conn::Sqlite(conn) => conn.batch_execute("PRAGMA optimize = 0x10002")?,
    }
    Ok(())
}

#[derive(QueryableByName)]
struct ChangedTable {
    #[diesel(sql_type = Text)]
    relname: String,
}

/// A search as both engines understand it: every word must begin a word of the text, every quoted phrase must stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchTerms(Vec<Term>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Prefix(String),
    Phrase(Vec<String>),
}

impl SearchTerms {
    /// Reads what a person typed. Punctuation is no part of a word; an unclosed quotation runs to the end.
    pub fn parse(text: &str) -> Self {
        let mut terms = Vec::new();
        for (index, part) in text.split('"').enumerate() {
            let words: Vec<String> = fold(part).split(' ').filter(|w| !w.is_empty()).map(str::to_owned).collect();
            match (index % 2 == 1, words.is_empty()) {
                (_, true) => {}
                (true, false) => terms.push(Term::Phrase(words)),
                (false, false) => terms.extend(words.into_iter().map(Term::Prefix)),
            }
        }
        Self(terms)
    }

    fn render(&self, prefix: impl Fn(&str) -> String, phrase: impl Fn(&[String]) -> String, and: &str) -> String {
        let terms = self.0.iter().map(|term| match term {
            Term::Prefix(word) => prefix(word),
            Term::Phrase(words) => phrase(words),
        });
        terms.collect::<Vec<_>>().join(and)
    }

    /// The same, of the text of one row, in which folding left words with single spaces between them.
    fn looked_at<QS: 'static>(&self, engine: Engine, table: &str) -> Condition<QS> {
        let place = match engine {
            Engine::Postgres => "strpos",
            Engine::Sqlite => "instr",
        };
        let contains = |term: &Term| -> Condition<QS> {
            let text = match term {
                Term::Prefix(word) => format!(" {word}"),
                Term::Phrase(words) => format!(" {} ", words.join(" ")),
            };
            let before = format!("{place}(' ' || {table}.search_text || ' ', ");
            Box::new(sql::<Bool>(&before).bind::<Text, _>(text).sql(") > 0"))
        };
        let all = self.0.iter().map(contains).reduce(|all, one| Box::new(all.and(one)));
        all.unwrap_or_else(|| Box::new(sql::<Bool>("1 = 0")))
    }
}

/// A condition over a query source, boxed so that it can be chosen at run time.
pub type Condition<QS> = Box<dyn BoxableExpression<QS, MultiBackend, SqlType = Bool>>;

/// Rows of `table` whose `search_text` matches; without a single word in the search, no row does. Few of them are found
/// through the index of words; among many, each row of the list is looked at in the list's own order.
pub fn matches<QS: 'static>(conn: &mut Conn, table: &str, terms: &SearchTerms) -> Result<Condition<QS>> {
    if terms.0.is_empty() {
        return Ok(Box::new(sql::<Bool>("1 = 0")));
    }
    let (found, query) = match conn.engine() {
        Engine::Postgres => {
            let found =
                format!("SELECT id FROM {table} WHERE to_tsvector('simple', search_text) @@ to_tsquery('simple', ");
            let prefix = |word: &str| format!("{word}:*");
            (found, terms.render(prefix, |words| format!("({})", words.join(" <-> ")), " & "))
        }
        Engine::Sqlite => {
            let found = format!("SELECT rowid FROM search_{table} WHERE (search_{table} MATCH ");
            let prefix = |word: &str| format!("\"{word}\"*");
            (found, terms.render(prefix, |words| format!("\"{}\"", words.join(" ")), " "))
        }
    };
    let limited = |limit: &str| format!(") LIMIT {limit})");
    let more = sql::<Bool>(&format!("EXISTS ({found}")).bind::<Text, _>(query.clone());
    if diesel::select(more.sql(&limited(&format!("1 OFFSET {FEW}")))).kept().get_result(conn)? {
        return Ok(terms.looked_at(conn.engine(), table));
    }
    // SQLite's index knows a row by its search key: a rowid would not survive VACUUM or a dump.
    let (keyed, end) = match conn.engine() {
        Engine::Postgres => (String::new(), ""),
        Engine::Sqlite => (format!("SELECT id FROM search_keys_{table} WHERE key IN ("), ")"),
    };
    let found = sql::<Bool>(&format!("{table}.id IN ({keyed}{found}")).bind::<Text, _>(query);
    Ok(Box::new(found.sql(&format!("{}{end}", limited(&(FEW + 1).to_string())))))
}

/// The first rows of `table` whose `search_text` has, for one of these texts, words that begin as its words do: just so, or
/// with the same few letters, as they do where one is mistyped.
pub fn alike<QS: 'static>(conn: &Conn, table: &str, texts: &[String]) -> Condition<QS> {
    const LETTERS: usize = 3;
    const MOST_WORDS: usize = 12;
    const MOST_ROWS: usize = 500;
    /// Words of many names, and of many mistakes in them.
    const COMMON: [&str; 14] = [
        "and",
        "the",
        "of",
        "in",
        "for",
        "or",
        "nhs",
        "trust",
        "foundation",
        "university",
        "hospital",
        "hospitals",
        "health",
        "care",
    ];
    let found = |letters: usize| -> Condition<QS> {
        let words = |text: &String| -> Vec<String> {
            let words = fold(text);
            let telling = words.split_whitespace().filter(|word| !COMMON.contains(word)).take(MOST_WORDS);
            telling.map(|word| word.chars().take(letters).collect()).collect()
        };
        let any: Vec<Vec<String>> = texts.iter().map(words).filter(|words| !words.is_empty()).collect();
        if any.is_empty() {
            return Box::new(sql::<Bool>("1 = 0"));
        }
        let query = |word: fn(&String) -> String, and: &str, or: &str| {
            let each = any.iter().map(|words| format!("({})", words.iter().map(word).collect::<Vec<_>>().join(and)));
            each.collect::<Vec<_>>().join(or)
        };
        let (before, query, after) = match conn.engine() {
            Engine::Postgres => (
                format!("SELECT id FROM {table} WHERE to_tsvector('simple', search_text) @@ to_tsquery('simple', "),
                query(|word| format!("{word}:*"), " & ", " | "),
                format!(") LIMIT {MOST_ROWS})"),
            ),
            Engine::Sqlite => (
                format!(
                    "SELECT id FROM search_keys_{table} WHERE key IN (SELECT rowid FROM search_{table} WHERE (search_{table} MATCH "
                ),
                query(|word| format!("\"{word}\"*"), " AND ", " OR "),
                format!(") LIMIT {MOST_ROWS}))"),
            ),
        };
        Box::new(sql::<Bool>(&format!("{table}.id IN ({before}")).bind::<Text, _>(query).sql(&after))
    };
    Box::new(found(usize::MAX).or(found(LETTERS)))
}

/// The text for LIKE with the escape `\\`, each of its characters standing for itself.
pub fn like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// As many rows as are found and sorted sooner than the list is followed in its own order until a page is full.
pub const FEW: i64 = 1_000;

/// Whether a query finds few rows.
#[macro_export]
macro_rules! few {
    ($conn:expr, $rows:expr) => {{
        use diesel::prelude::*;
        use $crate::db::Keep;
        let more = diesel::dsl::exists($rows.limit(1).offset($crate::db::dialect::FEW));
        !diesel::select(more).kept().get_result::<bool>($conn)?
    }};
}

/// Whether SQLite would find many rows through an index, and is to follow a list in its own order instead. PostgreSQL
/// decides by its statistics, so nothing is asked of it.
#[macro_export]
macro_rules! many {
    ($conn:expr, $rows:expr) => {
        $conn.engine() == $crate::db::dialect::Engine::Sqlite && !$crate::few!($conn, $rows)
    };
}

/// The rows of a list whose `column` is `found` among the rows of another query. Few of those are read first, and what
/// they lead to is sorted; where there are many, the list is followed in its own order and each row looked up.
#[macro_export]
macro_rules! among {
    ($conn:expr, $column:expr, $found:expr, $rows:expr) => {{
        use diesel::prelude::*;
        use $crate::db::dialect::{Condition, Unindexed};
        let rows = || $rows;
        if $crate::few!($conn, rows().select($found)) {
            Box::new($column.eq_any(rows().select($found))) as Condition<_>
        } else {
            let linked = diesel::dsl::exists(rows().filter($found.eq($column)).select($found));
            Box::new(Unindexed::of(linked)) as Condition<_>
        }
    }};
}

/// The rows whose column holds one of the words. For a single word, an index by the column and then by what the list is
/// sorted by is read in order; for several, SQLite follows the list in its own order instead of sorting what it finds.
#[macro_export]
macro_rules! one_of {
    ($column:expr, $words:expr) => {{
        use diesel::prelude::*;
        use $crate::db::dialect::{Condition, Unindexed};
        let words = $words;
        match words.as_slice() {
            [word] => Box::new($column.eq(word.clone())) as Condition<_>,
            _ => Box::new(Unindexed::of($column).eq_any(words)) as Condition<_>,
        }
    }};
}

/// An expression that SQLite seeks through no index, nor joins for; PostgreSQL decides by its statistics.
#[derive(Debug, Clone, Copy)]
pub struct Unindexed<E> {
    expression: E,
    marked: bool,
}

impl<E> Unindexed<E> {
    pub fn of(expression: E) -> Self {
        Self::when(true, expression)
    }

    pub fn when(marked: bool, expression: E) -> Self {
        Self { expression, marked }
    }
}

impl<E: Expression> Expression for Unindexed<E> {
    type SqlType = E::SqlType;
}

impl<E, QS> AppearsOnTable<QS> for Unindexed<E>
where
    Self: Expression,
    E: AppearsOnTable<QS>,
{
}

impl<E, QS> SelectableExpression<QS> for Unindexed<E>
where
    Self: AppearsOnTable<QS>,
    E: SelectableExpression<QS>,
{
}

impl<E: ValidGrouping<G>, G> ValidGrouping<G> for Unindexed<E> {
    type IsAggregate = E::IsAggregate;
}

impl<E> QueryId for Unindexed<E> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<E, DB> QueryFragment<DB> for Unindexed<E>
where
    DB: Seeks,
    E: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if self.marked && out.backend().is_sqlite() {
            out.push_sql("+");
        }
        self.expression.walk_ast(out)
    }
}

/// A backend that says whether it is SQLite, where a `+` before an expression keeps it from an index.
pub trait Seeks: Backend {
    fn is_sqlite(&self) -> bool {
        false
    }
}

impl Seeks for diesel::pg::Pg {}

impl Seeks for diesel::sqlite::Sqlite {
    fn is_sqlite(&self) -> bool {
        true
    }
}

impl Seeks for MultiBackend {
    fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}

/// Waits for, and holds until the transaction ends, a lock of this name. SQLite's writer is alone already.
///
/// # Errors
/// `overloaded` when the wait is cut short.
pub fn lock(conn: &mut Conn, name: i64) -> Result<()> {
    if let Conn::Postgres(c) = conn {
        let locked = sql::<Bool>("pg_advisory_xact_lock(").bind::<BigInt, _>(name).sql(") IS NULL");
        diesel::select(locked).kept().get_result::<bool>(c)?;
    }
    Ok(())
}

/// Waits until no other change of money runs. A table's lock, unlike an advisory one, is taken before the transaction
/// has looked at anything, so what it then sees is what the change before it left.
///
/// # Errors
/// As [`lock`].
pub fn queue_for_money(conn: &mut Conn) -> Result<()> {
    if let Conn::Postgres(c) = conn {
        diesel::sql_query("LOCK TABLE fund_balances IN SHARE ROW EXCLUSIVE MODE").execute(c)?;
    }
    Ok(())
}

/// As [`lock`], but says `false` at once where another holds it.
///
/// # Errors
/// `unavailable` without a database.
pub fn try_lock(conn: &mut Conn, name: i64) -> Result<bool> {
    match conn {
        Conn::Postgres(c) => {
            let locked = sql::<Bool>("pg_try_advisory_xact_lock(").bind::<BigInt, _>(name).sql(")");
            Ok(diesel::select(locked).kept().get_result(c)?)
        }
        Conn::Sqlite(_) => Ok(true),
    }
}

/// The first half of the names of locks that instances hold for their lives; the second is the instance's own number.
pub const INSTANCES: i32 = 0x494e_5354;

/// Whether the instance of this number lives. On SQLite only this process serves.
///
/// # Errors
/// The database's own.
pub fn lives(conn: &mut Conn, instance: i32, mine: i32) -> Result<bool> {
    match conn {
        Conn::Postgres(c) if instance != mine => {
            let free = sql::<Bool>("pg_try_advisory_xact_lock(").bind::<Integer, _>(INSTANCES).sql(", ");
            let free = free.bind::<Integer, _>(instance).sql(")");
            Ok(!diesel::select(free).get_result::<bool>(c)?)
        }
        _ => Ok(instance == mine),
    }
}

/// Tries to write as much as needs new room, and says why that fails; nothing of it stays.
pub fn why_writes_fail(conn: &mut Conn) -> Option<Code> {
    match conn {
        Conn::Postgres(c) => {
            // The server catches its own failure, since diesel would not say its code.
            let tried = c.batch_execute(
                "BEGIN; DO $$ BEGIN \
                   CREATE TEMPORARY TABLE trial ON COMMIT DROP AS SELECT repeat('x', 7000) AS text FROM generate_series(1, 64); \
                   PERFORM set_config('register.failure', '', true); \
                 EXCEPTION WHEN OTHERS THEN PERFORM set_config('register.failure', SQLSTATE, true); END $$",
            );
            let state = sql::<Text>("current_setting('register.failure')");
            let state = tried.and_then(|()| diesel::select(state).get_result::<String>(c));
            let ended = c.batch_execute("ROLLBACK");
            match (state, ended) {
                (Ok(state), Ok(())) => code_of(&state),
                _ => Some(Code::Unavailable),
            }
        }
        Conn::Sqlite(c) => {
            let file = sql::<Text>("file FROM pragma_database_list WHERE name = 'main'");
            let file = diesel::select(file).get_result::<String>(c).ok()?;
            let beside = std::path::Path::new(&file).parent()?;
            let tried = tempfile::tempfile_in(beside).and_then(|mut trial| {
                std::io::Write::write_all(&mut trial, &[1; 1 << 20])?;
                trial.sync_all()
            });
            let writable = std::fs::OpenOptions::new().append(true).open(&file).map(drop);
            match tried.and(writable).map_err(|cause| cause.kind()) {
                Ok(()) => None,
                Err(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => Some(Code::StorageFull),
                Err(ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied) => Some(Code::ReadOnly),
                Err(_) => Some(Code::Unavailable),
            }
        }
    }
}

/// Writes SQLite's journal into the file and cuts it to nothing, unless somebody reads: what was overwritten stays in the
/// journal otherwise. PostgreSQL's is on its way to replicas and archives, which its operator keeps.
///
/// # Errors
/// `overloaded` while others read.
pub fn empty_journal(conn: &mut Conn) -> Result<()> {
    if let Conn::Sqlite(c) = conn {
        let patience = diesel::select(sql::<Integer>("timeout FROM pragma_busy_timeout")).get_result::<i32>(c)?;
        c.batch_execute("PRAGMA busy_timeout = 200")?;
        let emptied = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result::<Checkpointed>(c);
        c.batch_execute(&format!("PRAGMA busy_timeout = {patience}"))?;
        if emptied?.busy != 0 {
            return Err(Error::new(Code::Overloaded).context("somebody reads, so the journal stays"));
        }
    }
    Ok(())
}

/// Does a change so large that SQLite would take long to write its journal into the file: that happens after the change,
/// while others have their turn to write.
///
/// # Errors
/// What the change returns, or the database's own.
pub fn with_journal_kept<T>(conn: &mut Conn, change: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    if let Conn::Sqlite(c) = conn {
        c.batch_execute("PRAGMA wal_autocheckpoint = 0")?;
    }
    let done = change(conn);
    if let Conn::Sqlite(c) = conn {
        // What fails here was changed all the same, and is written into the file by whoever changes something next.
        let _ = c.batch_execute("PRAGMA wal_autocheckpoint = 1000; PRAGMA wal_checkpoint(PASSIVE)");
    }
    done
}

#[derive(QueryableByName)]
struct Checkpointed {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

/// What an SQLSTATE means to whoever wanted to write.
fn code_of(state: &str) -> Option<Code> {
    match (state, state.get(..2)) {
        ("", _) => None,
        ("53100", _) => Some(Code::StorageFull),
        ("25006", _) => Some(Code::ReadOnly),
        (_, Some("53")) => Some(Code::Overloaded),
        (_, Some("08" | "57" | "58")) => Some(Code::Unavailable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_words_and_quoted_phrases() {
        let terms = SearchTerms::parse("Heart \"e-Stroke triage\" flöw");
        let words = |w: &[&str]| w.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            terms.0,
            vec![
                Term::Prefix("heart".into()),
                Term::Phrase(words(&["e", "stroke", "triage"])),
                Term::Prefix("flow".into())
            ]
        );
    }

    #[test]
    fn operators_of_either_engine_are_no_words() {
        assert_eq!(SearchTerms::parse("':* & | ! <-> * NEAR("), SearchTerms::parse("near"));
    }
}
