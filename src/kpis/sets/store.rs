//! Sets of KPIs in the database, and whom they ask.

use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{kpi_set_kpis, kpi_set_organisations, kpi_sets};
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::kpis::catalogue::rules::is_code;
use crate::organisations;
use crate::sortable;
use crate::vocabulary::Id;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use std::collections::HashSet;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = kpi_sets, treat_none_as_null = true)]
pub struct KpiSetRow {
    pub id: Id,
    pub code: String,
    pub name: String,
    pub sort_name: String,
    pub programme: Option<String>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

sortable! {
    KpiSetRow, kpi_sets::table, kpi_sets::BoxedQuery<'static, MultiBackend>, select: kpi_sets::version;
    0: "name" => kpi_sets::sort_name, Text, |row| row.sort_name.clone();
    1: "code" => kpi_sets::code, Text, |row| row.code.clone();
    2: "updatedAt" => kpi_sets::updated_at, Instant, |row| row.updated_at;
    tie 3 => kpi_sets::id, Id, |row| row.id;
}

/// What a list of sets may be narrowed to.
#[derive(Default)]
pub struct KpiSetFilter {
    pub programme: Option<String>,
    /// Only sets that hold this KPI.
    pub kpi: Option<Id>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &KpiSetFilter, request: &PageRequest) -> Result<Page<KpiSetRow>> {
    page(conn, request, || {
        let mut query = kpi_sets::table.into_boxed::<MultiBackend>();
        if let Some(programme) = &filter.programme {
            query = query.filter(kpi_sets::programme.eq(programme.clone()));
        }
        if let Some(kpi) = filter.kpi {
            let holding = kpi_set_kpis::table.filter(kpi_set_kpis::kpi_id.eq(kpi)).select(kpi_set_kpis::set_id);
            query = query.filter(kpi_sets::id.eq_any(holding));
        }
        query
    })
}

/// The set of a code, in any case.
///
/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, code: &str) -> Result<Option<KpiSetRow>> {
    if !is_code(code) {
        return Ok(None);
    }
    Ok(kpi_sets::table.filter(kpi_sets::code.eq(code.to_ascii_lowercase())).first(conn).optional()?)
}

/// What sets hold: pairs of a set and a KPI, and of a set and an organisation.
#[derive(Default)]
pub struct Members {
    pub kpis: Vec<(Id, Id)>,
    pub organisations: Vec<(Id, Id)>,
}

/// The members of some sets.
///
/// # Errors
/// The database's own.
pub fn members(conn: &mut Conn, sets: &[Id]) -> Result<Members> {
    Ok(Members {
        kpis: kpi_set_kpis::table.filter(kpi_set_kpis::set_id.eq_any(sets.to_vec())).load(conn)?,
        organisations: kpi_set_organisations::table
            .filter(kpi_set_organisations::set_id.eq_any(sets.to_vec()))
            .load(conn)?,
    })
}

/// # Errors
/// `already-exists` for a code in use.
pub fn insert(conn: &mut Conn, row: &KpiSetRow, kpis: &[Id], organisations: &[Id]) -> Result<()> {
    let taken = violations::unique(format!("There is a KPI set {} already.", row.code));
    diesel::insert_into(kpi_sets::table).values(row.clone()).execute(conn).map_err(taken)?;
    insert_members(conn, row.id, kpis, organisations)
}

/// Writes the row over the version before it, and its members over those it had.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &KpiSetRow, kpis: &[Id], organisations: &[Id]) -> Result<()> {
    let present = kpi_sets::table.filter(kpi_sets::id.eq(row.id)).filter(kpi_sets::version.eq(row.version - 1));
    if diesel::update(present).set(row.clone()).execute(conn)? == 0 {
        return Err(crate::http::context::changed(row.version));
    }
    diesel::delete(kpi_set_kpis::table.filter(kpi_set_kpis::set_id.eq(row.id))).execute(conn)?;
    diesel::delete(kpi_set_organisations::table.filter(kpi_set_organisations::set_id.eq(row.id))).execute(conn)?;
    insert_members(conn, row.id, kpis, organisations)
}

fn insert_members(conn: &mut Conn, set: Id, kpis: &[Id], organisations: &[Id]) -> Result<()> {
    for kpi in kpis {
        let pair = (kpi_set_kpis::set_id.eq(set), kpi_set_kpis::kpi_id.eq(*kpi));
        diesel::insert_into(kpi_set_kpis::table).values(pair).execute(conn)?;
    }
    for organisation in organisations {
        let pair = (kpi_set_organisations::set_id.eq(set), kpi_set_organisations::organisation_id.eq(*organisation));
        diesel::insert_into(kpi_set_organisations::table).values(pair).execute(conn)?;
    }
    Ok(())
}

/// Who is asked for a KPI: the organisations of its sets with all below them today. `None` for a KPI in no set, which
/// every organisation may send.
///
/// # Errors
/// The database's own.
pub fn assigned(conn: &mut Conn, kpi: Id, today: NaiveDate) -> Result<Option<HashSet<Id>>> {
    let holding = kpi_set_kpis::table.filter(kpi_set_kpis::kpi_id.eq(kpi)).select(kpi_set_kpis::set_id);
    let sets: Vec<Id> = holding.load(conn)?;
    if sets.is_empty() {
        return Ok(None);
    }
    let asked = kpi_set_organisations::table.filter(kpi_set_organisations::set_id.eq_any(sets));
    let asked: Vec<Id> = asked.select(kpi_set_organisations::organisation_id).distinct().load(conn)?;
    let all = organisations::store::below(asked, today).load::<Id>(conn)?;
    Ok(Some(all.into_iter().collect()))
}
