//! Events and scopes in the database, as the feed reads them.

use super::rules::{By, Reported};
use crate::access::{Reach, ReachParts};
use crate::audit_events::store::{Seen, inside};
use crate::db::dialect::Unindexed;
use crate::db::schema::{
    events, feed_scopes, innovations, kpis, organisation_closure, organisations, people, programme_memberships,
    schema_info,
};
use crate::db::{Conn, Keep, MultiBackend};
use crate::error::Result;
use crate::http::Context;
use crate::innovations::store::held_memberships;
use crate::organisations::store::below;
use crate::vocabulary::{Id, Timestamp};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use diesel::prelude::*;

/// Days after which a scope that nobody came back with is forgotten, and cursors with it are out of date.
pub const SCOPES_KEPT: i64 = 90;

/// A numbered event, as far as the feed tells of it.
#[derive(Queryable, Debug)]
pub struct ReportedRow {
    pub position: i64,
    pub occurred_at: NaiveDateTime,
    pub operation: String,
    pub resource: String,
    pub key: String,
    pub version: i32,
    pub innovation_id: Option<Id>,
    pub programme: Option<String>,
    pub owner: Option<String>,
    pub data: String,
}

/// The events of these kinds after a position.
pub fn after(
    conn: &mut Conn,
    context: &Context,
    (position, limit): (i64, i64),
    kinds: Vec<&'static str>,
    place: Option<Id>,
) -> Result<Vec<ReportedRow>> {
    let columns = (
        events::position.assume_not_null(),
        events::occurred_at,
        events::operation,
        events::resource,
        events::resource_key,
        events::resource_version,
        events::innovation_id,
        events::programme,
        events::owner,
        events::data,
    );
    let mut next = events::table.select(columns).into_boxed::<MultiBackend>();
    next = next.filter(events::position.gt(position));
    // In the order of positions: nearly every event is of one of the kinds.
    next = next.filter(Unindexed::when(true, events::resource).eq_any(kinds));
    if let Some(place) = place {
        let there = || below(vec![place], context.today()).select(organisation_closure::descendant_id.nullable());
        let about = events::organisation_id.eq_any(there()).or(events::other_organisation_id.eq_any(there()));
        // A submission of several organisations may have values of this place.
        let of_several = events::resource.eq("kpi-submission").and(events::organisation_id.is_null());
        next = next.filter(about.assume_not_null().or(of_several));
    }
    Ok(next.order_by(events::position).limit(limit).load(conn)?)
}

/// Those of the positions whose events name something that the reach holds for, by the columns that decide for the kind.
pub fn once_seen(
    conn: &mut Conn,
    context: &Context,
    reported: &Reported,
    reach: Reach,
    positions: Vec<i64>,
) -> Result<Vec<i64>> {
    let by = |by| reported.by.contains(&by);
    let mut parts = reach.into_parts();
    let within = parts.within;
    let places = if parts.everything { within.into_iter().collect() } else { std::mem::take(&mut parts.organisations) };
    let parts = ReachParts {
        organisations: if by(By::Place) { places } else { Vec::new() },
        programmes: if by(By::Programme) { parts.programmes } else { Vec::new() },
        innovations: if by(By::Innovation) { parts.innovations } else { Vec::new() },
        everything: parts.everything && !reported.by.is_empty(),
        ..parts
    };
    let mut seen: Seen = inside(parts, context.today());
    if by(By::Owner) {
        let own = events::owner.eq(context.actor.subject.clone()).assume_not_null();
        seen = Box::new(own.or(seen));
    }
    let mut query = events::table.select(events::position.assume_not_null()).into_boxed::<MultiBackend>();
    if let Some(place) = within {
        let there = || below(vec![place], context.today()).select(organisation_closure::descendant_id.nullable());
        query = query.filter(events::organisation_id.eq_any(there()).or(events::other_organisation_id.eq_any(there())));
    }
    Ok(query.filter(events::position.eq_any(positions)).filter(seen).load(conn)?)
}

/// What a database that is made, or restored, has of its own.
pub fn epoch(conn: &mut Conn) -> Result<Vec<u8>> {
    Ok(schema_info::table.select(schema_info::epoch).first(conn)?)
}

/// The codes of an organisation and all below it.
pub fn codes_below(conn: &mut Conn, place: Id, today: NaiveDate) -> Result<Vec<String>> {
    let ids = below(vec![place], today);
    Ok(organisations::table.filter(organisations::id.eq_any(ids)).select(organisations::code).load(conn)?)
}

/// The slugs of the innovations that a programme keeps, or that are in it.
pub fn members(conn: &mut Conn, programme: &str, today: NaiveDate) -> Result<Vec<String>> {
    let members = programme_memberships::table
        .filter(programme_memberships::programme.eq(programme))
        .filter(held_memberships())
        .filter(programme_memberships::from_on.le(today))
        .filter(programme_memberships::to_on.gt(today))
        .select(programme_memberships::innovation_id);
    let kept = innovations::keeper.assume_not_null().eq(programme).or(innovations::id.eq_any(members));
    Ok(innovations::table.filter(kept).order_by(innovations::slug).select(innovations::slug).load(conn)?)
}

/// What decides on other records beside a grant: the KPIs of programmes, and the person that a subject is.
pub fn deciding(conn: &mut Conn, programmes: &[&str], subject: &str) -> Result<Vec<String>> {
    let own = kpis::table.filter(kpis::programme.eq_any(programmes)).order_by(kpis::code).select(kpis::code);
    let mut all: Vec<String> = own.load(conn)?;
    let person = people::table.filter(people::subject.eq(subject)).select(people::id);
    all.extend(person.load::<Id>(conn)?.iter().map(ToString::to_string));
    Ok(all)
}

#[derive(Insertable, Queryable)]
#[diesel(table_name = feed_scopes)]
struct ScopeRow {
    digest: Vec<u8>,
    content: String,
    used_at: NaiveDateTime,
}

/// A scope that a cursor was made with, and when it was used last.
pub fn scope(conn: &mut Conn, digest: &[u8]) -> Result<Option<(String, NaiveDateTime)>> {
    let found = feed_scopes::table.find(digest).select((feed_scopes::content, feed_scopes::used_at));
    Ok(found.first(conn).optional()?)
}

/// Keeps a scope for the cursors that are made with it.
pub fn keep_scope(conn: &mut Conn, digest: &[u8], content: &str, now: Timestamp) -> Result<()> {
    let used = diesel::update(feed_scopes::table.find(digest)).set(feed_scopes::used_at.eq(now.naive_utc()));
    if used.execute_kept(conn)? == 0 {
        let row = ScopeRow { digest: digest.to_vec(), content: content.to_owned(), used_at: now.naive_utc() };
        diesel::insert_into(feed_scopes::table).values(row).execute_kept(conn)?;
    }
    Ok(())
}

/// Forgets scopes that nobody came back with.
pub fn sweep(conn: &mut Conn, now: Timestamp) -> Result<()> {
    let before = (now - TimeDelta::days(SCOPES_KEPT)).naive_utc();
    diesel::delete(feed_scopes::table.filter(feed_scopes::used_at.lt(before))).execute_kept(conn)?;
    Ok(())
}
