//! Adoptions in the database.

use super::rules::{AdoptionStage, Barrier};
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{adoptions, innovations, organisations, programme_memberships};
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::calendar::FOREVER;
use crate::organisations::store::below;
use crate::vocabulary::{Id, Words};
use crate::{overwrite, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = adoptions, treat_none_as_null = true)]
pub struct AdoptionRow {
    pub id: Id,
    pub innovation_id: Id,
    pub organisation_id: Id,
    pub stage: AdoptionStage,
    /// When the present stage began.
    pub stage_on: NaiveDate,
    /// The stage that a paused one left.
    pub paused_from: Option<AdoptionStage>,
    /// The first day of use.
    pub using_from: Option<NaiveDate>,
    /// The first day after it.
    pub using_to: NaiveDate,
    pub sites: Option<i64>,
    pub users: Option<i64>,
    pub patients: Option<i64>,
    pub decided_by: Option<String>,
    #[diesel(serialize_as = String, deserialize_as = String)]
    pub barriers: Words<Barrier>,
    pub illustrative: bool,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// An adoption with what it is of and by whom, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedAdoption {
    pub row: AdoptionRow,
    pub innovation: String,
    pub organisation: String,
    pub organisation_name: String,
}

type Joined = dsl::InnerJoin<dsl::InnerJoin<adoptions::table, innovations::table>, organisations::table>;
type Source =
    dsl::InnerJoinQuerySource<dsl::InnerJoinQuerySource<adoptions::table, innovations::table>, organisations::table>;
type Columns = (<adoptions::table as Table>::AllColumns, innovations::slug, organisations::code, organisations::name);
type Named = dsl::Select<Joined, Columns>;

sortable! {
    NamedAdoption, Source, dsl::IntoBoxed<'static, Named, MultiBackend>, select: adoptions::version;
    0: "updatedAt" => adoptions::updated_at, Instant, |found| found.row.updated_at;
    tie 1 => adoptions::id, Id, |found| found.row.id;
}

fn named() -> Named {
    adoptions::table.inner_join(innovations::table).inner_join(organisations::table).select((
        adoptions::all_columns,
        innovations::slug,
        organisations::code,
        organisations::name,
    ))
}

/// What a list of adoptions may be narrowed to.
#[derive(Default)]
pub struct AdoptionFilter {
    pub innovation: Option<Id>,
    pub organisation: Option<Id>,
    /// Of innovations that were members of this programme by the day of `using_on`, or ever.
    pub programme: Option<String>,
    /// Organisations at this place or below it, on this day.
    pub place: Option<(Id, NaiveDate)>,
    pub stages: Option<Vec<AdoptionStage>>,
    /// Those in use on this day.
    pub using_on: Option<NaiveDate>,
    pub updated_from: Option<NaiveDateTime>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &AdoptionFilter, request: &PageRequest) -> Result<Page<NamedAdoption>> {
    page(conn, request, || {
        let mut query = named().into_boxed::<MultiBackend>();
        if let Some(innovation) = filter.innovation {
            query = query.filter(adoptions::innovation_id.eq(innovation));
        }
        if let Some(organisation) = filter.organisation {
            query = query.filter(adoptions::organisation_id.eq(organisation));
        }
        if let Some(programme) = &filter.programme {
            let last = filter.using_on.unwrap_or(FOREVER);
            let members = programme_memberships::table
                .filter(programme_memberships::programme.eq(programme.clone()))
                .filter(programme_memberships::from_on.le(last))
                .select(programme_memberships::innovation_id);
            query = query.filter(adoptions::innovation_id.eq_any(members));
        }
        if let Some((place, on)) = filter.place {
            query = query.filter(adoptions::organisation_id.eq_any(below(vec![place], on)));
        }
        if let Some(stages) = &filter.stages {
            query = query.filter(adoptions::stage.eq_any(stages.clone()));
        }
        if let Some(on) = filter.using_on {
            query = query.filter(adoptions::using_from.le(on)).filter(adoptions::using_to.gt(on));
        }
        if let Some(from) = filter.updated_from {
            query = query.filter(adoptions::updated_at.ge(from));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedAdoption>> {
    Ok(named().filter(adoptions::id.eq(id)).first(conn).optional()?)
}

/// # Errors
/// `already-exists` where the organisation has one of the innovation.
pub fn insert(conn: &mut Conn, row: &AdoptionRow) -> Result<()> {
    let taken = violations::unique("There is an adoption of that innovation by that organisation already.");
    diesel::insert_into(adoptions::table).values(row.clone()).execute(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &AdoptionRow) -> Result<()> {
    overwrite!(conn, adoptions, row)
}
