//! Contributions in the database.

use super::ops::ContributionSource;
use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{contributions, funds, organisations};
use crate::error::Result;
use crate::sortable;
use crate::vocabulary::Id;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = contributions)]
pub struct ContributionRow {
    pub id: Id,
    pub fund_id: Id,
    pub contributor_id: Id,
    pub source: ContributionSource,
    pub amount_minor: i64,
    pub received_on: NaiveDate,
    pub note: Option<String>,
    pub made_by: String,
    pub created_at: NaiveDateTime,
}

/// A contribution with its fund and the code and the name of who made it, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedContribution {
    pub row: ContributionRow,
    pub code: String,
    pub name: String,
    pub fund: String,
    pub currency: String,
}

type Joined = dsl::InnerJoin<dsl::InnerJoin<contributions::table, organisations::table>, funds::table>;
type Source =
    dsl::InnerJoinQuerySource<dsl::InnerJoinQuerySource<contributions::table, organisations::table>, funds::table>;
type Columns = (
    <contributions::table as Table>::AllColumns,
    organisations::code,
    organisations::name,
    funds::code,
    funds::currency,
);
type Named = dsl::Select<Joined, Columns>;

sortable! {
    NamedContribution, Source, dsl::IntoBoxed<'static, Named, MultiBackend>, select: contributions::amount_minor;
    0: "receivedOn" => contributions::received_on, Day, |found| found.row.received_on;
    tie 1 => contributions::id, Id, |found| found.row.id;
}

fn named() -> Named {
    contributions::table.inner_join(organisations::table).inner_join(funds::table).select((
        contributions::all_columns,
        organisations::code,
        organisations::name,
        funds::code,
        funds::currency,
    ))
}

/// What a list of contributions may be narrowed to.
#[derive(Default)]
pub struct ContributionFilter {
    pub fund: Option<Id>,
    /// To funds of this programme.
    pub programme: Option<String>,
    pub sources: Option<Vec<ContributionSource>>,
    pub contributor: Option<Id>,
    pub from: Option<NaiveDate>,
    /// The first day after.
    pub to: Option<NaiveDate>,
    /// The programmes to whose funds the caller sees contributions; all without.
    pub seen: Option<Vec<String>>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &ContributionFilter, request: &PageRequest) -> Result<Page<NamedContribution>> {
    page(conn, request, || {
        let mut query = named().into_boxed::<MultiBackend>();
        if let Some(fund) = filter.fund {
            query = query.filter(contributions::fund_id.eq(fund));
        }
        if let Some(programme) = &filter.programme {
            query = query.filter(funds::programme.eq(programme.clone()));
        }
        if let Some(sources) = &filter.sources {
            query = query.filter(contributions::source.eq_any(sources.clone()));
        }
        if let Some(contributor) = filter.contributor {
            query = query.filter(contributions::contributor_id.eq(contributor));
        }
        if let Some(from) = filter.from {
            query = query.filter(contributions::received_on.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(contributions::received_on.lt(to));
        }
        if let Some(seen) = &filter.seen {
            query = query.filter(funds::programme.eq_any(seen.clone()));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, fund: Id, id: Id) -> Result<Option<NamedContribution>> {
    let one = named().filter(contributions::id.eq(id)).filter(contributions::fund_id.eq(fund));
    Ok(one.first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &ContributionRow) -> Result<()> {
    diesel::insert_into(contributions::table).values(row.clone()).execute(conn)?;
    Ok(())
}
