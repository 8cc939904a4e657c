//! External investments in the database.

use super::ops::InvestmentKind;
use crate::access::Reach;
use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::dialect::Condition;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{external_investments, fellows, innovations, people};
use crate::error::Result;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{overwrite, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = external_investments, treat_none_as_null = true)]
pub struct InvestmentRow {
    pub id: Id,
    /// For one of an innovation and a fellow.
    pub innovation_id: Option<Id>,
    pub fellow_id: Option<Id>,
    /// The programme whose work it followed.
    pub programme: Option<String>,
    pub investor: String,
    pub sort_investor: String,
    pub kind: InvestmentKind,
    pub amount_minor: i64,
    pub currency: String,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub invested_on: NaiveDate,
    pub source: Option<String>,
    pub illustrative: bool,
    pub archived_at: Option<NaiveDateTime>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// An investment with the slug of its innovation, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedInvestment {
    pub row: InvestmentRow,
    pub innovation: Option<String>,
}

type Source = dsl::LeftJoinQuerySource<external_investments::table, innovations::table>;
type Columns = (<external_investments::table as Table>::AllColumns, dsl::Nullable<innovations::slug>);
type Named = dsl::Select<dsl::LeftJoin<external_investments::table, innovations::table>, Columns>;
type Query = dsl::IntoBoxed<'static, Named, MultiBackend>;

sortable! {
    NamedInvestment, Source, Query, select: external_investments::version;
    0: "investedOn" => external_investments::invested_on, Day, |found| found.row.invested_on;
    1: "investor" => external_investments::sort_investor, Text, |found| found.row.sort_investor.clone();
    tie 2 => external_investments::id, Id, |found| found.row.id;
}

/// Which investments a caller sees.
#[derive(Debug, Clone)]
pub struct Sight {
    pub reach: Reach,
    pub subject: String,
}

fn seen(sight: &Sight) -> Query {
    let query = external_investments::table
        .left_join(innovations::table)
        .select((external_investments::all_columns, innovations::slug.nullable()))
        .into_boxed::<MultiBackend>()
        .filter(external_investments::archived_at.is_null());
    if sight.reach.everything {
        return query;
    }
    let Sight { reach, subject } = sight.clone();
    let own_fellow = fellows::table.inner_join(people::table).filter(people::subject.eq(subject)).select(fellows::id);
    let own: Condition<Source> = Box::new(
        external_investments::programme
            .assume_not_null()
            .eq_any(reach.programmes)
            .or(external_investments::innovation_id.assume_not_null().eq_any(reach.innovations))
            .or(external_investments::fellow_id.assume_not_null().eq_any(own_fellow)),
    );
    query.filter(own)
}

/// What a list of external investments may be narrowed to.
#[derive(Default)]
pub struct InvestmentFilter {
    pub innovation: Option<Id>,
    pub fellow: Option<Id>,
    pub programme: Option<String>,
    pub kinds: Option<Vec<InvestmentKind>>,
    pub from: Option<NaiveDate>,
    /// The first day after.
    pub to: Option<NaiveDate>,
}

/// # Errors
/// As [`page`].
pub fn list(
    conn: &mut Conn,
    sight: &Sight,
    filter: &InvestmentFilter,
    request: &PageRequest,
) -> Result<Page<NamedInvestment>> {
    page(conn, request, || {
        let mut query = seen(sight);
        if let Some(innovation) = filter.innovation {
            query = query.filter(external_investments::innovation_id.eq(innovation));
        }
        if let Some(fellow) = filter.fellow {
            query = query.filter(external_investments::fellow_id.eq(fellow));
        }
        if let Some(programme) = &filter.programme {
            query = query.filter(external_investments::programme.eq(programme.clone()));
        }
        if let Some(kinds) = &filter.kinds {
            query = query.filter(external_investments::kind.eq_any(kinds.clone()));
        }
        if let Some(from) = filter.from {
            query = query.filter(external_investments::invested_on.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(external_investments::invested_on.lt(to));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, sight: &Sight, id: Id) -> Result<Option<NamedInvestment>> {
    Ok(seen(sight).filter(external_investments::id.eq(id)).first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &InvestmentRow) -> Result<()> {
    diesel::insert_into(external_investments::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &InvestmentRow) -> Result<()> {
    overwrite!(conn, external_investments, row)
}
