//! What a delivery does to the returns that it feeds: all of them at once, however many there are.

use super::asked::{self, OwnedKpis};
use super::drafts::{self, DraftRow};
use super::ops::RESOURCE;
use super::rules::{ReturnKey, ReturnState};
use super::store::{self, ReturnRow};
use crate::db::Conn;
use crate::error::Result;
use crate::http::Context;
use crate::transitions::authors;
use crate::vocabulary::Id;
use std::collections::{BTreeMap, BTreeSet};

/// A row of a delivery, as its return sees it.
pub struct Delivered {
    pub key: ReturnKey,
    pub changed: bool,
    /// What awaits approval, whose return is not known yet.
    pub draft: Option<DraftRow>,
}

/// Holds the returns that are there until the transaction ends, so that nobody approves them meanwhile.
pub fn hold(conn: &mut Conn, keys: &BTreeSet<ReturnKey>) -> Result<()> {
    store::held(conn, keys).map(drop)
}

/// Moves the returns that a submission feeds, after its values were written, and keeps what awaits approval.
///
/// # Errors
/// The database's own.
pub fn deliver(conn: &mut Conn, context: &Context, submission: Id, rows: Vec<Delivered>) -> Result<()> {
    let now = context.now.naive_utc();
    let mut changes: BTreeMap<ReturnKey, i32> = BTreeMap::new();
    for row in &rows {
        *changes.entry(row.key).or_default() += i32::from(row.changed);
    }
    let keys: BTreeSet<ReturnKey> = changes.keys().copied().collect();
    let mut held = store::held(conn, &keys)?;
    let missing: Vec<ReturnRow> =
        keys.iter().filter(|key| !held.contains_key(key)).map(|key| ReturnRow::due(*key, now)).collect();
    if !missing.is_empty() {
        store::ensure(conn, &missing)?;
        held = store::held(conn, &keys)?;
    }
    let of_return = |row: Delivered| {
        let return_id = held.get(&row.key)?.id;
        row.draft.map(|draft| DraftRow { return_id, ..draft })
    };
    let waiting: Vec<DraftRow> = rows.into_iter().filter_map(of_return).collect();
    if !waiting.is_empty() {
        drafts::write(conn, submission, &waiting)?;
    }
    // What is there already and is sent once more moves nothing.
    held.retain(|key, row| row.state.is_missing() || changes.get(key).is_some_and(|changes| *changes > 0));
    let open: BTreeSet<ReturnKey> =
        held.iter().filter(|(_, row)| !row.state.is_approved()).map(|(key, _)| *key).collect();
    let owned = OwnedKpis::of(conn, &open.iter().map(|key| key.owner).collect())?;
    let complete = asked::complete(conn, &owned, &open)?;
    // Whoever sent what was approved since, or taken back, may approve what comes now.
    let begun = |row: &&ReturnRow| row.state.is_approved() || row.state == ReturnState::Withdrawn;
    let anew: Vec<Id> = held.values().filter(begun).map(|row| row.id).collect();
    authors::forget(conn, RESOURCE, &anew)?;
    let moved = |(key, row): (ReturnKey, ReturnRow)| {
        let state = row.state.delivered(complete.contains(&key));
        let is_new = row.state.is_missing();
        let all_there = state == ReturnState::Submitted;
        let first = if is_new { None } else { row.submitted_at };
        let since = if row.approved_on.is_some() { changes.get(&key).copied().unwrap_or_default() } else { 0 };
        ReturnRow {
            state,
            submission_id: submission,
            received_at: row.received_at.filter(|_| !is_new).or(Some(now)),
            submitted_at: first.or(all_there.then_some(now)),
            submitted_by: if all_there { Some(context.actor.subject.clone()) } else { row.submitted_by.clone() },
            changes_since_approval: row.changes_since_approval + since,
            ..row.renewed(now)
        }
    };
    let moved: Vec<ReturnRow> = held.into_iter().map(moved).collect();
    store::rewrite(conn, &moved)?;
    let ids: Vec<Id> = moved.iter().map(|row| row.id).collect();
    authors::keep_all(conn, RESOURCE, &ids, (&context.actor.subject, context.actor.body))
}
