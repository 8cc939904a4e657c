//! Reminders of returns that are due soon, or overdue: events that readers of the feed and webhooks hear of, each once.

use super::asked::{NotProvided, OwnedKpis};
use super::ops::{self, Owners};
use super::rules::{Owner, Reminder, ReturnKey, ReturnState};
use super::store::{self, ReturnRow};
use crate::calendar::{Period, PeriodType};
use crate::db::Conn;
use crate::error::Result;
use crate::http::Context;
use crate::kpis::sets::store::{all, asked_on, assignments};
use crate::vocabulary::Id;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeSet;

/// How long before its deadline a return is reminded of, and how long after it at the latest.
const BEFORE: TimeDelta = TimeDelta::days(5);
const AFTER: TimeDelta = TimeDelta::days(14);

/// The most reminders of one transaction.
const SOME: usize = 500;

/// Reminds of some of the returns that are due and not all there. Says whether there may be more.
///
/// # Errors
/// The database's own.
pub fn remind(conn: &mut Conn, context: &Context) -> Result<bool> {
    let owners: Vec<Owner> = all(conn)?.into_iter().map(|set| Owner { set: set.id, kpi: Id::NONE }).collect();
    let owned = OwnedKpis::of(conn, &owners.iter().copied().collect())?;
    for owner in owners {
        for kind in owned.kinds(owner) {
            for (period, reminder) in due(&owned, owner, kind, context) {
                let open = unfinished(conn, &owned, (owner, period), reminder)?;
                if !open.is_empty() {
                    return tell(conn, context, &open, reminder).map(|()| true);
                }
            }
        }
    }
    Ok(false)
}

/// The periods of an owner whose deadline is near, or has gone by not long ago.
fn due(owned: &OwnedKpis, owner: Owner, kind: PeriodType, context: &Context) -> Vec<(Period, Reminder)> {
    let (now, Some(longest)) = (context.now, owned.longest(owner, kind)) else { return Vec::new() };
    let before = |period: &Period| Some(period.previous()).filter(|previous| previous < period);
    let periods = std::iter::successors(Some(Period::containing(kind, context.today())), before);
    let recent = periods.take_while(|period| period.closes_at(longest) + AFTER > now);
    let dated = recent.filter_map(|period| Some((period, owned.deadlines(owner, period).on_time_until(period)?)));
    let near = dated.filter(|(_, until)| *until <= now + BEFORE && *until + AFTER > now);
    near.map(|(period, until)| (period, if until > now { Reminder::DueSoon } else { Reminder::Overdue })).collect()
}

/// Some of those that were asked for a period, have not sent all of it, and were not reminded so yet.
fn unfinished(
    conn: &mut Conn,
    owned: &OwnedKpis,
    (owner, period): (Owner, Period),
    reminder: Reminder,
) -> Result<BTreeSet<ReturnKey>> {
    let assignments = assignments(conn, &[owner.set])?;
    let kpis: Vec<Id> = owned.those(owner, period).map(|kpi| kpi.id).collect();
    let not_provided = NotProvided::of(conn, &kpis)?;
    let asked = asked_on(conn, &assignments, None, period.end())?;
    let free = |id: Id| kpis.iter().all(|kpi| not_provided.nothing_of(*kpi, id, period.end()));
    let expected = asked.into_values().map(|(id, _)| id).filter(|id| !free(*id));
    let key = |organisation| ReturnKey { owner, period_type: period.kind(), start: period.start(), organisation };
    let keys: BTreeSet<ReturnKey> = expected.map(key).collect();
    let there = store::there(conn, &keys)?;
    let open = |key: &ReturnKey| there.get(key).is_none_or(|row| is_open(row, reminder));
    Ok(keys.into_iter().filter(open).take(SOME).collect())
}

fn is_open(row: &ReturnRow, reminder: Reminder) -> bool {
    use ReturnState::{Due, Received, Returned, Withdrawn};
    [Due, Received, Returned, Withdrawn].contains(&row.state) && row.reminder < Some(reminder)
}

fn tell(conn: &mut Conn, context: &Context, keys: &BTreeSet<ReturnKey>, reminder: Reminder) -> Result<()> {
    let now = context.now.naive_utc();
    let there = store::there(conn, keys)?;
    let missing: Vec<ReturnRow> =
        keys.iter().filter(|key| !there.contains_key(key)).map(|key| ReturnRow::due(*key, now)).collect();
    store::ensure(conn, &missing)?;
    // Another instance may have reminded of some of them meanwhile.
    let open = store::held(conn, keys)?.into_values().filter(|row| is_open(row, reminder));
    let told: Vec<ReturnRow> = open.map(|row| ReturnRow { reminder: Some(reminder), ..row.renewed(now) }).collect();
    store::rewrite(conn, &told)?;
    let owners = Owners::of(conn, &told)?;
    for row in &told {
        ops::trace(conn, context, row, &owners, json!({ "reminder": reminder, "kpis": [] }))?;
    }
    Ok(())
}
