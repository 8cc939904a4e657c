//! The values that are others than in a release, found by the database.

use super::store::{self, ReleaseRow};
use crate::db::Conn;
use crate::db::schema::{kpi_release_values, kpi_values, series};
use crate::error::Result;
use crate::http::Context;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::values::rules::ScaledValue;
use crate::organisations::store::counted_below;
use crate::vocabulary::Id;
use crate::words;
use chrono::NaiveDate;
use diesel::prelude::*;

words! {
    /// What became of a value since a release.
    pub enum ReleaseChange {
        Added = "added",
        Amended = "amended",
        Withdrawn = "withdrawn",
    }
}

diesel::alias!(kpi_release_values as other_values: OtherValues);

/// A value that differs: none on a side where there was, or is, none.
pub struct ChangedValue {
    pub kpi_id: Id,
    pub organisation_id: Id,
    pub innovation_id: Id,
    pub breakdown: String,
    pub period_start: NaiveDate,
    pub old: Option<ScaledValue>,
    pub new: Option<ScaledValue>,
}

impl ChangedValue {
    pub fn change(&self) -> ReleaseChange {
        match (self.old, self.new) {
            (None, _) => ReleaseChange::Added,
            (Some(_), Some(_)) => ReleaseChange::Amended,
            (Some(_), None) => ReleaseChange::Withdrawn,
        }
    }
}

/// The key of a value, with what it was or is.
type Key = (Id, Id, Id, String, NaiveDate);
type Parts = (i64, Option<i64>, Option<i64>);

fn changed(key: Key, old: Option<Parts>, new: Option<Parts>) -> ChangedValue {
    let (kpi_id, organisation_id, innovation_id, breakdown, period_start) = key;
    let value = |(value, numerator, denominator): Parts| ScaledValue { value, numerator, denominator };
    ChangedValue {
        kpi_id,
        organisation_id,
        innovation_id,
        breakdown,
        period_start,
        old: old.map(value),
        new: new.map(value),
    }
}

/// The most values that are told.
const MOST: usize = 1_000;

/// The values of some KPIs that differ from those of a release, today or in another release, and whether there are more.
pub fn values(
    conn: &mut Conn,
    context: &Context,
    release: &ReleaseRow,
    other: Option<&ReleaseRow>,
    kpis: &[KpiRow],
) -> Result<(Vec<ChangedValue>, bool)> {
    let mut found = Vec::new();
    for kpi in kpis {
        match other {
            None => {
                found.extend(since(conn, release, kpi)?);
                found.extend(added(conn, context, release, kpi)?);
            }
            Some(other) => {
                found.extend(between(conn, release, other, kpi)?);
                let gone = between(conn, other, release, kpi)?.into_iter().filter(|one| one.new.is_none());
                found.extend(gone.map(|one| ChangedValue { old: None, new: one.old, ..one }));
            }
        }
        if found.len() > MOST {
            break;
        }
    }
    let more = found.len() > MOST;
    found.truncate(MOST);
    Ok((found, more))
}

fn most() -> i64 {
    i64::try_from(MOST + 1).unwrap_or(i64::MAX)
}

/// Those of a release that were amended or withdrawn since.
fn since(conn: &mut Conn, release: &ReleaseRow, kpi: &KpiRow) -> Result<Vec<ChangedValue>> {
    use kpi_release_values as frozen;
    let same = kpi_values::kpi_number
        .eq(kpi.number)
        .and(kpi_values::series_id.eq(frozen::series_id))
        .and(kpi_values::period_start.eq(frozen::period_start));
    let rows = frozen::table
        .left_join(kpi_values::table.on(same))
        .filter(frozen::release_id.eq(release.id))
        .filter(frozen::kpi_id.eq(kpi.id))
        .filter(
            kpi_values::version.nullable().is_null().or(kpi_values::version.nullable().ne(frozen::version.nullable())),
        )
        .select((
            (frozen::kpi_id, frozen::organisation_id, frozen::innovation_id, frozen::breakdown, frozen::period_start),
            (frozen::value, frozen::numerator, frozen::denominator),
            (kpi_values::value, kpi_values::numerator, kpi_values::denominator).nullable(),
        ))
        .order_by((frozen::period_start, frozen::series_id))
        .limit(most());
    let differs = |(_, old, new): &(Key, Parts, Option<Parts>)| *new != Some(*old);
    let rows = rows.load::<(Key, Parts, Option<Parts>)>(conn)?.into_iter().filter(differs);
    Ok(rows.map(|(key, old, new)| changed(key, Some(old), new)).collect())
}

/// Those of today that the release would have held.
fn added(conn: &mut Conn, context: &Context, release: &ReleaseRow, kpi: &KpiRow) -> Result<Vec<ChangedValue>> {
    use kpi_release_values as frozen;
    let places: Vec<Id> = store::places(conn, &[release.id])?.iter().map(|place| place.place_id).collect();
    let same = frozen::release_id
        .eq(release.id)
        .and(frozen::series_id.eq(kpi_values::series_id))
        .and(frozen::period_start.eq(kpi_values::period_start));
    let rows = kpi_values::table
        .inner_join(series::table)
        .left_join(frozen::table.on(same))
        .filter(kpi_values::kpi_number.eq(kpi.number))
        .filter(kpi_values::period_start.between(release.from_start, release.period_start))
        .filter(series::organisation_id.eq_any(counted_below(places, context.today())))
        .filter(frozen::version.nullable().is_null())
        .select((
            (
                series::kpi_id,
                series::organisation_id,
                series::innovation_id,
                series::breakdown,
                kpi_values::period_start,
            ),
            (kpi_values::value, kpi_values::numerator, kpi_values::denominator),
        ))
        .order_by((kpi_values::period_start, kpi_values::series_id))
        .limit(most());
    let rows = rows.load::<(Key, Parts)>(conn)?.into_iter();
    Ok(rows.map(|(key, new)| changed(key, None, Some(new))).collect())
}

/// Those of a release that another does not hold, or holds otherwise.
fn between(conn: &mut Conn, release: &ReleaseRow, other: &ReleaseRow, kpi: &KpiRow) -> Result<Vec<ChangedValue>> {
    use kpi_release_values as frozen;
    let others = other_values;
    let same = others
        .field(frozen::release_id)
        .eq(other.id)
        .and(others.field(frozen::series_id).eq(frozen::series_id))
        .and(others.field(frozen::period_start).eq(frozen::period_start));
    let version = others.field(frozen::version).nullable();
    let rows = frozen::table
        .left_join(others.on(same))
        .filter(frozen::release_id.eq(release.id))
        .filter(frozen::kpi_id.eq(kpi.id))
        .filter(version.is_null().or(version.ne(frozen::version.nullable())))
        .select((
            (frozen::kpi_id, frozen::organisation_id, frozen::innovation_id, frozen::breakdown, frozen::period_start),
            (frozen::value, frozen::numerator, frozen::denominator),
            others.fields((frozen::value, frozen::numerator, frozen::denominator)).nullable(),
        ))
        .order_by((frozen::period_start, frozen::series_id))
        .limit(most());
    let differs = |(_, old, new): &(Key, Parts, Option<Parts>)| *new != Some(*old);
    let rows = rows.load::<(Key, Parts, Option<Parts>)>(conn)?.into_iter().filter(differs);
    Ok(rows.map(|(key, old, new)| changed(key, Some(old), new)).collect())
}
