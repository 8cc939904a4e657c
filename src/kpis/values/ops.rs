//! How much of a series a caller may see.

use super::provisional::ListedValue;
use super::rules::{UNSUPPRESSED, Visibility, not_provisional};
use super::store::{self, ListReplacedKpiValues, ListValues, ReplacedRow};
use crate::db::list::Listed;
use crate::db::{Conn, by_id};
use crate::error::Result;
use crate::http::Context;
use crate::kpis::catalogue::store::KpiRow;
use crate::organisations::ops::Covered;
use crate::vocabulary::Id;

/// How much the caller may see of one series, or of a place's total.
pub fn visibility(
    conn: &mut Conn,
    context: &Context,
    kpi: &KpiRow,
    organisation: Id,
    innovation: Id,
) -> Result<Visibility> {
    Ok(Sights::of(conn, context, organisation)?.visibility(kpi, innovation))
}

/// How much the caller may see of an organisation's series, or of a place's totals, whatever the KPI.
pub struct Sights {
    seen: Covered,
    whole: Covered,
    organisation: Id,
}

impl Sights {
    pub fn of(conn: &mut Conn, context: &Context, organisation: Id) -> Result<Self> {
        let whole = context.actor.reach(UNSUPPRESSED);
        Ok(Self {
            seen: Covered::of(conn, context, context.reach(), &[organisation])?,
            whole: Covered::of(conn, context, whole, &[organisation])?,
            organisation,
        })
    }

    pub fn visibility(&self, kpi: &KpiRow, innovation: Id) -> Visibility {
        if !self.is_covered(&self.seen, kpi, innovation) {
            Visibility::Hidden
        } else if !kpi.disclosure_control || self.is_covered(&self.whole, kpi, innovation) {
            Visibility::Full
        } else {
            Visibility::Suppressed
        }
    }

    /// Whether the caller may see what awaits approval: whoever sees counts as they are may, also where none is protected.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn permit_provisional(&self, kpi: &KpiRow, innovation: Id) -> Result<()> {
        if self.is_covered(&self.whole, kpi, innovation) { Ok(()) } else { Err(not_provisional()) }
    }

    fn is_covered(&self, by: &Covered, kpi: &KpiRow, innovation: Id) -> bool {
        by.covers(kpi.programme.as_deref(), Some(self.organisation), Some(innovation))
    }
}

/// The same for each row of a page that was already narrowed to what is visible: with one question to the database.
pub fn unsuppressed(conn: &mut Conn, context: &Context, rows: &[ListedValue]) -> Result<Unsuppressed> {
    let reach = context.actor.reach(UNSUPPRESSED);
    let mut organisations: Vec<Id> = rows.iter().map(|listed| listed.row.organisation_id).collect();
    organisations.sort_unstable();
    organisations.dedup();
    Ok(Unsuppressed(Covered::of(conn, context, reach, &organisations)?))
}

/// Whose counts the caller may see as they are.
pub struct Unsuppressed(Covered);

impl Unsuppressed {
    pub fn new(covered: Covered) -> Self {
        Self(covered)
    }

    pub fn visibility(&self, kpi: &KpiRow, organisation: Id, innovation: Id) -> Visibility {
        let full = self.0.covers(kpi.programme.as_deref(), Some(organisation), Some(innovation));
        if full { Visibility::Full } else { Visibility::Suppressed }
    }
}

/// Whether the caller sees any value that a submission wrote, or took away.
///
/// # Errors
/// `not-found` where they see none.
pub fn has_values_of(conn: &mut Conn, context: &Context, submission: &str) -> Result<()> {
    by_id(submission, "submission", |id| {
        let written = ListValues { submission: Some(id), ..ListValues::default() };
        if ListedValue::count(store::list(conn, context, &written)?, 1, conn)? > 0 {
            return Ok(Some(()));
        }
        let replaced = ListReplacedKpiValues { replaced_by: Some(id), ..ListReplacedKpiValues::default() };
        let query = store::replaced(conn, context, &replaced)?;
        Ok((ReplacedRow::count(query, 1, conn)? > 0).then_some(()))
    })
}
