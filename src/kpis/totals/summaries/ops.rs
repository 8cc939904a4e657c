//! Which kept totals are behind, and how they are made anew.

use super::store::{self, Content, Key, KnownRow, Made, Moved, SummaryRow};
use crate::calendar::london_date;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::events;
use crate::kpis::catalogue;
use crate::kpis::totals::asked::arithmetic;
use crate::kpis::totals::protection::{self, Column};
use crate::kpis::totals::rules::Survey;
use crate::kpis::totals::standing::{Observed, observe};
use crate::kpis::totals::store::{Area, Sought, Wanted};
use crate::organisations::ops::Map;
use crate::organisations::rules::Geography;
use crate::vocabulary::{Id, Timestamp, instant};
use chrono::{NaiveDate, TimeDelta};
use serde_json::Value;
use std::collections::HashMap;

/// From how many values on a total is kept.
pub const MANY: usize = 20_000;

/// How long a total that is behind is answered: for longer, nobody makes any, and it is added up anew.
const USABLE: TimeDelta = TimeDelta::minutes(5);

/// How long one that was made is left alone, however much changes.
const PAUSE: TimeDelta = TimeDelta::seconds(15);

/// After how long it is said again that a kept total is asked for.
const STILL_WANTED: TimeDelta = TimeDelta::days(7);

/// How long whoever began to make one may take.
const PATIENCE: TimeDelta = TimeDelta::minutes(2);

/// A total as it is kept.
pub struct Kept {
    pub survey: Survey,
    /// Of the last event that is in it.
    pub position: i64,
    /// When it was made, of one that is behind.
    pub behind_since: Option<String>,
    /// Whether it was last asked for so long ago that it has to be said that it still is.
    pub is_to_be_wanted: bool,
}

/// The totals of a place on today's map, by KPI, as they are kept; none where one is not, or is too far behind. Each key says whether its
/// total is asked for as it is.
///
/// # Errors
/// What the database fails with.
pub fn find(conn: &mut Conn, keys: &[(Key, bool)], (now, today): (Timestamp, NaiveDate)) -> Result<HashMap<i32, Kept>> {
    let rows = store::find_each(conn, &keys.iter().map(|(key, _)| key).collect::<Vec<_>>())?;
    let Some(first) = rows.iter().map(|row| row.position).min() else { return Ok(HashMap::new()) };
    let moved_at = store::last_moved(conn, first)?;
    let kept = rows.into_iter().filter_map(|row| {
        let number = row.kpi_number;
        let is_whole = keys.iter().any(|(key, is_whole)| key.kpi_number == number && *is_whole);
        Some((number, usable(row, is_whole, moved_at, (now, today))?))
    });
    Ok(kept.collect())
}

/// The total, where it is made and not too far behind the last event that may have changed it.
fn usable(
    row: SummaryRow,
    is_whole: bool,
    moved_at: Option<i64>,
    (now, today): (Timestamp, NaiveDate),
) -> Option<Kept> {
    let Content { whole, told } = row.document?.value;
    let is_behind = row.map_on != today || moved_at.is_some_and(|moved_at| row.position < moved_at);
    if row.map_on > today || is_behind && row.made_at < (now - USABLE).naive_utc() {
        return None;
    }
    let survey = if is_whole { Some(whole) } else { told };
    let behind_since = is_behind.then(|| instant(row.made_at));
    let is_to_be_wanted = row.wanted_on < today - STILL_WANTED;
    survey.map(|survey| Kept { survey, position: row.position, behind_since, is_to_be_wanted })
}

/// The position of the last event of which each KPI's totals may know nothing.
#[derive(Default)]
struct Changes {
    of_all: i64,
    of_kpis: HashMap<String, i64>,
    /// The last event that was looked at, and the last that may have changed any total.
    seen_to: i64,
    moved_at: i64,
}

/// The most events that are looked at one by one.
const MOST: i64 = 5_000;

impl Changes {
    fn after(conn: &mut Conn, position: i64) -> Result<Self> {
        let mut changes = Self { seen_to: events::end(conn)?.position, ..Self::default() };
        let moved = store::moved(conn, position, MOST)?;
        if moved.len() as i64 == MOST {
            changes.of_all = changes.seen_to;
        }
        for Moved { position, resource, key, data } in moved {
            let position = position.unwrap_or_default();
            changes.moved_at = position;
            let named = match resource.as_str() {
                "kpi" => Some(vec![key]),
                "kpi-submission" | "kpi-return" => kpis_of(&data),
                _ => None,
            };
            for kpi in named.iter().flatten() {
                changes.of_kpis.insert(kpi.clone(), position);
            }
            if named.is_none() {
                changes.of_all = changes.of_all.max(position);
            }
        }
        Ok(changes)
    }

