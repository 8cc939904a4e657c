//! Targets in the database, and which of them applies.

use super::rules::{Figures, KpiTarget, KpiTargetAdded, Scale, TargetKind};
use crate::calendar::Until;
use crate::db::schema::{kpi_targets, kpis, organisations};
use crate::db::{Conn, Keep, MultiBackend};
use crate::error::{Error, Result};
use crate::http::{CodeParam, Context};
use crate::kpis::catalogue::store::{KpiRow, small_decimals};
use crate::organisations::store::referred;
use crate::record::Stored;
use crate::vocabulary::Id;
use crate::{narrow, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = kpi_targets)]
pub struct TargetRow {
    pub id: Id,
    pub kpi_id: Id,
    /// None for a target of every organisation.
    pub organisation_id: Option<Id>,
    pub from_on: NaiveDate,
    pub to_on: Until,
    /// Scaled by ten to the KPI's decimals.
    pub value: i64,
    pub made_by: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub kind: TargetKind,
}

impl TargetRow {
    pub fn new(context: &Context, kpi_id: Id, organisation_id: Option<Id>, figures: Figures) -> Self {
        let Figures { value, from, to, kind } = figures;
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            kpi_id,
            organisation_id,
            from_on: from,
            to_on: to.into(),
            value,
            made_by: context.actor.subject.clone(),
            version: 1,
            created_at: now,
            updated_at: now,
            kind,
        }
    }

    pub fn figures(&self) -> Figures {
        Figures { value: self.value, from: self.from_on, to: self.to_on.into(), kind: self.kind }
    }
}

/// The KPI as far as a target depends on it.
pub fn scale(kpi: &KpiRow) -> Scale {
    Scale { period_type: kpi.period_type, decimals: kpi.decimals_u8(), bounds: kpi.bounds() }
}

/// A target with its KPI and organisation, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedTarget {
    pub row: TargetRow,
    /// Code, name and decimals of the KPI.
    pub kpi: (String, String, i32),
    /// Code and name of the organisation it is set for.
    pub organisation: Option<(String, String)>,
}

impl From<NamedTarget> for Stored<KpiTarget> {
    fn from(found: NamedTarget) -> Self {
        let (figures, (kpi, kpi_name, decimals)) = (found.row.figures(), found.kpi);
        let TargetRow { id, made_by, version, updated_at, .. } = found.row;
        let (organisation, organisation_name) = found.organisation.unzip();
        let written = figures.written(small_decimals(decimals), organisation);
        let Figures { from, to, .. } = figures;
        let added = KpiTargetAdded { id, kpi, kpi_name, from, to, organisation_name, made_by };
        Self { added, written, version, updated_at }
    }
}

type WithKpi = dsl::InnerJoin<kpi_targets::table, kpis::table>;
type OfOrganisation = dsl::Eq<kpi_targets::organisation_id, dsl::Nullable<organisations::id>>;
type Whole = dsl::LeftJoinOn<WithKpi, organisations::table, OfOrganisation>;
type Columns = (
    <kpi_targets::table as Table>::AllColumns,
    (kpis::code, kpis::name, kpis::decimals),
    dsl::Nullable<(organisations::code, organisations::name)>,
);
type Named = dsl::Select<Whole, Columns>;
type Query = dsl::IntoBoxed<'static, Named, MultiBackend>;

sortable! { NamedTarget, Query, key "id" => kpi_targets::id as Id;
    kpi_targets of |found| found.row => "from" from_on, "updatedAt" updated_at, then id;
}

params! {
    /// What the targets of a KPI may be narrowed to.
    pub struct ListKpiTargets list of NamedTarget {
        /// The code of an organisation: only targets set for this organisation.
        organisation: CodeParam = "organisation",
        /// Targets that apply on this day.
        active_on: NaiveDate = "activeOn",
    }
}

fn named() -> Named {
    let organisation = organisations::table.on(kpi_targets::organisation_id.eq(organisations::id.nullable()));
    kpi_targets::table.inner_join(kpis::table).left_join(organisation).select((
        kpi_targets::all_columns,
        (kpis::code, kpis::name, kpis::decimals),
        (organisations::code, organisations::name).nullable(),
    ))
}

