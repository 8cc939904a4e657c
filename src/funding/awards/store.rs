//! Awards in the database.

use super::rules::{AwardKind, AwardState, PlannedYear};
use crate::access::Reach;
use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::dialect::{self, Condition, SearchTerms};
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{award_balances, award_profiles, awards, funds, innovations, organisations, people};
use crate::error::Result;
use crate::funding::ledger::store::AwardBalanceRow;
use crate::organisations::store::below;
use crate::vocabulary::Id;
use crate::{overwrite, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;
use std::collections::HashMap;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = awards, treat_none_as_null = true)]
pub struct AwardRow {
    pub id: Id,
    /// Such as `AWD-2026-00042`.
    pub reference: String,
    pub fund_id: Id,
    pub programme: Option<String>,
    pub kind: AwardKind,
    pub title: String,
    pub sort_title: String,
    pub description: String,
    pub recipient_organisation_id: Option<Id>,
    pub recipient_person_id: Option<Id>,
    pub innovation_id: Option<Id>,
    pub fellowship_id: Option<Id>,
    pub amount_minor: i64,
    pub currency: String,
    /// The day it was approved.
    pub awarded_on: Option<NaiveDate>,
    pub planned_from: NaiveDate,
    /// The first day after.
    pub planned_to: NaiveDate,
    pub state: AwardState,
    /// A JSON document.
    pub evaluation_plan: Option<String>,
    pub geocode: Option<String>,
    pub published: bool,
    pub illustrative: bool,
    /// Who proposed it, or changed its terms last.
    pub proposed_by: String,
    pub approved_by: Option<String>,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// An award with its balance and what it names, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedAward {
    pub row: AwardRow,
    pub balance: AwardBalanceRow,
    pub fund: String,
    pub organisation: Option<String>,
    pub organisation_name: Option<String>,
    pub innovation: Option<String>,
    pub person: Option<String>,
    pub person_erased_at: Option<NaiveDateTime>,
    pub person_subject: Option<String>,
}

type Funded = dsl::InnerJoin<dsl::InnerJoin<awards::table, funds::table>, award_balances::table>;
type Joined =
    dsl::LeftJoin<dsl::LeftJoin<dsl::LeftJoin<Funded, organisations::table>, innovations::table>, people::table>;
type FundedSource =
    dsl::InnerJoinQuerySource<dsl::InnerJoinQuerySource<awards::table, funds::table>, award_balances::table>;
type Source = dsl::LeftJoinQuerySource<
    dsl::LeftJoinQuerySource<dsl::LeftJoinQuerySource<FundedSource, organisations::table>, innovations::table>,
    people::table,
>;
type Columns = (
    <awards::table as Table>::AllColumns,
    <award_balances::table as Table>::AllColumns,
    funds::code,
    dsl::Nullable<organisations::code>,
    dsl::Nullable<organisations::name>,
    dsl::Nullable<innovations::slug>,
    dsl::Nullable<people::name>,
    dsl::Nullable<people::erased_at>,
    dsl::Nullable<people::subject>,
);
type Named = dsl::Select<Joined, Columns>;
type Query = dsl::IntoBoxed<'static, Named, MultiBackend>;

sortable! {
    NamedAward, Source, Query, select: awards::version;
    0: "plannedFrom" => awards::planned_from, Day, |found| found.row.planned_from;
    1: "title" => awards::sort_title, Text, |found| found.row.sort_title.clone();
    2: "reference" => awards::reference, Text, |found| found.row.reference.clone();
    3: "updatedAt" => awards::updated_at, Instant, |found| found.row.updated_at;
    tie 4 => awards::id, Id, |found| found.row.id;
}

fn named() -> Named {
    awards::table
        .inner_join(funds::table)
        .inner_join(award_balances::table)
        .left_join(organisations::table)
        .left_join(innovations::table)
        .left_join(people::table)
        .select((
            awards::all_columns,
            award_balances::all_columns,
            funds::code,
            organisations::code.nullable(),
            organisations::name.nullable(),
            innovations::slug.nullable(),
            people::name.nullable(),
            people::erased_at.nullable(),
            people::subject.nullable(),
        ))
}

/// Which awards a caller sees: those of their programmes, to organisations in their footprints, for their innovations,
/// and to themselves.
#[derive(Debug, Clone)]
pub struct Sight {
    pub reach: Reach,
    pub subject: String,
    pub today: NaiveDate,
}

fn seen(query: Query, sight: &Sight) -> Query {
    if sight.reach.everything {
        return query;
    }
    let Sight { reach, subject, today } = sight.clone();
    let own: Condition<Source> = Box::new(
        awards::programme
            .assume_not_null()
            .eq_any(reach.programmes)
            .or(awards::recipient_organisation_id.assume_not_null().eq_any(below(reach.organisations, today)))
            .or(awards::innovation_id.assume_not_null().eq_any(reach.innovations))
            .or(people::subject.assume_not_null().eq(subject)),
    );
    query.filter(own)
}