    fn concern(&self, row: &KnownRow) -> bool {
        let last = self.of_kpis.get(&row.kpi).copied().unwrap_or_default().max(self.of_all);
        last > row.position
    }
}

/// The KPIs that a delivery was of, as its event names them.
fn kpis_of(data: &str) -> Option<Vec<String>> {
    let data: Value = serde_json::from_str(data).ok()?;
    let codes = data.get("kpis")?.as_array()?;
    codes.iter().map(|code| code.as_str().map(str::to_owned)).collect()
}

/// What there is to do: the totals to make, the longest behind first, and those that no event of late concerns.
#[derive(Default)]
pub struct Work {
    pub due: Vec<Key>,
    pub unmoved: Vec<Key>,
    /// The last event that was looked at.
    pub position: i64,
}

/// What there is to do now.
///
/// # Errors
/// What the database fails with.
pub fn work(conn: &mut Conn, now: Timestamp) -> Result<Work> {
    let rows = store::all(conn)?;
    let Some(first) = rows.iter().filter(|row| row.is_made).map(|row| row.position).min() else {
        return Ok(Work { due: rows.iter().map(KnownRow::key).collect(), ..Work::default() });
    };
    let changes = Changes::after(conn, first)?;
    let (today, made_before) = (london_date(now), (now - PAUSE).naive_utc());
    let is_behind = |row: &KnownRow| !row.is_made || row.map_on != today || changes.concern(row);
    let is_due = |row: &&KnownRow| is_behind(row) && row.made_at < made_before;
    let lags = |row: &&KnownRow| !is_behind(row) && row.position < changes.moved_at;
    let keys = |rows: Vec<&KnownRow>| rows.into_iter().map(KnownRow::key).collect();
    Ok(Work {
        due: keys(rows.iter().filter(is_due).collect()),
        unmoved: keys(rows.iter().filter(lags).collect()),
        position: changes.seen_to,
    })
}

/// Takes it on to make a total, unless another instance did.
///
/// # Errors
/// What the database fails with.
pub fn claim(conn: &mut Conn, key: &Key, now: Timestamp) -> Result<bool> {
    store::claim(conn, key, (now - PATIENCE).naive_utc(), now.naive_utc())
}

/// Adds a total up, as a request would.
///
/// # Errors
/// `not-found` for a KPI that is gone, which none is; what the database fails with.
pub fn make(conn: &mut Conn, key: &Key, now: Timestamp) -> Result<Made> {
    let position = events::end(conn)?.position;
    let kpi = catalogue::store::find_by_number(conn, key.kpi_number)?.ok_or_else(|| Error::not_found("KPI"))?;
    let (by, map_on) = (arithmetic(&kpi), london_date(now));
    let map = Map { geography: Geography::Current, as_of: map_on };
    let area = Area::Place { id: key.place, map };
    let breakdown = Some(key.breakdown.as_str()).filter(|breakdown| !breakdown.is_empty());
    let protects = kpi.disclosure_control;
    let wanted = Wanted {
        area,
        innovation: Some(key.innovation),
        breakdown: breakdown.filter(|_| !protects),
        provisional: false,
        states: true,
    };
    let observed = observe(conn, &[Sought { kpi: &kpi, by, to: None }], wanted)?.pop();
    let Observed { standing, mut observations } = observed.ok_or_else(|| Error::internal("a total was lost"))?;
    let told = if protects { protection::of_place(conn, &kpi, by, &standing, &observations, area)? } else { None };
    observations.retain(|one| breakdown.is_none_or(|only| only == standing.breakdown(one.series)));
    let whole = standing.survey(by, &observations);
    let told = protects.then(|| {
        observations.iter_mut().for_each(|one| one.blur(by));
        let mut survey = standing.survey(by, &observations);
        if let Some(told) = &told {
            told.tell(by, &mut survey.tallies, key.place, &Column::of(breakdown));
        }
        survey
    });
    Ok(Made { content: Content { whole, told }, map_on, position, made_at: now.naive_utc() })
}

/// The key of a total over the whole of a KPI's organisations below a place.
pub fn key(kpi_number: i32, innovation: Id, breakdown: Option<&str>, place: Id) -> Key {
    Key { kpi_number, innovation, breakdown: breakdown.unwrap_or_default().to_owned(), place }
}
