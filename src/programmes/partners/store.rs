//! Partners in the database.

use super::ops::PartnerRole;
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{organisations, programme_partners};
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = programme_partners)]
pub struct PartnerRow {
    pub id: Id,
    pub programme: String,
    pub organisation_id: Id,
    pub role: PartnerRole,
    pub from_on: NaiveDate,
    /// The first day it is a partner no longer.
    pub to_on: NaiveDate,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// A partner with the code and the name of its organisation, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedPartner {
    pub row: PartnerRow,
    pub code: String,
    pub name: String,
}

type Source = dsl::InnerJoinQuerySource<programme_partners::table, organisations::table>;
type Columns = (<programme_partners::table as Table>::AllColumns, organisations::code, organisations::name);
type Named = dsl::Select<dsl::InnerJoin<programme_partners::table, organisations::table>, Columns>;

sortable! {
    NamedPartner, Source, dsl::IntoBoxed<'static, Named, MultiBackend>, select: programme_partners::version;
    0: "role" => programme_partners::role, Text, |found| found.row.role.as_str().to_owned();
    1: "from" => programme_partners::from_on, Day, |found| found.row.from_on;
    tie 2 => programme_partners::id, Id, |found| found.row.id;
}

fn named() -> Named {
    let columns = (programme_partners::all_columns, organisations::code, organisations::name);
    programme_partners::table.inner_join(organisations::table).select(columns)
}

/// What the partners of a programme may be narrowed to.
pub struct PartnerFilter {
    pub roles: Option<Vec<PartnerRole>>,
    /// Those that are partners on this day.
    pub on: Option<NaiveDate>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, slug: &str, filter: &PartnerFilter, request: &PageRequest) -> Result<Page<NamedPartner>> {
    page(conn, request, || {
        let own = programme_partners::programme.eq(slug.to_owned());
        let mut query = named().filter(own).into_boxed::<MultiBackend>();
        if let Some(roles) = &filter.roles {
            query = query.filter(programme_partners::role.eq_any(roles.clone()));
        }
        if let Some(on) = filter.on {
            query = query.filter(programme_partners::from_on.le(on)).filter(programme_partners::to_on.gt(on));
        }
        query
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, slug: &str, id: Id) -> Result<Option<NamedPartner>> {
    let one = named().filter(programme_partners::id.eq(id)).filter(programme_partners::programme.eq(slug));
    Ok(one.first(conn).optional()?)
}

/// # Errors
/// `already-exists` for the same organisation in the same role from the same day.
pub fn insert(conn: &mut Conn, row: &PartnerRow) -> Result<()> {
    let taken = violations::unique("The organisation is a partner in this role from that day already.");
    diesel::insert_into(programme_partners::table).values(row.clone()).execute(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first; `already-exists` as for [`insert`].
pub fn update(conn: &mut Conn, row: &PartnerRow) -> Result<()> {
    let taken = violations::unique("The organisation is a partner in this role from that day already.");
    overwrite!(conn, programme_partners, row, taken)
}
