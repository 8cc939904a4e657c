//! Sets of KPIs in the database, with who is assigned to them.

use super::rules::{Assignment, KpiSet, KpiSetAdded, Revisions};
use crate::calendar::Span;
use crate::db::schema::{
    kpi_set_assignments, kpi_set_kpis, kpi_sets, kpis, organisation_closure, organisations, programmes,
};
use crate::db::{Conn, Keep, MultiBackend, violations};
use crate::error::{Code, Error, Fault, Result};
use crate::http::{CodeParam, Context, Line};
use crate::kpis::catalogue;
use crate::kpis::catalogue::store::KpiRow;
use crate::organisations::rules::OrganisationType;
use crate::organisations::store::counted_below;
use crate::record::Stored;
use crate::vocabulary::{Id, Words, fold};
use crate::{overwrite, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};

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
    pub refreshes: Option<i32>,
    pub final_after_days: Option<i32>,
}

impl KpiSetRow {
    pub fn new(context: &Context, new: KpiSet) -> Self {
        let KpiSet { code, name, programme, revisions, .. } = new;
        let now = context.now.naive_utc();
        let (id, sort_name) = (Id::generate(), fold(&name));
        let (refreshes, final_after_days) = revisions.map(|of| (of.refreshes, of.final_after_days)).unzip();
        Self {
            id,
            code,
            name,
            sort_name,
            programme,
            version: 1,
            created_at: now,
            updated_at: now,
            refreshes,
            final_after_days,
        }
    }

    /// How its figures settle once they are released.
    pub fn revisions(&self) -> Option<Revisions> {
        let (refreshes, final_after_days) = self.refreshes.zip(self.final_after_days)?;
        Some(Revisions { refreshes, final_after_days })
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: KpiSet) -> Self {
        let Self { id, created_at, version, .. } = self;
        Self { id, created_at, version: version + 1, ..Self::new(context, new) }
    }
}

/// Who is asked for a set: one of its assignments, in their order.
#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = kpi_set_assignments)]
pub struct AssignmentRow {
    pub set_id: Id,
    pub number: i32,
    pub place_id: Id,
    #[diesel(serialize_as = String, deserialize_as = String)]
    pub organisation_types: Words<OrganisationType>,
    pub from_on: NaiveDate,
    pub to_on: NaiveDate,
}

impl AssignmentRow {
    /// # Errors
    /// `validation-failed` when it would hold on no day.
    pub fn new((set_id, number): (Id, i32), place_id: Id, assignment: &Assignment) -> Result<Self> {
        let Span { from: from_on, to: to_on } = assignment.span()?;
        let organisation_types = Words(assignment.organisation_types.clone());
        Ok(Self { set_id, number, place_id, organisation_types, from_on, to_on })
    }

    pub fn span(&self) -> Span {
        Span { from: self.from_on, to: self.to_on }
    }

    /// Whether organisations of the type are asked.
    pub fn asks_type(&self, kind: OrganisationType) -> bool {
        self.organisation_types.0.is_empty() || self.organisation_types.0.contains(&kind)
    }

    fn assignment(self, place: String) -> Assignment {
        let (from, to) = self.span().ends();
        Assignment { place, organisation_types: self.organisation_types.0, from, to }
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
    let assigned: Vec<(AssignmentRow, String)> = kpi_set_assignments::table
        .inner_join(organisations::table.on(organisations::id.eq(kpi_set_assignments::place_id)))
        .filter(kpi_set_assignments::set_id.eq_any(ids))
        .order_by((kpi_set_assignments::set_id, kpi_set_assignments::number))
        .select((kpi_set_assignments::all_columns, organisations::code))
        .load(conn)?;
    let whole = |NamedKpiSet { row, programme_name }| {
        let revisions = row.revisions();
        let KpiSetRow { id, code, name, programme, version, updated_at, .. } = row;
        let kpis = kpis.iter().filter(|(set, _)| *set == id).map(|(_, code)| code.clone()).collect();
        let assigned = assigned.iter().filter(|(row, _)| row.set_id == id).cloned();
        let assignments = assigned.map(|(row, place)| row.assignment(place)).collect();
        let written = KpiSet { code, name, programme, kpis, assignments, revisions };
        Stored { added: KpiSetAdded { programme_name }, written, version, updated_at }
    };
    Ok(sets.into_iter().map(whole).collect())
}

/// # Errors
/// `already-exists` for a code in use.
pub fn insert(conn: &mut Conn, row: &KpiSetRow, kpis: &[Id], assigned: &[AssignmentRow]) -> Result<()> {
    let taken = violations::unique(format!("There is a KPI set with the code {} already.", row.code));
    diesel::insert_into(kpi_sets::table).values(row.clone()).execute_kept(conn).map_err(taken)?;
    insert_members(conn, row.id, kpis, assigned)
}

/// Writes the row over the version before it, and replaces its members.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &KpiSetRow, kpis: &[Id], assigned: &[AssignmentRow]) -> Result<()> {
    overwrite!(conn, kpi_sets, row)?;
    diesel::delete(kpi_set_kpis::table.filter(kpi_set_kpis::set_id.eq(row.id))).execute(conn)?;
    diesel::delete(kpi_set_assignments::table.filter(kpi_set_assignments::set_id.eq(row.id))).execute(conn)?;
    insert_members(conn, row.id, kpis, assigned)
}