/// What a list of awards may be narrowed to.
#[derive(Default)]
pub struct AwardFilter {
    pub search: Option<SearchTerms>,
    pub fund: Option<Id>,
    pub programme: Option<String>,
    pub innovation: Option<Id>,
    pub organisation: Option<Id>,
    pub person: Option<Id>,
    pub fellowship: Option<Id>,
    pub states: Option<Vec<AwardState>>,
    pub kinds: Option<Vec<AwardKind>>,
    /// Recipients at this place or below it, on this day.
    pub place: Option<(Id, NaiveDate)>,
    /// Those whose plan ends on this day or later.
    pub from: Option<NaiveDate>,
    /// Those whose plan begins before this day.
    pub to: Option<NaiveDate>,
    /// Those approved on this day or before.
    pub awarded_to: Option<NaiveDate>,
    /// Whether they may be published as open data.
    pub published: Option<bool>,
}

/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, sight: &Sight, filter: &AwardFilter, request: &PageRequest) -> Result<Page<NamedAward>> {
    let engine = conn.engine();
    page(conn, request, || {
        let mut query = seen(named().into_boxed::<MultiBackend>(), sight);
        if let Some(terms) = &filter.search {
            query = query.filter(dialect::matches(engine, "awards", terms));
        }
        if let Some(fund) = filter.fund {
            query = query.filter(awards::fund_id.eq(fund));
        }
        if let Some(programme) = &filter.programme {
            query = query.filter(awards::programme.eq(programme.clone()));
        }
        if let Some(innovation) = filter.innovation {
            query = query.filter(awards::innovation_id.eq(innovation));
        }
        if let Some(organisation) = filter.organisation {
            query = query.filter(awards::recipient_organisation_id.eq(organisation));
        }
        if let Some(person) = filter.person {
            query = query.filter(awards::recipient_person_id.eq(person));
        }
        if let Some(fellowship) = filter.fellowship {
            query = query.filter(awards::fellowship_id.eq(fellowship));
        }
        if let Some(states) = &filter.states {
            query = query.filter(awards::state.eq_any(states.clone()));
        }
        if let Some(kinds) = &filter.kinds {
            query = query.filter(awards::kind.eq_any(kinds.clone()));
        }
        if let Some((place, on)) = filter.place {
            query = query.filter(awards::recipient_organisation_id.assume_not_null().eq_any(below(vec![place], on)));
        }
        if let Some(from) = filter.from {
            query = query.filter(awards::planned_to.gt(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(awards::planned_from.lt(to));
        }
        if let Some(published) = filter.published {
            query = query.filter(awards::published.eq(published));
        }
        if let Some(day) = filter.awarded_to {
            query = query.filter(awards::awarded_on.le(day));
        }
        query
    })
}

/// An award that the caller may see.
///
/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, sight: &Sight, id: Id) -> Result<Option<NamedAward>> {
    let query = seen(named().into_boxed::<MultiBackend>(), sight).filter(awards::id.eq(id));
    Ok(query.first(conn).optional()?)
}

/// The profiles of some awards, each by year.
///
/// # Errors
/// The database's own.
pub fn profiles(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, Vec<PlannedYear>>> {
    let found: Vec<(Id, i32, i64)> = award_profiles::table
        .filter(award_profiles::award_id.eq_any(ids.to_vec()))
        .order_by(award_profiles::financial_year)
        .load(conn)?;
    let mut profiles: HashMap<Id, Vec<PlannedYear>> = HashMap::with_capacity(ids.len());
    for (award, year, minor) in found {
        profiles.entry(award).or_default().push(PlannedYear { year, minor });
    }
    Ok(profiles)
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &AwardRow, profile: &[PlannedYear]) -> Result<()> {
    diesel::insert_into(awards::table).values(row.clone()).execute(conn)?;
    plan(conn, row.id, profile)
}

/// Writes the row over the version before it, and the profile where that is told.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &AwardRow, profile: Option<&[PlannedYear]>) -> Result<()> {
    overwrite!(conn, awards, row)?;
    let Some(profile) = profile else { return Ok(()) };
    diesel::delete(award_profiles::table.filter(award_profiles::award_id.eq(row.id))).execute(conn)?;
    plan(conn, row.id, profile)
}

fn plan(conn: &mut Conn, award: Id, profile: &[PlannedYear]) -> Result<()> {
    for year in profile {
        let planned = (
            award_profiles::award_id.eq(award),
            award_profiles::financial_year.eq(year.year),
            award_profiles::amount_minor.eq(year.minor),
        );
        diesel::insert_into(award_profiles::table).values(planned).execute(conn)?;
    }
    Ok(())
}
