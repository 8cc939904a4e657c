//! KPIs and their versions in the database.

use super::rules::{
    self, Aggregation, Breakdown, ConflictRule, ImprovementDirection, Kpi, KpiLevel, KpiStatus, ValueType,
};
use crate::db::conn::MultiBackend;
use crate::db::dialect::{self, SearchTerms};
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{kpi_versions, kpis};
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::decimal::{MAX_DECIMALS, format_scaled};
use crate::calendar::PeriodType;
use crate::sortable;
use crate::vocabulary::Id;
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::HashMap;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = kpis, treat_none_as_null = true)]
pub struct KpiRow {
    pub id: Id,
    pub code: String,
    pub name: String,
    pub sort_name: String,
    pub definition: String,
    pub level: KpiLevel,
    pub unit: String,
    pub period_type: PeriodType,
    pub value_type: ValueType,
    pub decimals: i32,
    pub multiplier: i64,
    pub improvement_direction: ImprovementDirection,
    pub aggregation: Aggregation,
    /// JSON: a list of pairs of a dimension and its members. Read by [`KpiRow::breakdowns`].
    pub breakdowns: String,
    /// Scaled by ten to the decimals, as every value of the KPI is.
    pub min_value: Option<i64>,
    pub max_value: Option<i64>,
    pub programme: Option<String>,
    pub successor_of: Option<String>,
    pub due_days: Option<i32>,
    pub lock_days: Option<i32>,
    pub open_future_periods: i32,
    pub approval_required: bool,
    pub disclosure_control: bool,
    pub conflict_rule: ConflictRule,
    pub status: KpiStatus,
    /// Counts the definitions; `version` counts every change of the row.
    pub definition_version: i32,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl KpiRow {
    /// The dimensions in their order, each with its members.
    pub fn breakdowns(&self) -> Vec<Breakdown> {
        let stored: Vec<(String, Vec<String>)> = serde_json::from_str(&self.breakdowns).unwrap_or_default();
        stored.into_iter().map(|(dimension, members)| Breakdown { dimension, members }).collect()
    }

    /// The decimals as [`crate::decimal`] takes them.
    pub fn decimals_u8(&self) -> u8 {
        u8::try_from(self.decimals).unwrap_or(MAX_DECIMALS)
    }

    /// What numerator over denominator is multiplied by: 100 for a percentage, the "per" of a rate, else 1.
    pub fn factor(&self) -> u32 {
        self.value_type.factor(self.multiplier)
    }

    /// Whether values are sent as numerator and denominator.
    pub fn takes_fraction(&self) -> bool {
        rules::takes_fraction(self.value_type, self.aggregation)
    }

    /// The KPI this row holds.
    pub fn kpi(&self) -> Kpi {
        let decimals = self.decimals_u8();
        Kpi {
            code: self.code.clone(),
            name: self.name.clone(),
            definition: self.definition.clone(),
            level: self.level,
            unit: self.unit.clone(),
            period_type: self.period_type,
            value_type: self.value_type,
            improvement_direction: self.improvement_direction,
            aggregation: self.aggregation,
            decimals,
            multiplier: self.multiplier,
            breakdowns: self.breakdowns(),
            min: self.min_value.map(|min| format_scaled(min, decimals)),
            max: self.max_value.map(|max| format_scaled(max, decimals)),
            programme: self.programme.clone(),
            successor_of: self.successor_of.clone(),
            due_days: self.due_days,
            lock_days: self.lock_days,
            open_future_periods: self.open_future_periods,
            approval_required: self.approval_required,
            disclosure_control: self.disclosure_control,
            conflict_rule: self.conflict_rule,
            status: self.status,
        }
    }
}

sortable! {
    KpiRow, kpis::table, kpis::BoxedQuery<'static, MultiBackend>, select: kpis::version;
    0: "name" => kpis::sort_name, Text, |row| row.sort_name.clone();
    1: "code" => kpis::code, Text, |row| row.code.clone();
    2: "updatedAt" => kpis::updated_at, Instant, |row| row.updated_at;
    tie 3 => kpis::id, Id, |row| row.id;
}

/// What the catalogue may be narrowed to.
#[derive(Default)]
pub struct KpiFilter {
    pub search: Option<SearchTerms>,
    pub statuses: Option<Vec<KpiStatus>>,
    pub levels: Option<Vec<KpiLevel>>,
    pub programme: Option<String>,
    pub period_types: Option<Vec<PeriodType>>,
    pub value_types: Option<Vec<ValueType>>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, filter: &KpiFilter, request: &PageRequest) -> Result<Page<KpiRow>> {
    let engine = conn.engine();
    page(conn, request, || {
        let mut query = kpis::table.into_boxed::<MultiBackend>();
        if let Some(terms) = &filter.search {
            query = query.filter(dialect::matches(engine, "kpis", terms));
        }
        if let Some(statuses) = &filter.statuses {
            query = query.filter(kpis::status.eq_any(statuses.clone()));
        }
        if let Some(levels) = &filter.levels {
            query = query.filter(kpis::level.eq_any(levels.clone()));
        }
        if let Some(programme) = &filter.programme {
            query = query.filter(kpis::programme.eq(programme.clone()));
        }
        if let Some(types) = &filter.period_types {
            query = query.filter(kpis::period_type.eq_any(types.clone()));
        }
        if let Some(types) = &filter.value_types {
            query = query.filter(kpis::value_type.eq_any(types.clone()));
        }
        query
    })
}

/// The KPI of a code, in any case.
///
/// The KPIs with these codes, given in lower case.
///
/// # Errors
/// The database's own.
pub fn find_by_codes(conn: &mut Conn, codes: &[String]) -> Result<Vec<KpiRow>> {
    let mut found = Vec::new();
    // SQLite takes a bounded number of parameters.
    for some in codes.chunks(10_000) {
        found.extend(kpis::table.filter(kpis::code.eq_any(some.to_vec())).load::<KpiRow>(conn)?);
    }
    Ok(found)
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, code: &str) -> Result<Option<KpiRow>> {
    if !rules::is_code(code) {
        return Ok(None);
    }
    Ok(kpis::table.filter(kpis::code.eq(code.to_ascii_lowercase())).first(conn).optional()?)
}

/// The KPIs of the given ids.
///
/// # Errors
/// The database's own.
pub fn find_by_ids(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, KpiRow>> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut found = HashMap::with_capacity(ids.len());
    // SQLite takes a bounded number of parameters.
    for some in ids.chunks(10_000) {
        let rows: Vec<KpiRow> = kpis::table.filter(kpis::id.eq_any(some.to_vec())).load(conn)?;
        found.extend(rows.into_iter().map(|row| (row.id, row)));
    }
    Ok(found)
}

/// # Errors
/// `already-exists` for a code in use.
pub fn insert(conn: &mut Conn, row: &KpiRow) -> Result<()> {
    let taken = violations::unique(format!("There is a KPI {} already.", row.code));
    diesel::insert_into(kpis::table).values(row.clone()).execute(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &KpiRow) -> Result<()> {
    let present = kpis::table.filter(kpis::id.eq(row.id)).filter(kpis::version.eq(row.version - 1));
    match diesel::update(present).set(row.clone()).execute(conn)? {
        0 => Err(crate::http::context::changed(row.version)),
        _ => Ok(()),
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = kpi_versions)]
pub struct KpiVersionRow {
    pub kpi_id: Id,
    pub number: i32,
    /// JSON: the definition as a request would send it.
    pub document: String,
    pub made_by: String,
    pub made_at: NaiveDateTime,
}

sortable! {
    KpiVersionRow, kpi_versions::table, kpi_versions::BoxedQuery<'static, MultiBackend>, select: kpi_versions::number;
    0: "madeAt" => kpi_versions::made_at, Instant, |row| row.made_at;
    tie 1 => kpi_versions::number, Small, |row| row.number;
}

/// # Errors
/// The database's own.
pub fn insert_version(conn: &mut Conn, row: KpiVersionRow) -> Result<()> {
    diesel::insert_into(kpi_versions::table).values(row).execute(conn)?;
    Ok(())
}

/// Every definition a KPI has had.
///
/// # Errors
/// As [`page`].
pub fn versions(conn: &mut Conn, kpi: Id, request: &PageRequest) -> Result<Page<KpiVersionRow>> {
    page(conn, request, || kpi_versions::table.filter(kpi_versions::kpi_id.eq(kpi)).into_boxed::<MultiBackend>())
}
