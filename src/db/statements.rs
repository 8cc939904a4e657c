//! Statements that a connection parses once and keeps. diesel keeps them too, but for changes, and for those that hold a
//! list of values, a default or words of SQL, of which it cannot know how many there will be; those are most of what
//! lists ask. So they are kept here as well, and a connection that has come to keep very many forgets them all.

use super::violations;
use diesel::backend::Backend;
use diesel::connection::{CacheSize, Connection, Instrumentation, InstrumentationEvent};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::Integer;
use diesel::{QueryResult, RunQueryDsl};

/// How many statements a connection keeps at most: some kilobytes each.
const MOST: usize = 500;

/// A query whose statement is kept, whatever it holds.
pub struct Kept<Q>(Q);

/// Makes a query one whose statement is kept.
pub trait Keep: Sized {
    fn kept(self) -> Kept<Self> {
        Kept(self)
    }

    /// Executes an `INSERT`, `UPDATE` or `DELETE`, and returns how many rows it wrote. It asks for a row each, since
    /// diesel keeps what is loaded, but never what is only executed.
    ///
    /// # Errors
    /// What diesel says.
    fn execute_kept<'query, C>(self, conn: &mut C) -> QueryResult<usize>
    where
        Kept<Returning<Self>>: LoadQuery<'query, C, i32>,
    {
        Ok(Returning(self).kept().load::<i32>(conn)?.len())
    }
}

impl<Q> Keep for Q {}

impl<Q: Query> Query for Kept<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Kept<Q> {}

impl<Q> QueryId for Kept<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Kept<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

/// A change that answers a row for each that it writes.
pub struct Returning<Q>(Q);

impl<Q> Query for Returning<Q> {
    type SqlType = Integer;
}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Returning<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" RETURNING 1");
        Ok(())
    }
}

/// Counts the statements that a connection keeps, and notes whether one failed by more than a rule of the database.
#[derive(Default)]
struct Observer {
    kept: usize,
    failed: bool,
}

impl Instrumentation for Observer {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::CacheQuery { .. } => self.kept += 1,
            InstrumentationEvent::FinishQuery { error: Some(error), .. } if !violations::is_of_a_rule(error) => {
                self.failed = true;
            }
            _ => {}
        }
    }
}

/// Begins to observe the connection.
pub fn watch(conn: &mut impl Connection) {
    conn.set_instrumentation(Observer::default());
}

/// Whether a statement of this connection failed by more than a rule, so that the connection is not to be trusted.
pub fn has_failed(conn: &mut impl Connection) -> bool {
    conn.instrumentation().downcast_mut::<Observer>().is_none_or(|observer| observer.failed)
}

/// Forgets all statements of a connection that keeps too many, and says whether it did.
pub fn forget_if_many(conn: &mut impl Connection) -> bool {
    let Some(observer) = conn.instrumentation().downcast_mut::<Observer>() else { return false };
    if observer.kept <= MOST {
        return false;
    }
    observer.kept = 0;
    conn.set_prepared_statement_cache_size(CacheSize::Disabled);
    conn.set_prepared_statement_cache_size(CacheSize::Unbounded);
    true
}
