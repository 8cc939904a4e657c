//! KPIs and their versions in the database.

use super::rules::domain::{self, Bounds};
use super::rules::{
    self, Aggregation, Breakdown, ConflictRule, ImprovementDirection, Kpi, KpiAdded, KpiLevel, KpiStatus, SeriesShape,
    ValidationRule, ValueType, scaled,
};
use crate::calendar::PeriodType;
use crate::db::dialect::{self, SearchTerms};
use crate::db::json::Json;
use crate::db::schema::{kpi_value_drafts, kpi_versions, kpis, programmes};
use crate::db::{Conn, Keep, MultiBackend, violations};
use crate::decimal::{MAX_DECIMALS, json_number};
use crate::error::{Code, Error, Fault, Result};
use crate::http::{CodeParam, Context, OneOf};
use crate::populations::rules::DeprivationEdition;
use crate::record::Stored;
use crate::vocabulary::{Id, fold, instant};
use crate::{narrow, one_of, overwrite, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
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
    pub breakdowns: Json<Vec<KeptBreakdown>>,
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
    /// The number of the definition. `version` counts every change of the row.
    pub definition_version: i32,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// From which share of what is expected on a total is complete, in millionths.
    pub complete_at_ppm: Option<i32>,
    pub shape: SeriesShape,
    /// A small key: values begin with it, so that those of one KPI lie together.
    pub number: i32,
    /// Whether a share may exceed its whole.
    pub may_exceed: bool,
    pub agreed_by: Option<String>,
    pub agreed_on: Option<NaiveDate>,
    pub superseded_by: Option<String>,
    pub validation_rules: Json<Vec<ValidationRule>>,
}

/// A dimension with its members, and its edition if it has one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum KeptBreakdown {
    Plain(String, Vec<String>),
    Edition(String, Vec<String>, DeprivationEdition),
}

impl From<&Breakdown> for KeptBreakdown {
    fn from(Breakdown { dimension, edition, members }: &Breakdown) -> Self {
        match edition {
            None => Self::Plain(dimension.clone(), members.clone()),
            Some(edition) => Self::Edition(dimension.clone(), members.clone(), *edition),
        }
    }
}

impl From<KeptBreakdown> for Breakdown {
    fn from(kept: KeptBreakdown) -> Self {
        match kept {
            KeptBreakdown::Plain(dimension, members) => Self { dimension, edition: None, members },
            KeptBreakdown::Edition(dimension, members, edition) => Self { dimension, edition: Some(edition), members },
        }
    }
}

impl KpiRow {
    /// # Errors
    /// `validation-failed` for bounds that the KPI's decimals cannot hold.
    pub fn new(context: &Context, new: Kpi, number: i32) -> Result<Self> {
        Self::of(new, number, context.now.naive_utc())
    }

    /// As [`KpiRow::new`], made at a moment.
    ///
    /// # Errors
    /// As [`KpiRow::new`].
    pub fn of(new: Kpi, number: i32, now: NaiveDateTime) -> Result<Self> {
        let bound = |pointer: &str, number: &Option<Number>| {
            number.as_ref().map(|number| scaled(pointer, &number.to_string(), new.decimals)).transpose()
        };
        let breakdowns = new.breakdowns.iter().map(KeptBreakdown::from).collect();
        let complete_at = new.complete_at.as_ref().map(|share| rules::complete_at(&share.to_string())).transpose()?;
        Ok(Self {
            id: Id::generate(),
            sort_name: fold(&new.name),
            search_text: new.search_text(),
            breakdowns: Json::new(breakdowns)?,
            decimals: i32::from(new.decimals),
            min_value: bound("/min", &new.min)?,
            max_value: bound("/max", &new.max)?,
            code: new.code,
            name: new.name,
            definition: new.definition,
            level: new.level,
            unit: new.unit,
            period_type: new.period_type,
            value_type: new.value_type,
            multiplier: new.multiplier.unwrap_or(1),
            improvement_direction: new.improvement_direction,
            aggregation: new.aggregation,
            programme: new.programme,
            successor_of: new.successor_of,
            due_days: new.due_days,
            lock_days: new.lock_days,
            open_future_periods: new.open_future_periods,
            approval_required: new.approval_required,
            disclosure_control: new.disclosure_control,
            conflict_rule: new.conflict_rule,
            status: new.status,
            definition_version: 1,
            version: 1,
            created_at: now,
            updated_at: now,
            complete_at_ppm: complete_at.and_then(|ppm| i32::try_from(ppm).ok()),
            shape: new.shape,
            number,
            may_exceed: new.may_exceed,
            agreed_by: new.agreed_by,
            agreed_on: new.agreed_on,
            superseded_by: None,
            validation_rules: Json::new(new.validation_rules)?,
        })
    }

