//! Adoptions as each caller may see them.

use super::dated::{self, DatedAdoption};
use super::rules::Adoption;
use super::store::{self, AdoptionRow, NamedAdoption};
use crate::access::Operation;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::http::Context;
use crate::organisations;
use crate::record::Stored;
use crate::vocabulary::Id;
use std::collections::HashSet;

/// Whose counts of patients the caller may see as they are.
fn seen_whole(conn: &mut Conn, context: &Context, places: &[Id]) -> Result<organisations::ops::Covered> {
    let reach = context.actor.reach(Operation::see_unsuppressed_values);
    organisations::ops::Covered::of(conn, context, reach, places)
}

/// Whether the caller may see the counts of patients of this adoption as they are.
pub fn sees_whole(conn: &mut Conn, context: &Context, row: &AdoptionRow) -> Result<bool> {
    let whole = seen_whole(conn, context, &[row.organisation_id])?;
    Ok(whole.covers(None, Some(row.organisation_id), Some(row.innovation_id)))
}

/// Those of the adoptions of which the caller may see the counts of patients as they are.
pub fn seen_whole_of(conn: &mut Conn, context: &Context, ids: &[Id]) -> Result<HashSet<Id>> {
    let ends = store::ends(conn, ids)?;
    let places: Vec<Id> = ends.iter().map(|(_, _, organisation)| *organisation).collect();
    let whole = seen_whole(conn, context, &places)?;
    let seen = ends
        .into_iter()
        .filter(|(_, innovation, organisation)| whole.covers(None, Some(*organisation), Some(*innovation)));
    Ok(seen.map(|(id, _, _)| id).collect())
}

/// Adoptions as the caller may see them: counts of patients as they are for who may see values of that organisation or
/// innovation so.
pub fn shown(conn: &mut Conn, context: &Context, rows: Vec<NamedAdoption>) -> Result<Vec<Stored<Adoption>>> {
    let places: Vec<Id> = rows.iter().map(|found| found.row.organisation_id).collect();
    let whole = seen_whole(conn, context, &places)?;
    let show = |found: DatedAdoption| {
        let row = &found.named.row;
        let is_whole = whole.covers(None, Some(row.organisation_id), Some(row.innovation_id));
        found.stored(!is_whole)
    };
    Ok(dated::dated(conn, rows)?.into_iter().map(show).collect())
}

pub fn shown_one(conn: &mut Conn, context: &Context, found: NamedAdoption) -> Result<Stored<Adoption>> {
    shown(conn, context, vec![found])?.pop().ok_or_else(|| Error::internal("an adoption was lost"))
}
