//! Reallocations in the database.

use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{funds, reallocations};
use crate::error::Result;
use crate::sortable;
use crate::vocabulary::Id;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use std::collections::HashMap;

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = reallocations)]
pub struct ReallocationRow {
    pub id: Id,
    pub from_fund_id: Id,
    pub to_fund_id: Id,
    /// The award whose end freed the money.
    pub award_id: Option<Id>,
    pub amount_minor: i64,
    pub reason: String,
    pub made_by: String,
    pub made_on: NaiveDate,
    pub created_at: NaiveDateTime,
}

sortable! {
    ReallocationRow, reallocations::table, reallocations::BoxedQuery<'static, MultiBackend>;
    0: "madeOn" => reallocations::made_on, Day, |row| row.made_on;
    tie 1 => reallocations::id, Id, |row| row.id;
}

/// What a list of reallocations may be narrowed to.
#[derive(Default)]
pub struct ReallocationFilter {
    /// Those from or to this fund.
    pub fund: Option<Id>,
    pub from: Option<NaiveDate>,
    /// The first day after.
    pub to: Option<NaiveDate>,
    /// The programmes of whose funds the caller sees the reallocations; all without.
    pub seen: Option<Vec<String>>,
}

type Query = reallocations::BoxedQuery<'static, MultiBackend>;

fn seen(query: Query, programmes: Option<&Vec<String>>) -> Query {
    let Some(programmes) = programmes else { return query };
    let own = || funds::table.filter(funds::programme.eq_any(programmes.clone())).select(funds::id);
    query.filter(reallocations::from_fund_id.eq_any(own()).or(reallocations::to_fund_id.eq_any(own())))
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &ReallocationFilter, request: &PageRequest) -> Result<Page<ReallocationRow>> {
    page(conn, request, || {
        let mut query = seen(reallocations::table.into_boxed::<MultiBackend>(), filter.seen.as_ref());
        if let Some(fund) = filter.fund {
            query = query.filter(reallocations::from_fund_id.eq(fund).or(reallocations::to_fund_id.eq(fund)));
        }
        if let Some(from) = filter.from {
            query = query.filter(reallocations::made_on.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(reallocations::made_on.lt(to));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, programmes: Option<&Vec<String>>, id: Id) -> Result<Option<ReallocationRow>> {
    let query = seen(reallocations::table.into_boxed::<MultiBackend>(), programmes);
    Ok(query.filter(reallocations::id.eq(id)).first(conn).optional()?)
}

/// The codes and currencies of the funds of some reallocations.
///
/// # Errors
/// The database's own.
pub fn funds_of(conn: &mut Conn, rows: &[ReallocationRow]) -> Result<HashMap<Id, (String, String)>> {
    let ids: Vec<Id> = rows.iter().flat_map(|row| [row.from_fund_id, row.to_fund_id]).collect();
    let found: Vec<(Id, String, String)> =
        funds::table.filter(funds::id.eq_any(ids)).select((funds::id, funds::code, funds::currency)).load(conn)?;
    Ok(found.into_iter().map(|(id, code, currency)| (id, (code, currency))).collect())
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &ReallocationRow) -> Result<()> {
    diesel::insert_into(reallocations::table).values(row.clone()).execute(conn)?;
    Ok(())
}
