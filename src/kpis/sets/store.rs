//! Sets of KPIs in the database, and the organisations they ask.

use super::rules::{KpiSet, KpiSetAdded};
use crate::db::schema::{kpi_set_kpis, kpi_set_organisations, kpi_sets, kpis, organisations, programmes};
use crate::db::{Conn, Keep, MultiBackend, violations};
use crate::error::{Code, Error, Fault, Result};
use crate::http::{CodeParam, Context, Line};
use crate::kpis::catalogue;
use crate::kpis::catalogue::store::KpiRow;
use crate::organisations::store::below;
use crate::record::Stored;
use crate::vocabulary::{Id, fold};
use crate::{overwrite, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
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

impl KpiSetRow {
    pub fn new(context: &Context, new: KpiSet) -> Self {
        let KpiSet { code, name, programme, .. } = new;
        let now = context.now.naive_utc();
        let (id, sort_name) = (Id::generate(), fold(&name));
        Self { id, code, name, sort_name, programme, version: 1, created_at: now, updated_at: now }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: KpiSet) -> Self {
        let Self { id, created_at, version, .. } = self;
        Self { id, created_at, version: version + 1, ..Self::new(context, new) }
    }
}

/// A set with the name of its programme, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedKpiSet {
    pub row: KpiSetRow,
    pub programme_name: Option<String>,
}

type OfProgramme = dsl::Eq<kpi_sets::programme, dsl::Nullable<programmes::slug>>;
type Columns = (<kpi_sets::table as Table>::AllColumns, dsl::Nullable<programmes::name>);
type Named = dsl::Select<dsl::LeftJoinOn<kpi_sets::table, programmes::table, OfProgramme>, Columns>;
type Query = dsl::IntoBoxed<'static, Named, MultiBackend>;

sortable! { NamedKpiSet, Query, key "code" => kpi_sets::code as Slug;
    kpi_sets of |found| found.row => "name" sort_name, "code" code, "updatedAt" updated_at, then id;
}

params! {
    /// What a list of sets may be narrowed to.
    pub struct ListKpiSets list of NamedKpiSet {
        /// The slug of the programme they belong to.
        programme: CodeParam = "programme",
        /// The code of a KPI: sets that hold it.
        kpi: CodeParam = "kpi",
    }
}

params! {
    /// What a template is asked for.
    pub struct AskTemplate {
        /// The code of one of the organisations of the set. Default: all for which you may send values.
        organisation: CodeParam = "organisation",
        /// A period, as its KPIs write it. Default: the last complete one of each KPI.
        period: Line = "period",
    }
}

fn named() -> Named {
    let programme = programmes::table.on(kpi_sets::programme.eq(programmes::slug.nullable()));
    kpi_sets::table.left_join(programme).select((kpi_sets::all_columns, programmes::name.nullable()))
}

/// # Errors
/// `unknown-reference` for the KPI.
pub fn list(conn: &mut Conn, _: &Context, asked: &ListKpiSets) -> Result<Query> {
    let mut query = named().into_boxed::<MultiBackend>();
    if let Some(programme) = &asked.programme {
        query = query.filter(kpi_sets::programme.eq(programme.0.to_ascii_lowercase()));
    }
    if let Some(code) = &asked.kpi {
        let kpi = catalogue::store::referred(conn, "?kpi", &code.0)?.id;
        let holding = kpi_set_kpis::table.filter(kpi_set_kpis::kpi_id.eq(kpi)).select(kpi_set_kpis::set_id);
        query = query.filter(kpi_sets::id.eq_any(holding));
    }
    Ok(query)
}

/// The set of a code, in any case.
pub fn find(conn: &mut Conn, code: &str) -> Result<Option<NamedKpiSet>> {
    Ok(named().filter(kpi_sets::code.eq(code.to_ascii_lowercase())).first(conn).optional()?)
}