    /// The next version, with the next definition.
    ///
    /// # Errors
    /// As [`KpiRow::new`].
    pub fn revised(self, context: &Context, new: Kpi) -> Result<Self> {
        let Self { id, created_at, superseded_by, number, .. } = self;
        let (version, definition_version) = (self.version + 1, self.definition_version + 1);
        Ok(Self { id, created_at, superseded_by, version, definition_version, ..Self::new(context, new, number)? })
    }

    /// The dimensions in their order, each with its members.
    pub fn breakdowns(&self) -> Vec<Breakdown> {
        self.breakdowns.value.iter().cloned().map(Breakdown::from).collect()
    }

    /// The decimals as [`crate::decimal`] takes them.
    pub fn decimals_u8(&self) -> u8 {
        small_decimals(self.decimals)
    }

    /// The factor for numerator / denominator: 100 for a percentage, the multiplier of a rate, else 1.
    pub fn factor(&self) -> u32 {
        self.value_type.factor(self.multiplier)
    }

    /// The least and the greatest value there can be, by the kind of its values and by its own min and max.
    pub fn bounds(&self) -> Bounds {
        let domain = self.value_type.domain(self.may_exceed, self.decimals_u8());
        domain::within(domain, (self.min_value, self.max_value))
    }

    /// Whether values are sent as numerator and denominator.
    pub fn takes_fraction(&self) -> bool {
        rules::takes_fraction(self.value_type, self.aggregation)
    }

    /// Whether its values are means, which add up where each says how many things it was taken of.
    pub fn takes_weight(&self) -> bool {
        rules::takes_weight(self.value_type, self.aggregation)
    }

    /// From which share of what is expected on a total is complete.
    pub fn complete_at(&self) -> f64 {
        self.complete_at_ppm.map_or_else(|| self.usual_completeness(), |ppm| f64::from(ppm) / 1e6)
    }

    /// The same where a definition does not say.
    pub fn usual_completeness(&self) -> f64 {
        if self.aggregation == Aggregation::Sum { 0.98 } else { 0.95 }
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
            multiplier: (self.value_type == ValueType::Rate).then_some(self.multiplier),
            breakdowns: self.breakdowns(),
            min: self.min_value.map(|min| json_number(min, decimals)),
            max: self.max_value.map(|max| json_number(max, decimals)),
            may_exceed: self.may_exceed,
            programme: self.programme.clone(),
            successor_of: self.successor_of.clone(),
            due_days: self.due_days,
            lock_days: self.lock_days,
            open_future_periods: self.open_future_periods,
            approval_required: self.approval_required,
            disclosure_control: self.disclosure_control,
            conflict_rule: self.conflict_rule,
            shape: self.shape,
            complete_at: self.complete_at_ppm.map(|ppm| json_number(i64::from(ppm), rules::SHARE_DECIMALS)),
            validation_rules: self.validation_rules.value.clone(),
            status: self.status,
            agreed_by: self.agreed_by.clone(),
            agreed_on: self.agreed_on,
            change_note: None,
        }
    }
}

