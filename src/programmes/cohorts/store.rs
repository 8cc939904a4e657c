//! Cohorts in the database.

use super::rules::{Cohort, CohortAdded};
use crate::db::schema::{cohorts, programmes};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::Context;
use crate::record::Stored;
use crate::vocabulary::{Id, Instant};
use crate::{params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = cohorts, treat_none_as_null = true)]
pub struct CohortRow {
    pub id: Id,
    pub programme: String,
    pub number: i32,
    pub name: String,
    pub target_size: Option<i32>,
    pub opens_at: Option<NaiveDateTime>,
    pub starts_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl CohortRow {
    pub fn new(context: &Context, new: Cohort, programme: String) -> Self {
        let Cohort { number, name, target_size, opens_at, starts_on, ends_on } = new;
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            programme,
            number,
            name,
            target_size,
            opens_at: opens_at.map(|Instant(at)| at.naive_utc()),
            starts_on,
            ends_on,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    pub fn cohort(&self) -> Cohort {
        Cohort {
            number: self.number,
            name: self.name.clone(),
            target_size: self.target_size,
            opens_at: self.opens_at.map(|at| Instant(at.and_utc())),
            starts_on: self.starts_on,
            ends_on: self.ends_on,
        }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: Cohort) -> Self {
        let (id, version, created_at) = (self.id, self.version + 1, self.created_at);
        Self { id, version, created_at, ..Self::new(context, new, self.programme) }
    }
}

/// A cohort with the name of its programme, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedCohort {
    pub row: CohortRow,
    pub programme_name: String,
}

impl From<NamedCohort> for Stored<Cohort> {
    fn from(found: NamedCohort) -> Self {
        let written = found.row.cohort();
        let CohortRow { programme, version, updated_at, .. } = found.row;
        let added = CohortAdded { programme, programme_name: found.programme_name };
        Self { added, written, version, updated_at }
    }
}

type OfProgramme = dsl::Eq<cohorts::programme, programmes::slug>;
type Columns = (<cohorts::table as Table>::AllColumns, programmes::name);
type Named = dsl::Select<dsl::InnerJoinOn<cohorts::table, programmes::table, OfProgramme>, Columns>;
type Query = dsl::IntoBoxed<'static, Named, MultiBackend>;

sortable! { NamedCohort, Query, key "number" => cohorts::number as Small;
    cohorts of |found| found.row => "number" number, "updatedAt" updated_at, then id;
}

params! {
    /// How the cohorts of a programme are paged.
    pub struct ListCohorts list of NamedCohort {}
}

fn named() -> Named {
    let programme = programmes::table.on(cohorts::programme.eq(programmes::slug));
    cohorts::table.inner_join(programme).select((cohorts::all_columns, programmes::name))
}

/// The cohorts of a programme.
pub fn list(programme: String) -> Query {
    named().filter(cohorts::programme.eq(programme)).into_boxed()
}

pub fn find(conn: &mut Conn, slug: &str, number: i32) -> Result<Option<NamedCohort>> {
    let one = named().filter(cohorts::programme.eq(slug)).filter(cohorts::number.eq(number));
    Ok(one.first(conn).optional()?)
}

writable! { cohorts, CohortRow, "The programme already has a cohort with this number." }
