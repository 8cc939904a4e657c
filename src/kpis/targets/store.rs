//! Targets in the database, and which of them holds.

use crate::db::Conn;
use crate::db::conn::MultiBackend;
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::kpi_targets;
use crate::error::{Error, Result};
use crate::sortable;
use crate::vocabulary::Id;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = kpi_targets)]
pub struct TargetRow {
    pub id: Id,
    pub kpi_id: Id,
    /// None for a target of every organisation.
    pub organisation_id: Option<Id>,
    pub from_on: NaiveDate,
    /// The first day it no longer holds.
    pub to_on: NaiveDate,
    /// Scaled by ten to the KPI's decimals.
    pub value: i64,
    pub made_by: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

sortable! {
    TargetRow, kpi_targets::table, kpi_targets::BoxedQuery<'static, MultiBackend>, select: kpi_targets::version;
    0: "from" => kpi_targets::from_on, Day, |row| row.from_on;
    tie 1 => kpi_targets::id, Id, |row| row.id;
}

/// The target of an organisation on a day, scaled: its own before everyone's, then the one that began last, then the
/// one that was set last. Without an organisation, everyone's alone.
pub fn target_on(targets: &[TargetRow], organisation: Option<Id>, on: NaiveDate) -> Option<i64> {
    let applies = |target: &&TargetRow| {
        let meant = target.organisation_id.is_none() || target.organisation_id == organisation;
        meant && target.from_on <= on && on < target.to_on
    };
    let holding = targets.iter().filter(applies);
    holding
        .max_by_key(|target| (target.organisation_id.is_some(), target.from_on, target.id))
        .map(|target| target.value)
}

/// The targets of a KPI that concern an organisation: its own and everyone's.
///
/// # Errors
/// The database's own.
pub fn targets_for(conn: &mut Conn, kpi: Id, organisation: Option<Id>) -> Result<Vec<TargetRow>> {
    let mut query = kpi_targets::table.filter(kpi_targets::kpi_id.eq(kpi)).into_boxed::<MultiBackend>();
    query = match organisation {
        None => query.filter(kpi_targets::organisation_id.is_null()),
        Some(id) => {
            let own = kpi_targets::organisation_id.eq(id).assume_not_null();
            query.filter(kpi_targets::organisation_id.is_null().or(own))
        }
    };
    Ok(query.order_by((kpi_targets::from_on, kpi_targets::id)).load(conn)?)
}

/// All targets of a KPI, or those of one organisation alone.
///
/// # Errors
/// As [`page`].
pub fn list(conn: &mut Conn, kpi: Id, organisation: Option<Id>, request: &PageRequest) -> Result<Page<TargetRow>> {
    page(conn, request, || {
        let query = kpi_targets::table.filter(kpi_targets::kpi_id.eq(kpi)).into_boxed::<MultiBackend>();
        match organisation {
            None => query,
            Some(id) => query.filter(kpi_targets::organisation_id.eq(id)),
        }
    })
}

/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, kpi: Id, id: Id) -> Result<Option<TargetRow>> {
    Ok(kpi_targets::table.find(id).filter(kpi_targets::kpi_id.eq(kpi)).first(conn).optional()?)
}

/// # Errors
/// The database's own.
pub fn insert(conn: &mut Conn, row: &TargetRow) -> Result<()> {
    diesel::insert_into(kpi_targets::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// # Errors
/// `not-found` where another took it away first.
pub fn delete(conn: &mut Conn, id: Id) -> Result<()> {
    match diesel::delete(kpi_targets::table.find(id)).execute(conn)? {
        0 => Err(Error::not_found("target")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::FOREVER;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn target(organisation_id: Option<Id>, from: &str, to: Option<&str>, value: i64) -> TargetRow {
        TargetRow {
            id: Id::generate(),
            kpi_id: Id::generate(),
            organisation_id,
            from_on: day(from),
            to_on: to.map_or(FOREVER, day),
            value,
            made_by: String::new(),
            version: 1,
            created_at: NaiveDateTime::default(),
            updated_at: NaiveDateTime::default(),
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
            assert_eq!(target_on(&targets, organisation, day(on)), expected, "{on}");
        }
    }
}