/// The targets of a KPI.
///
/// # Errors
/// `unknown-reference` for the organisation.
pub fn list(conn: &mut Conn, kpi: Id, asked: &ListKpiTargets) -> Result<Query> {
    let mut query = named().filter(kpi_targets::kpi_id.eq(kpi)).into_boxed::<MultiBackend>();
    narrow! { query, asked;
        organisation => kpi_targets::organisation_id.eq(referred(conn, "?organisation", &organisation.0)?);
        active_on => kpi_targets::from_on.le(*active_on).and(kpi_targets::to_on.gt(*active_on));
    }
    Ok(query)
}

/// The target or the trajectory of an organisation on a day, scaled: its own before everyone's, then the one that began last, then the
/// one that was set last. Without an organisation, everyone's alone.
pub fn target_on(targets: &[TargetRow], kind: TargetKind, organisation: Option<Id>, on: NaiveDate) -> Option<i64> {
    let applies = |target: &&TargetRow| {
        let meant = target.organisation_id.is_none() || target.organisation_id == organisation;
        meant && target.kind == kind && target.from_on <= on && on < target.to_on.day()
    };
    let holding = targets.iter().filter(applies);
    holding
        .max_by_key(|target| (target.organisation_id.is_some(), target.from_on, target.id))
        .map(|target| target.value)
}

/// The targets of some KPIs that concern an organisation: its own and everyone's.
pub fn targets_for(conn: &mut Conn, kpis: &[Id], organisation: Id) -> Result<Vec<TargetRow>> {
    let own = kpi_targets::organisation_id.eq(organisation).assume_not_null();
    let query = kpi_targets::table
        .filter(kpi_targets::kpi_id.eq_any(kpis.to_vec()))
        .filter(kpi_targets::organisation_id.is_null().or(own));
    Ok(query.order_by((kpi_targets::from_on, kpi_targets::id)).load(conn)?)
}

pub fn find(conn: &mut Conn, kpi: Id, id: Id) -> Result<Option<NamedTarget>> {
    let one = named().filter(kpi_targets::id.eq(id)).filter(kpi_targets::kpi_id.eq(kpi));
    Ok(one.first(conn).optional()?)
}

pub fn insert(conn: &mut Conn, row: &TargetRow) -> Result<()> {
    diesel::insert_into(kpi_targets::table).values(row.clone()).execute_kept(conn)?;
    Ok(())
}

/// # Errors
/// `not-found` if another request removed it first.
pub fn delete(conn: &mut Conn, id: Id) -> Result<()> {
    match diesel::delete(kpi_targets::table.find(id)).execute(conn)? {
        0 => Err(Error::not_found("target")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn target(organisation_id: Option<Id>, from: &str, to: Option<&str>, value: i64) -> TargetRow {
        TargetRow {
            id: Id::generate(),
            kpi_id: Id::generate(),
            organisation_id,
            from_on: day(from),
            to_on: to.map(day).into(),
            value,
            made_by: String::new(),
            version: 1,
            created_at: NaiveDateTime::default(),
            updated_at: NaiveDateTime::default(),
            kind: TargetKind::Target,
        }
    }

    #[test]
    fn the_target_nearest_to_the_organisation_and_the_day_holds() {
        let (trust, other) = (Id::generate(), Id::generate());
        let targets = [
            target(None, "2024-01-01", None, 95),
            target(None, "2025-01-01", None, 90),
            target(Some(trust), "2024-04-01", Some("2024-07-01"), 80),
            target(Some(trust), "2024-05-01", Some("2024-06-01"), 70),
            target(Some(trust), "2024-05-01", Some("2024-06-01"), 71),
        ];
        for (organisation, on, expected) in [
            (None, "2023-12-31", None),
            (None, "2024-05-01", Some(95)),
            (None, "2025-01-01", Some(90)),
            (Some(other), "2024-05-01", Some(95)),
            (Some(trust), "2024-03-31", Some(95)),
            (Some(trust), "2024-04-01", Some(80)),
            (Some(trust), "2024-05-31", Some(71)),
            (Some(trust), "2024-06-01", Some(80)),
            (Some(trust), "2024-07-01", Some(95)),
        ] {
            assert_eq!(target_on(&targets, TargetKind::Target, organisation, day(on)), expected, "{on}");
            assert_eq!(target_on(&targets, TargetKind::Trajectory, organisation, day(on)), None, "{on}");
        }
    }
}
