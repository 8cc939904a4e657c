//! What can be done with figures that were achieved, each in one transaction.

use super::rules::Realisation;
use super::store::{self, RealisationRow};
use crate::access::outside;
use crate::benefits::ops::{get_benefit, is_independent, seen_whole, speaks_for, touch};
use crate::benefits::store::{NamedBenefit, find_some, resting_on_illustrative};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::http::{Context, Wrong};
use crate::record::Stored;
use crate::vocabulary::Id;
use serde_json::json;
use std::collections::{BTreeSet, HashMap};

/// Figures as the caller may see them.
pub fn shown(conn: &mut Conn, context: &Context, rows: Vec<RealisationRow>) -> Result<Vec<Stored<Realisation>>> {
    let ids: BTreeSet<Id> = rows.iter().map(|row| row.benefit_id).collect();
    let invented = resting_on_illustrative(conn, ids.iter().copied().collect())?;
    let claims = find_some(conn, context, ids)?;
    let whole = seen_whole(conn, context, &claims)?;
    let claims: HashMap<Id, NamedBenefit> = claims.into_iter().map(|claim| (claim.row.id, claim)).collect();
    let show = |row: RealisationRow| {
        let claim = claims.get(&row.benefit_id)?;
        Some(row.stored(claim, !whole.contains(&claim.row.id), invented.contains(&claim.row.id)))
    };
    Ok(rows.into_iter().filter_map(show).collect())
}

fn shown_one(conn: &mut Conn, context: &Context, row: RealisationRow) -> Result<Stored<Realisation>> {
    shown(conn, context, vec![row])?.pop().ok_or_else(|| Error::internal("a realised figure was lost"))
}

fn find(conn: &mut Conn, context: &Context, claim: &str, id: &str) -> Result<(NamedBenefit, RealisationRow)> {
    let claim = get_benefit(conn, context, claim)?;
    let row = by_id(id, "realisation", |id| store::find(conn, claim.row.id, id))?;
    Ok((claim, row))
}

/// # Errors
/// `not-found` for the claim or the figure.
pub fn get_benefit_realisation(
    conn: &mut Conn,
    context: &Context,
    claim: &str,
    id: &str,
) -> Result<Stored<Realisation>> {
    let (_, row) = find(conn, context, claim, id)?;
    shown_one(conn, context, row)
}

const CONFIRMED_BY_ANOTHER: &str =
    "Somebody of another body than everyone who made or changed the claim must confirm what was achieved.";

/// Confirms what was achieved of a claim in a year. The claim then stays as it is.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed`, `not-accepted`, `separation-of-duties`, `already-exists` for a day to which
/// another figure is counted.
pub fn create_benefit_realisation(
    conn: &mut Conn,
    context: &Context,
    claim: &str,
    new: Realisation,
) -> Result<Stored<Realisation>> {
    let claim = get_benefit(conn, context, claim)?.row;
    if !speaks_for(conn, context, &claim)? {
        return Err(outside());
    }
    let counted = new.check(&claim.extent(), context.today())?;
    if !is_independent(conn, context, &claim)? {
        return Err(Error::new(Code::SeparationOfDuties).detail(CONFIRMED_BY_ANOTHER));
    }
    if !claim.counted {
        return Err(Error::new(Code::NotAccepted));
    }
    if store::is_counted_to(conn, claim.id, counted.to)? {
        let detail =
            format!("A figure that is counted to {} stands already. Take it back first if it is wrong.", counted.to);
        return Err(Error::new(Code::AlreadyExists).detail(detail));
    }
    let row = RealisationRow::new(context, claim.id, new, counted);
    store::insert(conn, &row)?;
    let said = json!({ "year": counted.year, "countedTo": counted.to, "figure": counted.figure });
    touch(conn, context, claim, said)?;
    shown_one(conn, context, row)
}

/// Takes a figure back that was wrong. It is kept, with the reason.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed` without a reason.
pub fn delete_benefit_realisation(
    conn: &mut Conn,
    context: &Context,
    claim: &str,
    id: &str,
    wrong: Wrong,
) -> Result<()> {
    let (claim, row) = find(conn, context, claim, id)?;
    if !speaks_for(conn, context, &claim.row)? {
        return Err(outside());
    }
    context.check_version(row.version)?;
    if row.withdrawn_at.is_some() {
        return Err(Error::new(Code::Immutable).detail("The figure was taken back already."));
    }
    // Whoever claimed may not take back what another confirmed.
    if !is_independent(conn, context, &claim.row)? {
        return Err(Error::new(Code::SeparationOfDuties).detail(CONFIRMED_BY_ANOTHER));
    }
    let reason = wrong.given()?;
    let said = json!({ "year": row.year_on, "countedTo": row.counted_to, "withdrawn": reason });
    store::update(conn, &row.withdrawn(context, reason))?;
    touch(conn, context, claim.row, said)
}
