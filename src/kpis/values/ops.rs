//! How much of a series a caller may see.

use super::rules::Visibility;
use super::store::ValueRow;
use crate::access::{Operation, Reach};
use crate::db::Conn;
use crate::error::Result;
use crate::http::Context;
use crate::kpis::catalogue::store::KpiRow;
use crate::vocabulary::Id;
use std::collections::HashSet;

/// The ability to see unsuppressed counts.
pub const UNSUPPRESSED: Operation = Operation::see_unsuppressed_values;

/// How much the caller may see of one series, or of a place's total.
pub fn visibility(
    conn: &mut Conn,
    context: &Context,
    kpi: &KpiRow,
    organisation: Id,
    innovation: Id,
) -> Result<Visibility> {
    let mut reaches = |reach: &Reach| -> Result<bool> {
        if covers_without_place(reach, kpi.programme.as_deref(), innovation) {
            return Ok(true);
        }
        crate::organisations::ops::covers_organisation(conn, context, reach, organisation)
    };
    if !reaches(&context.reach())? {
        return Ok(Visibility::Hidden);
    }
    if !kpi.disclosure_control || reaches(&context.actor.reach(UNSUPPRESSED))? {
        Ok(Visibility::Full)
    } else {
        Ok(Visibility::Suppressed)
    }
}

fn covers_without_place(reach: &Reach, programme: Option<&str>, innovation: Id) -> bool {
    reach.covers_programme(programme) || (innovation != Id::NONE && reach.innovations.contains(&innovation))
}

/// The same for each row of a page that was already narrowed to what is visible: with one question to the database.
pub fn unsuppressed(conn: &mut Conn, context: &Context, rows: &[ValueRow]) -> Result<Unsuppressed> {
    let reach = context.actor.reach(UNSUPPRESSED);
    let mut organisations: Vec<Id> = rows.iter().map(|row| row.organisation_id).collect();
    organisations.sort_unstable();
    organisations.dedup();
    let organisations = if reach.everything || reach.organisations.is_empty() {
        HashSet::new()
    } else {
        crate::organisations::store::those_below(conn, &reach.organisations, &organisations, context.today())?
    };
    Ok(Unsuppressed { reach, organisations })
}

/// Whose counts the caller may see as they are.
pub struct Unsuppressed {
    reach: Reach,
    organisations: HashSet<Id>,
}

impl Unsuppressed {
    pub fn visibility(&self, kpi: &KpiRow, organisation: Id, innovation: Id) -> Visibility {
        let full = covers_without_place(&self.reach, kpi.programme.as_deref(), innovation)
            || self.organisations.contains(&organisation);
        if full { Visibility::Full } else { Visibility::Suppressed }
    }
}
