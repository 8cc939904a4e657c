//! Kept totals in the database.

use crate::db::json::Json;
use crate::db::schema::{events, kpi_total_summaries, kpis};
use crate::db::{Conn, Keep};
use crate::error::Result;
use crate::kpis::totals::rules::Survey;
use crate::vocabulary::Id;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// Which total: of a KPI by its number, of an innovation or [`Id::NONE`], of a combination of members or, empty, of all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub kpi_number: i32,
    pub innovation: Id,
    pub breakdown: String,
    pub place: Id,
}

/// What a total is made of: as it is, and as readers without the grant to see small counts may know of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    pub whole: Survey,
    /// None where no count is protected, and where it was made by earlier rules, under another name.
    pub told: Option<Survey>,
}

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = kpi_total_summaries, treat_none_as_null = true)]
pub struct SummaryRow {
    pub kpi_number: i32,
    pub innovation_id: Id,
    pub breakdown: String,
    pub place_id: Id,
    /// The day whose map it is on.
    pub map_on: NaiveDate,
    /// Of the last event that is in it.
    pub position: i64,
    pub document: Option<Json<Content>>,
    pub made_at: NaiveDateTime,
    /// When somebody began to make it.
    pub claimed_at: NaiveDateTime,
    pub wanted_on: NaiveDate,
}

/// What is known of a kept total, without its content.
#[derive(Queryable, Clone)]
pub struct KnownRow {
    kpi_number: i32,
    innovation: Id,
    breakdown: String,
    place: Id,
    pub map_on: NaiveDate,
    pub position: i64,
    pub is_made: bool,
    pub made_at: NaiveDateTime,
    /// The code of its KPI.
    pub kpi: String,
}

impl KnownRow {
    pub fn key(&self) -> Key {
        let Self { kpi_number, innovation, breakdown, place, .. } = self.clone();
        Key { kpi_number, innovation, breakdown, place }
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn of(key: &Key) -> _ {
    let number: i32 = key.kpi_number;
    let innovation: Id = key.innovation;
    let breakdown: String = key.breakdown.clone();
    let place: Id = key.place;
    kpi_total_summaries::table
        .filter(kpi_total_summaries::kpi_number.eq(number))
        .filter(kpi_total_summaries::innovation_id.eq(innovation))
        .filter(kpi_total_summaries::breakdown.eq(breakdown))
        .filter(kpi_total_summaries::place_id.eq(place))
}

/// The kept totals of several KPIs, all of the same place, innovation and breakdown.
pub fn find_each(conn: &mut Conn, keys: &[&Key]) -> Result<Vec<SummaryRow>> {
    use kpi_total_summaries as kept;
    let Some(Key { innovation, breakdown, place, .. }) = keys.first() else { return Ok(Vec::new()) };
    let numbers: Vec<i32> = keys.iter().map(|key| key.kpi_number).collect();
    let rows = kept::table
        .filter(kept::kpi_number.eq_any(numbers))
        .filter(kept::innovation_id.eq(*innovation))
        .filter(kept::breakdown.eq(breakdown.clone()))
        .filter(kept::place_id.eq(*place));
    Ok(rows.load(conn)?)
}

/// All kept totals.
pub fn all(conn: &mut Conn) -> Result<Vec<KnownRow>> {
    use kpi_total_summaries as kept;
    let columns = (
        kept::kpi_number,
        kept::innovation_id,
        kept::breakdown,
        kept::place_id,
        kept::map_on,
        kept::position,
        kept::document.is_not_null(),
        kept::made_at,
        kpis::code,
    );
    let of_kpi = kept::table.inner_join(kpis::table.on(kpis::number.eq(kept::kpi_number)));
    Ok(of_kpi.order_by((kept::made_at, kept::kpi_number)).select(columns).load(conn)?)
}

/// When a total was made that is not made yet.
const NEVER: NaiveDateTime = DateTime::UNIX_EPOCH.naive_utc();

/// Asks for a total to be kept, from this day on.
pub fn want(conn: &mut Conn, key: &Key, now: NaiveDateTime) -> Result<()> {
    let asked = diesel::update(of(key)).set(kpi_total_summaries::wanted_on.eq(now.date())).execute(conn)?;
    if asked > 0 {
        return Ok(());
    }
    let row = SummaryRow {
        kpi_number: key.kpi_number,
        innovation_id: key.innovation,
        breakdown: key.breakdown.clone(),
        place_id: key.place,
        map_on: now.date(),
        position: 0,
        document: None,
        made_at: NEVER,
        claimed_at: NEVER,
        wanted_on: now.date(),
    };
    diesel::insert_into(kpi_total_summaries::table).values(row).execute_kept(conn)?;
    Ok(())
}

/// Takes it on to make a total, unless somebody did since `before`.
pub fn claim(conn: &mut Conn, key: &Key, before: NaiveDateTime, now: NaiveDateTime) -> Result<bool> {
    let free = of(key).filter(kpi_total_summaries::claimed_at.lt(before));
    Ok(diesel::update(free).set(kpi_total_summaries::claimed_at.eq(now)).execute(conn)? > 0)
}

/// What a total was made of, on the map of a day, with the last event that is in it.
pub struct Made {
    pub content: Content,
    pub map_on: NaiveDate,
    pub position: i64,
    pub made_at: NaiveDateTime,
}

/// Keeps a total. It can be made again at once.
pub fn keep(conn: &mut Conn, key: &Key, made: Made) -> Result<()> {
    use kpi_total_summaries as kept;
    let Made { content, map_on, position, made_at } = made;
    let set = (
        kept::document.eq(Some(Json::new(content)?)),
        kept::map_on.eq(map_on),
        kept::position.eq(position),
        kept::made_at.eq(made_at),
        kept::claimed_at.eq(NEVER),
    );
    diesel::update(of(key)).set(set).execute(conn)?;
    Ok(())
}

/// Says of totals which nothing changed that they hold up to a later event.
pub fn advance(conn: &mut Conn, keys: &[Key], position: i64) -> Result<()> {
    for key in keys {
        diesel::update(of(key)).set(kpi_total_summaries::position.eq(position)).execute(conn)?;
    }
    Ok(())
}

/// Forgets totals that nobody asked for since a day.
pub fn forget(conn: &mut Conn, before: NaiveDate) -> Result<()> {
    diesel::delete(kpi_total_summaries::table.filter(kpi_total_summaries::wanted_on.lt(before))).execute(conn)?;
    Ok(())
}

/// The resources whose changes can change a total.
const MOVING: [&str; 7] = [
    "kpi-submission",
    "kpi-return",
    "kpi",
    "reporting-exception",
    "organisation",
    "organisation-edge",
    "organisation-succession",
];

/// The last event after this one that may have changed a total.
pub fn last_moved(conn: &mut Conn, position: i64) -> Result<Option<i64>> {
    let later = events::table.filter(events::position.gt(position)).filter(events::resource.eq_any(MOVING));
    let last = later.order_by(events::position.desc()).select(events::position);
    Ok(last.first::<Option<i64>>(conn).optional()?.flatten())
}

/// What may have changed a total.
#[derive(Queryable)]
pub struct Moved {
    pub position: Option<i64>,
    pub resource: String,
    pub key: String,
    pub data: String,
}

/// What may have changed a total after this event, some at a time.
pub fn moved(conn: &mut Conn, position: i64, most: i64) -> Result<Vec<Moved>> {
    let later = events::table.filter(events::position.gt(position)).filter(events::resource.eq_any(MOVING));
    let columns = (events::position, events::resource, events::resource_key, events::data);
    Ok(later.order_by(events::position).limit(most).select(columns).load(conn)?)
}
