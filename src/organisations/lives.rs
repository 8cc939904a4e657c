//! What stands and falls with the days on which an organisation exists, and with its type: the successions that rest on them, its
//! edges, and what follows for the closure.

use super::closure;
use super::edges::ops::{HIERARCHY_LOCK, end, prolong, withdraw};
use super::edges::rules::check_ends;
use super::edges::store::{EdgeRow, check_overlaps, ending, lasting};
use super::rules::{Organisation, OrganisationType, SuccessionKind};
use super::store::{self, OrganisationRow};
use crate::calendar::Span;
use crate::db::Conn;
use crate::db::dialect::lock;
use crate::db::schema::{organisation_successions, organisation_successors};
use crate::error::{Error, Result};
use crate::http::Context;
use crate::vocabulary::Id;
use chrono::NaiveDate;
use diesel::prelude::*;
use std::collections::{BTreeSet, HashMap};

/// Writes an organisation with other facts, and what follows from other days or another type.
///
/// # Errors
/// `validation-failed` for days on which a succession rests, and for a type that its edges do not fit; `already-exists`.
pub fn overwrite(conn: &mut Conn, context: &Context, before: &Organisation, row: &OrganisationRow) -> Result<()> {
    let new = row.organisation();
    let moved = (before.valid_from, before.valid_to, before.kind) != (new.valid_from, new.valid_to, new.kind);
    if !moved {
        return store::update(conn, row);
    }
    lock(conn, HIERARCHY_LOCK)?;
    check_days(&acts(conn, row.id)?, before, &new)?;
    store::update(conn, row)?;
    let mut changed = BTreeSet::from([row.id]);
    if before.valid_to != new.valid_to {
        changed.extend(follow_closing(conn, context, row, before.valid_to)?);
    }
    if before.kind != new.kind {
        changed.extend(check_edges(conn, row.id)?);
    }
    closure::rebuild_below(conn, &changed.into_iter().collect::<Vec<_>>())
}

/// What an organisation is in a succession that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// It closed on the day.
    Ended,
    /// Some of it went to others on the day, and it lives on.
    Gave,
    Succeeded,
}

impl Part {
    /// Whether who exists on these days can have this part on a day.
    fn fits(self, life: Span, day: NaiveDate) -> bool {
        match self {
            Self::Ended => life.from < day && life.to == day,
            Self::Gave => life.from < day && day < life.to,
            // Whose place was taken on the same day succeeded all the same.
            Self::Succeeded => life.from <= day && day <= life.to,
        }
    }
}

/// The successions of an organisation that stand: its part, the day, and whether its place was taken on the same day.
fn acts(conn: &mut Conn, of: Id) -> Result<Vec<(Part, NaiveDate)>> {
    let standing = organisation_successions::table.filter(organisation_successions::withdrawn_at.is_null());
    let own = standing
        .filter(organisation_successions::from_id.eq(of))
        .select((organisation_successions::kind, organisation_successions::effective_on));
    let own = own.load::<(SuccessionKind, NaiveDate)>(conn)?.into_iter().map(|(kind, on)| {
        let part = if kind == SuccessionKind::Transfer { Part::Gave } else { Part::Ended };
        (part, on)
    });
    let others = organisation_successors::table
        .inner_join(organisation_successions::table)
        .filter(organisation_successions::withdrawn_at.is_null())
        .filter(organisation_successions::from_id.ne(of))
        .filter(organisation_successors::to_id.eq(of))
        .select(organisation_successions::effective_on);
    let others = others.load::<NaiveDate>(conn)?.into_iter().map(|on| (Part::Succeeded, on));
    let mut acts: Vec<(Part, NaiveDate)> = own.chain(others).collect();
    acts.sort_by_key(|(_, on)| *on);
    Ok(acts)
}

/// Whether an organisation may exist on other days beside its successions.
fn check_days(acts: &[(Part, NaiveDate)], before: &Organisation, new: &Organisation) -> Result<()> {
    let broken = acts.iter().find(|(part, on)| part.fits(before.span(), *on) && !part.fits(new.span(), *on));
    let Some((part, on)) = broken else { return Ok(()) };
    let did = match part {
        Part::Ended => "became another organisation",
        Part::Gave => "gave some of its organisations to another",
        Part::Succeeded => "took the place of another organisation",
    };
    let pointer = if before.valid_to == new.valid_to { "/validFrom" } else { "/validTo" };
    let detail = format!("{} {did} on {on}. Take that succession back before you change these days.", new.code);
    Err(Error::invalid(pointer, "succession", detail))
}

