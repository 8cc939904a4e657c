//! Where the engines differ in SQL, each gets its own best here, and nowhere else: full-text search, locks, and
//! waiting. (The bulk writing of KPI values, which is SQL from end to end, has its own room in `kpis/submissions`.)

use super::conn::{Conn, MultiBackend};
use crate::error::Result;
use crate::vocabulary::fold;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

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
}

/// A condition over a query source, boxed so that it can be chosen at run time.
pub type Condition<QS> = Box<dyn BoxableExpression<QS, MultiBackend, SqlType = Bool>>;

/// Rows of `table` whose `search_text` matches; without a single word in the search, no row does.
pub fn matches<QS: 'static>(engine: Engine, table: &'static str, terms: &SearchTerms) -> Condition<QS> {
    if terms.0.is_empty() {
        return Box::new(sql::<Bool>("1 = 0"));
    }
    match engine {
        Engine::Postgres => {
            let query = terms.render(|word| format!("{word}:*"), |words| format!("({})", words.join(" <-> ")), " & ");
            let before = format!("to_tsvector('simple', {table}.search_text) @@ to_tsquery('simple', ");
            Box::new(sql::<Bool>(&before).bind::<Text, _>(query).sql(")"))
        }
        Engine::Sqlite => {
            let query = terms.render(|word| format!("\"{word}\"*"), |words| format!("\"{}\"", words.join(" ")), " ");
            let before = format!("{table}.rowid IN (SELECT rowid FROM search_{table} WHERE search_{table} MATCH ");
            Box::new(sql::<Bool>(&before).bind::<Text, _>(query).sql(")"))
        }
    }
}

/// Waits for, and holds until the transaction ends, a lock of this name. SQLite's writer is alone already.
///
/// # Errors
/// `overloaded` when the wait is cut short.
pub fn lock(conn: &mut Conn, name: i64) -> Result<()> {
    if let Conn::Postgres(c) = conn {
        diesel::sql_query(format!("SELECT pg_advisory_xact_lock({name})")).execute(c)?;
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
    #[derive(diesel::QueryableByName)]
    struct Got {
        #[diesel(sql_type = Bool)]
        got: bool,
    }
    match conn {
        Conn::Postgres(c) => {
            let row: Got =
                diesel::sql_query(format!("SELECT pg_try_advisory_xact_lock({name}) AS got")).get_result(c)?;
            Ok(row.got)
        }
        Conn::Sqlite(_) => Ok(true),
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