/// The decimals of a row as [`crate::decimal`] takes them.
pub fn small_decimals(decimals: i32) -> u8 {
    u8::try_from(decimals).unwrap_or(MAX_DECIMALS)
}

/// A KPI with the name of its programme, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedKpi {
    pub row: KpiRow,
    pub programme_name: Option<String>,
}

impl From<NamedKpi> for Stored<Kpi> {
    fn from(NamedKpi { row, programme_name }: NamedKpi) -> Self {
        let (written, KpiRow { definition_version, superseded_by, version, updated_at, created_at, .. }) =
            (row.kpi(), row);
        let added = KpiAdded { programme_name, definition_version, superseded_by, created_at: instant(created_at) };
        Self { added, written, version, updated_at }
    }
}

type OfProgramme = dsl::Eq<kpis::programme, dsl::Nullable<programmes::slug>>;
type Columns = (<kpis::table as Table>::AllColumns, dsl::Nullable<programmes::name>);
type Named = dsl::Select<dsl::LeftJoinOn<kpis::table, programmes::table, OfProgramme>, Columns>;
type Query = dsl::IntoBoxed<'static, Named, MultiBackend>;

sortable! { NamedKpi, Query, key "code" => kpis::code as Slug;
    kpis of |found| found.row => "name" sort_name, "code" code, "updatedAt" updated_at, then id;
}

params! {
    /// What the catalogue may be narrowed to.
    pub struct ListKpis list of NamedKpi {
        /// Searches the name, code, definition, unit and programme. Put a phrase in quotation marks.
        q: SearchTerms = "q",
        /// The present status.
        status: OneOf<KpiStatus> = "status",
        /// The level of the KPIs, such as process or outcome.
        level: OneOf<KpiLevel> = "level",
        /// The slug of the programme that they belong to.
        programme: CodeParam = "programme",
        /// The length of their periods.
        period_type: OneOf<PeriodType> = "periodType",
        /// The kind of their values.
        value_type: OneOf<ValueType> = "valueType",
    }
}

fn named() -> Named {
    let programme = programmes::table.on(kpis::programme.eq(programmes::slug.nullable()));
    kpis::table.left_join(programme).select((kpis::all_columns, programmes::name.nullable()))
}

/// # Errors
/// None: every filter is a column's own.
pub fn list(conn: &mut Conn, _: &Context, asked: &ListKpis) -> Result<Query> {
    let mut query = named().into_boxed::<MultiBackend>();
    narrow! { query, asked;
        q => dialect::matches(conn, "kpis", q)?;
        status => one_of!(kpis::status, status.0.clone());
        level => one_of!(kpis::level, level.0.clone());
        programme => kpis::programme.eq(programme.0.to_ascii_lowercase());
        period_type => one_of!(kpis::period_type, period_type.0.clone());
        value_type => one_of!(kpis::value_type, value_type.0.clone());
    }
    Ok(query)
}

pub fn find_named(conn: &mut Conn, code: &str) -> Result<Option<NamedKpi>> {
    Ok(named().filter(kpis::code.eq(code.to_ascii_lowercase())).first(conn).optional()?)
}

/// The KPI a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, code: &str) -> Result<KpiRow> {
    find(conn, code)?.ok_or_else(|| unknown(pointer, code))
}

fn unknown(pointer: &str, code: &str) -> Error {
    let detail = format!("There is no KPI {code}.");
    Error::new(Code::UnknownReference).detail(detail.clone()).fault(Fault::new(pointer, "unknown-kpi", detail))
}

/// The KPIs a request refers to, in any case.
///
/// # Errors
/// `unknown-reference` for the first that is not there.
pub fn all_referred(conn: &mut Conn, pointer: &str, codes: &[String]) -> Result<Vec<KpiRow>> {
    let codes: Vec<String> = codes.iter().map(|code| code.to_ascii_lowercase()).collect();
    let found = find_by_codes(conn, &codes)?;
    match codes.iter().find(|code| !found.iter().any(|kpi| kpi.code == **code)) {
        Some(code) => Err(unknown(pointer, code)),
        None => Ok(found),
    }
}