/// Ends the edges of an organisation with it, as a succession does: one that would begin later never holds. Where it closes later
/// than it did, or not at all, those that ended with it last as long. Returns what lies below by these edges.
fn follow_closing(
    conn: &mut Conn,
    context: &Context,
    row: &OrganisationRow,
    was: Option<NaiveDate>,
) -> Result<Vec<Id>> {
    let mut changed = Vec::new();
    if let Some(was) = was.filter(|was| row.valid_to.is_none_or(|to| *was < to)) {
        for edge in ending(conn, row.id, was)? {
            changed.push(edge.child_id);
            prolong(conn, context, edge, row.valid_to.unwrap_or(Span::ALWAYS.to))?;
        }
    }
    if let Some(to) = row.valid_to {
        for edge in lasting(conn, row.id, to)? {
            changed.push(edge.child_id);
            close(conn, context, edge, &row.code, to)?;
        }
    }
    Ok(changed)
}

/// Ends an edge on the day on which one of its organisations closes; one that begins later never holds.
///
/// # Errors
/// What the database fails with.
fn close(conn: &mut Conn, context: &Context, edge: EdgeRow, code: &str, on: NaiveDate) -> Result<()> {
    if edge.from_on < on {
        return end(conn, context, edge, on);
    }
    withdraw(conn, context, edge, format!("{code} closed on {on}.")).map(drop)
}

/// Holds all edges of an organisation against its type. Returns what lies below by them.
fn check_edges(conn: &mut Conn, of: Id) -> Result<Vec<Id>> {
    let edges = lasting(conn, of, Span::ALWAYS.from)?;
    let ends: BTreeSet<Id> = edges.iter().flat_map(|edge| [edge.parent_id, edge.child_id]).collect();
    let ends: HashMap<Id, (OrganisationType, String)> =
        store::by_ids(conn, &ends)?.into_iter().map(|row| (row.id, (row.kind, row.code))).collect();
    for edge in &edges {
        let (Some((above, parent)), Some((below, child))) = (ends.get(&edge.parent_id), ends.get(&edge.child_id))
        else {
            continue;
        };
        let fits = check_ends(edge.kind, *above, *below).and_then(|()| check_overlaps(conn, edge));
        fits.map_err(|error| match error.listed() {
            [fault] => {
                let detail = format!("The edge of {child} below {parent} stands against it. {}", fault.detail);
                Error::invalid("/type", fault.code, detail)
            }
            _ => error,
        })?;
    }
    Ok(edges.into_iter().map(|edge| edge.child_id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_stay_on_which_a_succession_rests() {
        let day = |month: u32| NaiveDate::from_ymd_opt(2026, month, 1).expect("a day");
        let lived = |(from, to): (Option<u32>, Option<u32>)| Organisation {
            valid_from: from.map(day),
            valid_to: to.map(day),
            ..Organisation::named("A", "A board", OrganisationType::Icb)
        };
        for (part, before, after, expected) in [
            (Part::Ended, (None, Some(4)), (None, None), Some("/validTo")),
            (Part::Ended, (None, Some(4)), (None, Some(5)), Some("/validTo")),
            (Part::Ended, (None, Some(4)), (Some(2), Some(4)), None),
            (Part::Gave, (None, None), (None, Some(4)), Some("/validTo")),
            (Part::Gave, (None, None), (None, Some(5)), None),
            (Part::Gave, (None, None), (Some(4), None), Some("/validFrom")),
            (Part::Succeeded, (None, None), (None, Some(3)), Some("/validTo")),
            (Part::Succeeded, (None, None), (Some(5), None), Some("/validFrom")),
            (Part::Succeeded, (None, None), (Some(4), None), None),
            (Part::Succeeded, (Some(5), None), (Some(6), None), None),
        ] {
            let checked = check_days(&[(part, day(4))], &lived(before), &lived(after));
            let pointer = checked.as_ref().err().map(|error| error.listed()[0].pointer.as_str());
            assert_eq!(pointer, expected, "{part:?} {before:?} {after:?}");
        }
    }
}
