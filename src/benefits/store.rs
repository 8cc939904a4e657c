//! Benefits in the database.

use super::rules::BenefitKind;
use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{benefits, innovations, organisations};
use crate::error::Result;
use crate::organisations::store::below;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{overwrite, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = benefits, treat_none_as_null = true)]
pub struct BenefitRow {
    pub id: Id,
    pub innovation_id: Id,
    pub programme: Option<String>,
    pub organisation_id: Option<Id>,
    pub kind: BenefitKind,
    pub unit: String,
    pub method: String,
    /// Empty where none is named.
    pub population: String,
    /// In hundredths, as the other figures.
    pub baseline: Option<i64>,
    pub claimed: i64,
    pub realised: Option<i64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub from_on: NaiveDate,
    /// The first day after.
    pub to_on: NaiveDate,
    pub claimed_by: String,
    pub illustrative: bool,
    pub archived_at: Option<NaiveDateTime>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A benefit with what it is of and where, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedBenefit {
    pub row: BenefitRow,
    pub innovation: String,
    pub organisation: Option<String>,
}

type Joined = dsl::LeftJoin<dsl::InnerJoin<benefits::table, innovations::table>, organisations::table>;
type Source =
    dsl::LeftJoinQuerySource<dsl::InnerJoinQuerySource<benefits::table, innovations::table>, organisations::table>;
type Columns = (<benefits::table as Table>::AllColumns, innovations::slug, dsl::Nullable<organisations::code>);
type Named = dsl::Select<Joined, Columns>;

sortable! {
    NamedBenefit, Source, dsl::IntoBoxed<'static, Named, MultiBackend>, select: benefits::version;
    0: "from" => benefits::from_on, Day, |found| found.row.from_on;
    1: "updatedAt" => benefits::updated_at, Instant, |found| found.row.updated_at;
    tie 2 => benefits::id, Id, |found| found.row.id;
}

fn named() -> Named {
    benefits::table.inner_join(innovations::table).left_join(organisations::table).select((
        benefits::all_columns,
        innovations::slug,
        organisations::code.nullable(),
    ))
}

/// What a list of benefits may be narrowed to.
#[derive(Default)]
pub struct BenefitFilter {
    pub innovation: Option<Id>,
    pub programme: Option<String>,
    pub organisation: Option<Id>,
    /// Organisations at this place or below it, on this day.
    pub place: Option<(Id, NaiveDate)>,
    pub kinds: Option<Vec<BenefitKind>>,
    pub population: Option<String>,
    /// Those that last to this day or later.
    pub from: Option<NaiveDate>,
    /// Those that began before this day.
    pub to: Option<NaiveDate>,
    pub updated_from: Option<NaiveDateTime>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &BenefitFilter, request: &PageRequest) -> Result<Page<NamedBenefit>> {
    page(conn, request, || {
        let mut query = named().filter(benefits::archived_at.is_null()).into_boxed::<MultiBackend>();
        if let Some(innovation) = filter.innovation {
            query = query.filter(benefits::innovation_id.eq(innovation));
        }
        if let Some(programme) = &filter.programme {
            query = query.filter(benefits::programme.eq(programme.clone()));
        }
        if let Some(organisation) = filter.organisation {
            query = query.filter(benefits::organisation_id.eq(organisation));
        }
        if let Some((place, on)) = filter.place {
            query = query.filter(benefits::organisation_id.assume_not_null().eq_any(below(vec![place], on)));
        }
        if let Some(kinds) = &filter.kinds {
            query = query.filter(benefits::kind.eq_any(kinds.clone()));
        }
        if let Some(population) = &filter.population {
            query = query.filter(benefits::population.eq(population.clone()));
        }
        if let Some(from) = filter.from {
            query = query.filter(benefits::to_on.gt(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(benefits::from_on.lt(to));
        }
        if let Some(from) = filter.updated_from {
            query = query.filter(benefits::updated_at.ge(from));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedBenefit>> {
    let one = named().filter(benefits::id.eq(id)).filter(benefits::archived_at.is_null());
    Ok(one.first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &BenefitRow) -> Result<()> {
    diesel::insert_into(benefits::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &BenefitRow) -> Result<()> {
    overwrite!(conn, benefits, row)
}