/// The KPIs with these codes, given in lower case.
pub fn find_by_codes(conn: &mut Conn, codes: &[String]) -> Result<Vec<KpiRow>> {
    let mut found = Vec::new();
    // SQLite takes a bounded number of parameters.
    for some in codes.chunks(10_000) {
        found.extend(kpis::table.filter(kpis::code.eq_any(some.to_vec())).load::<KpiRow>(conn)?);
    }
    Ok(found)
}

/// Code and name of KPIs that these texts may name: those of just such a name, and the first that have words that begin so.
pub fn named_like(conn: &mut Conn, texts: &[String]) -> Result<Vec<(String, String)>> {
    let alike = dialect::alike(conn, "kpis", texts);
    let names: Vec<String> = texts.iter().map(|text| fold(text)).collect();
    let found = kpis::table.filter(kpis::sort_name.eq_any(names).or(alike)).order_by(kpis::code);
    Ok(found.select((kpis::code, kpis::name)).load(conn)?)
}

/// The KPI of a code, in any case.
pub fn find(conn: &mut Conn, code: &str) -> Result<Option<KpiRow>> {
    if !rules::is_code(code) {
        return Ok(None);
    }
    Ok(kpis::table.filter(kpis::code.eq(code.to_ascii_lowercase())).first(conn).optional()?)
}

/// The KPI of a number.
pub fn find_by_number(conn: &mut Conn, number: i32) -> Result<Option<KpiRow>> {
    Ok(kpis::table.filter(kpis::number.eq(number)).first(conn).optional()?)
}

/// The KPIs of the given ids.
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

/// Every KPI gets the number after the last one's, so creations of KPIs come one after the other.
const LOCK: i64 = 0x004b_5049;

/// The number of the next KPI.
pub fn next_number(conn: &mut Conn) -> Result<i32> {
    dialect::lock(conn, LOCK)?;
    let last: Option<i32> = kpis::table.select(dsl::max(kpis::number)).first(conn)?;
    Ok(last.unwrap_or(0) + 1)
}

/// Whether values of the KPI wait for approval.
pub fn has_drafts(conn: &mut Conn, number: i32) -> Result<bool> {
    let waiting = kpi_value_drafts::table.filter(kpi_value_drafts::kpi_number.eq(number));
    Ok(waiting.select(kpi_value_drafts::series_id).first::<i64>(conn).optional()?.is_some())
}

/// # Errors
/// `already-exists` for a code in use.
pub fn insert(conn: &mut Conn, row: &KpiRow) -> Result<()> {
    let taken = violations::unique(format!("There is a KPI with the code {} already.", row.code));
    diesel::insert_into(kpis::table).values(row.clone()).execute_kept(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &KpiRow) -> Result<()> {
    overwrite!(conn, kpis, row)
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = kpi_versions)]
pub struct KpiVersionRow {
    pub kpi_id: Id,
    pub number: i32,
    /// The definition as a request would send it.
    pub document: Json<Value>,
    pub made_by: String,
    pub made_at: NaiveDateTime,
    /// What changed, and why.
    pub change_note: Option<String>,
}

type Versions = kpi_versions::BoxedQuery<'static, MultiBackend>;

sortable! { KpiVersionRow, Versions, key "number" => kpi_versions::number as Small;
    kpi_versions of |row| row => "madeAt" made_at, "updatedAt" made_at, then number;
}

params! {
    /// How the versions are paged.
    pub struct ListKpiVersions list of KpiVersionRow {}
}

pub fn insert_version(conn: &mut Conn, row: KpiVersionRow) -> Result<()> {
    diesel::insert_into(kpi_versions::table).values(row).execute_kept(conn)?;
    Ok(())
}

/// Every definition a KPI has had.
pub fn versions(kpi: Id) -> Versions {
    kpi_versions::table.filter(kpi_versions::kpi_id.eq(kpi)).into_boxed()
}