fn insert_members(conn: &mut Conn, set: Id, kpis: &[Id], assigned: &[AssignmentRow]) -> Result<()> {
    for kpi in kpis {
        let pair = (kpi_set_kpis::set_id.eq(set), kpi_set_kpis::kpi_id.eq(*kpi));
        diesel::insert_into(kpi_set_kpis::table).values(pair).execute_kept(conn)?;
    }
    for row in assigned {
        diesel::insert_into(kpi_set_assignments::table).values(row.clone()).execute_kept(conn)?;
    }
    Ok(())
}

/// The sets that hold some KPIs, by the KPI, each KPI's in the order of their codes.
pub fn holding(conn: &mut Conn, kpis: &[Id]) -> Result<Vec<(Id, KpiSetRow)>> {
    let pairs = kpi_set_kpis::table
        .inner_join(kpi_sets::table.on(kpi_sets::id.eq(kpi_set_kpis::set_id)))
        .filter(kpi_set_kpis::kpi_id.eq_any(kpis.to_vec()))
        .order_by(kpi_sets::code);
    Ok(pairs.select((kpi_set_kpis::kpi_id, kpi_sets::all_columns)).load(conn)?)
}

/// The assignments of some sets.
pub fn assignments(conn: &mut Conn, sets: &[Id]) -> Result<Vec<AssignmentRow>> {
    let rows = kpi_set_assignments::table.filter(kpi_set_assignments::set_id.eq_any(sets.to_vec()));
    Ok(rows.order_by((kpi_set_assignments::set_id, kpi_set_assignments::number)).load(conn)?)
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

/// The sets of some ids.
pub fn find_by_ids(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, KpiSetRow>> {
    let rows: Vec<KpiSetRow> = kpi_sets::table.filter(kpi_sets::id.eq_any(ids.to_vec())).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The KPIs of some sets, each with its set.
pub fn members(conn: &mut Conn, sets: &[Id]) -> Result<Vec<(Id, Id)>> {
    let pairs = kpi_set_kpis::table.filter(kpi_set_kpis::set_id.eq_any(sets.to_vec()));
    Ok(pairs.select((kpi_set_kpis::set_id, kpi_set_kpis::kpi_id)).load(conn)?)
}

/// The organisations that some assignments ask on a day, by code, each with its id and name: those that exist then, on the map
/// of then; of a place where one is given, those that count there.
pub fn asked_on(
    conn: &mut Conn,
    assignments: &[AssignmentRow],
    place: Option<Id>,
    day: NaiveDate,
) -> Result<BTreeMap<String, (Id, String)>> {
    let holding: Vec<&AssignmentRow> = assignments.iter().filter(|row| row.span().holds(day)).collect();
    let places: Vec<Id> = holding.iter().map(|row| row.place_id).collect();
    let below = organisation_closure::table
        .inner_join(organisations::table.on(organisations::id.eq(organisation_closure::descendant_id)))
        .filter(organisation_closure::ancestor_id.eq_any(places))
        .filter(organisation_closure::from_on.le(day))
        .filter(organisation_closure::to_on.gt(day))
        .select((
            organisation_closure::ancestor_id,
            organisations::id,
            organisations::code,
            organisations::name,
            organisations::kind,
            organisations::valid_from,
            organisations::valid_to,
        ));
    type Row = (Id, Id, String, String, OrganisationType, Option<NaiveDate>, Option<NaiveDate>);
    let inside: Option<HashSet<Id>> = match place {
        Some(place) => Some(counted_below(vec![place], day).load::<Id>(conn)?.into_iter().collect()),
        None => None,
    };
    let mut asked = BTreeMap::new();
    for (assigned, id, code, name, kind, from, to) in below.load::<Row>(conn)? {
        let is_asked = || holding.iter().any(|row| row.place_id == assigned && row.asks_type(kind));
        let is_inside = inside.as_ref().is_none_or(|inside| inside.contains(&id));
        if is_inside && Span::between(from, to).holds(day) && is_asked() {
            asked.insert(code, (id, name));
        }
    }
    Ok(asked)
}

/// All sets.
pub fn all(conn: &mut Conn) -> Result<Vec<KpiSetRow>> {
    Ok(kpi_sets::table.order_by(kpi_sets::code).load(conn)?)
}
