//! Reallocations in the database.

use super::rules::{Reallocation, ReallocationAdded};
use crate::calendar::DayRange;
use crate::db::schema::{funds, reallocations};
use crate::db::{Conn, Keep, MultiBackend};
use crate::error::{Error, Result};
use crate::funding::funds::ops::filtered_by;
use crate::funding::funds::store::seen_with_money;
use crate::funding::funds::store::{FundRow, find_all};
use crate::funding::money::Money;
use crate::http::{CodeParam, Context};
use crate::record::Stored;
use crate::vocabulary::{Id, instant};
use crate::{narrow, params, sortable};
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

impl ReallocationRow {
    pub fn new(context: &Context, new: Reallocation, from: Id, to: Id) -> Self {
        Self {
            id: Id::generate(),
            from_fund_id: from,
            to_fund_id: to,
            award_id: new.award,
            amount_minor: new.amount.minor,
            reason: new.reason,
            made_by: context.actor.subject.clone(),
            made_on: new.made_on.unwrap_or_else(|| context.today()),
            created_at: context.now.naive_utc(),
        }
    }
}

/// A reallocation with its funds.
pub struct NamedReallocation {
    pub row: ReallocationRow,
    pub from: FundRow,
    pub to: FundRow,
}

impl From<NamedReallocation> for Stored<Reallocation> {
    fn from(found: NamedReallocation) -> Self {
        let NamedReallocation { row, from, to } = found;
        let written = Reallocation {
            from_fund: from.code,
            to_fund: to.code,
            award: row.award_id,
            amount: Money::of(row.amount_minor, &from.currency),
            reason: row.reason,
            made_on: Some(row.made_on),
        };
        let (made_by, created_at) = (row.made_by, instant(row.created_at));
        let (from_fund_name, to_fund_name) = (from.name, to.name);
        let added = ReallocationAdded { id: row.id, from_fund_name, to_fund_name, made_by, created_at };
        Self { added, written, version: 1, updated_at: row.created_at }
    }
}

type Query = reallocations::BoxedQuery<'static, MultiBackend>;

sortable! { ReallocationRow, Query, key "id" => reallocations::id as Id;
    reallocations of |row| row => "madeOn" made_on, "updatedAt" created_at, then id;
}

params! {
    /// What a list of reallocations may be narrowed to.
    pub struct ListReallocations list of ReallocationRow {
        /// The code of a fund: reallocations from it and to it.
        fund: CodeParam = "fund",
        /// Reallocations made on this day or later.
        from: NaiveDate = "from",
        /// Reallocations made on this day or earlier.
        to: NaiveDate = "to",
    }
}

/// The reallocations from and to the funds of these programmes. None means all.
fn among(programmes: Option<Vec<String>>) -> Query {
    let query = reallocations::table.into_boxed::<MultiBackend>();
    let Some(programmes) = programmes else { return query };
    let own = || funds::table.filter(funds::programme.eq_any(programmes.clone())).select(funds::id);
    query.filter(reallocations::from_fund_id.eq_any(own()).or(reallocations::to_fund_id.eq_any(own())))
}

/// The reallocations from and to the funds that the caller sees.
///
/// # Errors
/// `unknown-reference` for the fund.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListReallocations) -> Result<Query> {
    let mut query = among(seen_with_money(context));
    if let Some(code) = &asked.fund {
        let fund = filtered_by(conn, seen_with_money(context).is_none(), "?fund", &code.0)?;
        query = query.filter(reallocations::from_fund_id.eq(fund).or(reallocations::to_fund_id.eq(fund)));
    }
    let days = DayRange::new(asked.from, asked.to, "?")?;
    narrow! { query, days;
        from => reallocations::made_on.ge(*from);
        to => reallocations::made_on.le(*to);
    }
    Ok(query)
}

/// The reallocations with their funds, which are read once for all of them.
pub fn named(conn: &mut Conn, rows: Vec<ReallocationRow>) -> Result<Vec<NamedReallocation>> {
    let ids = rows.iter().flat_map(|row| [row.from_fund_id, row.to_fund_id]).collect();
    let funds: HashMap<Id, FundRow> = find_all(conn, ids)?.into_iter().map(|fund| (fund.id, fund)).collect();
    let fund = |id| funds.get(&id).cloned().ok_or_else(|| Error::internal("a fund was lost"));
    let named =
        |row: ReallocationRow| Ok(NamedReallocation { from: fund(row.from_fund_id)?, to: fund(row.to_fund_id)?, row });
    rows.into_iter().map(named).collect()
}

pub fn find(conn: &mut Conn, programmes: Option<Vec<String>>, id: Id) -> Result<Option<NamedReallocation>> {
    let rows = among(programmes).filter(reallocations::id.eq(id)).load(conn)?;
    Ok(named(conn, rows)?.pop())
}

/// What was reallocated in the name of an award.
pub fn reallocated_of(conn: &mut Conn, award: Id) -> Result<i64> {
    let amounts = reallocations::table.filter(reallocations::award_id.eq(award)).select(reallocations::amount_minor);
    Ok(amounts.load::<i64>(conn)?.into_iter().sum())
}

pub fn insert(conn: &mut Conn, row: &ReallocationRow) -> Result<()> {
    diesel::insert_into(reallocations::table).values(row.clone()).execute_kept(conn)?;
    Ok(())
}