/// The sets with the codes of their members in order.
pub fn with_members(conn: &mut Conn, sets: Vec<NamedKpiSet>) -> Result<Vec<Stored<KpiSet>>> {
    let ids: Vec<Id> = sets.iter().map(|set| set.row.id).collect();
    let kpis: Vec<(Id, String)> = kpi_set_kpis::table
        .inner_join(kpis::table.on(kpis::id.eq(kpi_set_kpis::kpi_id)))
        .filter(kpi_set_kpis::set_id.eq_any(ids.clone()))
        .order_by(kpis::code)
        .select((kpi_set_kpis::set_id, kpis::code))
        .load(conn)?;
    let asked: Vec<(Id, String)> = kpi_set_organisations::table
        .inner_join(organisations::table.on(organisations::id.eq(kpi_set_organisations::organisation_id)))
        .filter(kpi_set_organisations::set_id.eq_any(ids))
        .order_by(organisations::code)
        .select((kpi_set_organisations::set_id, organisations::code))
        .load(conn)?;
    let of = |set: Id, members: &[(Id, String)]| -> Vec<String> {
        members.iter().filter(|(of, _)| *of == set).map(|(_, code)| code.clone()).collect()
    };
    let whole = |NamedKpiSet { row, programme_name }| {
        let KpiSetRow { id, code, name, programme, version, updated_at, .. } = row;
        let (kpis, organisations) = (of(id, &kpis), of(id, &asked));
        let written = KpiSet { code, name, programme, kpis, organisations };
        Stored { added: KpiSetAdded { programme_name }, written, version, updated_at }
    };
    Ok(sets.into_iter().map(whole).collect())
}

/// # Errors
/// `already-exists` for a code in use.
pub fn insert(conn: &mut Conn, row: &KpiSetRow, kpis: &[Id], organisations: &[Id]) -> Result<()> {
    let taken = violations::unique(format!("There is a KPI set with the code {} already.", row.code));
    diesel::insert_into(kpi_sets::table).values(row.clone()).execute_kept(conn).map_err(taken)?;
    insert_members(conn, row.id, kpis, organisations)
}

/// Writes the row over the version before it, and replaces its members.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &KpiSetRow, kpis: &[Id], organisations: &[Id]) -> Result<()> {
    overwrite!(conn, kpi_sets, row)?;
    diesel::delete(kpi_set_kpis::table.filter(kpi_set_kpis::set_id.eq(row.id))).execute(conn)?;
    diesel::delete(kpi_set_organisations::table.filter(kpi_set_organisations::set_id.eq(row.id))).execute(conn)?;
    insert_members(conn, row.id, kpis, organisations)
}

fn insert_members(conn: &mut Conn, set: Id, kpis: &[Id], organisations: &[Id]) -> Result<()> {
    for kpi in kpis {
        let pair = (kpi_set_kpis::set_id.eq(set), kpi_set_kpis::kpi_id.eq(*kpi));
        diesel::insert_into(kpi_set_kpis::table).values(pair).execute_kept(conn)?;
    }
    for organisation in organisations {
        let pair = (kpi_set_organisations::set_id.eq(set), kpi_set_organisations::organisation_id.eq(*organisation));
        diesel::insert_into(kpi_set_organisations::table).values(pair).execute_kept(conn)?;
    }
    Ok(())
}

/// The set a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, code: &str) -> Result<KpiSetRow> {
    let unknown = || {
        let detail = format!("There is no KPI set {code}.");
        Error::new(Code::UnknownReference).detail(detail.clone()).fault(Fault::new(pointer, "unknown-kpi-set", detail))
    };
    find(conn, code)?.map(|found| found.row).ok_or_else(unknown)
}

/// The KPIs of a set, by code.
pub fn kpis_of(conn: &mut Conn, set: Id) -> Result<Vec<KpiRow>> {
    let members = kpi_set_kpis::table.inner_join(kpis::table.on(kpis::id.eq(kpi_set_kpis::kpi_id)));
    Ok(members.filter(kpi_set_kpis::set_id.eq(set)).order_by(kpis::code).select(kpis::all_columns).load(conn)?)
}

/// The organisations of a set, with all below them today.
pub fn organisations_of(conn: &mut Conn, sets: Vec<Id>, today: NaiveDate) -> Result<Vec<Id>> {
    let asked = kpi_set_organisations::table.filter(kpi_set_organisations::set_id.eq_any(sets));
    let asked: Vec<Id> = asked.select(kpi_set_organisations::organisation_id).distinct().load(conn)?;
    Ok(below(asked, today).load::<Id>(conn)?)
}

/// The organisations asked for a KPI: those of its sets with all below them today. `None` for a KPI in no set, which
/// every organisation may send.
pub fn assigned(conn: &mut Conn, kpi: Id, today: NaiveDate) -> Result<Option<HashSet<Id>>> {
    let holding = kpi_set_kpis::table.filter(kpi_set_kpis::kpi_id.eq(kpi)).select(kpi_set_kpis::set_id);
    let sets: Vec<Id> = holding.load(conn)?;
    if sets.is_empty() {
        return Ok(None);
    }
    Ok(Some(organisations_of(conn, sets, today)?.into_iter().collect()))
}
