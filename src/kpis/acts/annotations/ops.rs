//! What can be done with annotations, each in one transaction.

use super::rules::Annotation;
use super::store::{self, AnnotationRow};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch, Wrong};
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::series::{self, SeriesName};
use crate::record::Stored;
use crate::vocabulary::Id;
use serde_json::json;

const WHAT: &str = "annotation";

fn named(conn: &mut Conn, row: AnnotationRow) -> Result<Stored<Annotation>> {
    store::named(conn, vec![row])?.pop().ok_or_else(|| Error::internal("an annotation was lost"))
}

/// # Errors
/// `not-found`.
pub fn get_annotation(conn: &mut Conn, context: &Context, id: &str) -> Result<Stored<Annotation>> {
    let row = by_id(id, WHAT, |id| store::find(conn, context, id))?;
    named(conn, row)
}

/// Notes something of a point of a series.
///
/// # Errors
/// `unknown-reference`, `forbidden`, `validation-failed`.
pub fn create_annotation(conn: &mut Conn, context: &Context, new: Annotation) -> Result<Stored<Annotation>> {
    let text = new.checked()?;
    let Annotation { kpi, organisation, innovation, breakdown, period, .. } = new;
    let (kpi, key) = SeriesName { kpi, organisation, innovation, breakdown }.resolve(conn)?;
    let period = series::period(&kpi, "/period", &period)?;
    series::permit(conn, context, &kpi, (key.organisation, None), period.start())?;
    let row = AnnotationRow::new(context, key, period.start(), text);
    store::insert(conn, &row)?;
    finish(conn, context, &kpi, row)
}

/// An annotation that stands, within the caller's grants, of the version that the caller knows.
fn standing(conn: &mut Conn, context: &Context, id: &str) -> Result<(KpiRow, AnnotationRow)> {
    let row = by_id(id, WHAT, |id| store::find(conn, context, id))?;
    let kpi = series::kpi(conn, row.kpi_id)?;
    series::permit(conn, context, &kpi, (row.organisation_id, None), row.period_start)?;
    context.check_version(row.version)?;
    if row.withdrawn_at.is_some() {
        return Err(Error::new(Code::Immutable).detail("The annotation was taken back. Add another."));
    }
    Ok((kpi, row))
}

/// Changes the text of an annotation.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`.
pub fn update_annotation(
    conn: &mut Conn,
    context: &Context,
    id: &str,
    patch: &Patch<Annotation>,
) -> Result<Stored<Annotation>> {
    let (kpi, present) = standing(conn, context, id)?;
    let before = named(conn, present.clone())?.written;
    let Some(new) = context.revised(&before, present.version, patch)? else { return named(conn, present) };
    before.check_change(&new)?;
    write(conn, context, &kpi, AnnotationRow { text: new.checked()?, ..present })
}

/// Takes an annotation back. It is kept, with the reason.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed` without a reason.
pub fn delete_annotation(conn: &mut Conn, context: &Context, id: &str, wrong: Wrong) -> Result<()> {
    let (kpi, present) = standing(conn, context, id)?;
    let reason = wrong.given()?;
    let withdrawn_at = Some(context.now.naive_utc());
    write(conn, context, &kpi, AnnotationRow { withdrawn_at, withdrawn_reason: Some(reason), ..present }).map(drop)
}

fn write(conn: &mut Conn, context: &Context, kpi: &KpiRow, row: AnnotationRow) -> Result<Stored<Annotation>> {
    let row = AnnotationRow { version: row.version + 1, updated_at: context.now.naive_utc(), ..row };
    store::update(conn, &row)?;
    finish(conn, context, kpi, row)
}

/// Records the change and returns the annotation.
fn finish(conn: &mut Conn, context: &Context, kpi: &KpiRow, row: AnnotationRow) -> Result<Stored<Annotation>> {
    let mut data = json!({ "kpi": kpi.code, "breakdown": row.breakdown, "period": row.period_start });
    if let Some(reason) = &row.withdrawn_reason {
        data["withdrawn"] = json!(reason);
    }
    let event = Event {
        organisation_id: Some(row.organisation_id),
        innovation_id: Some(row.innovation_id).filter(|id| *id != Id::NONE),
        programme: kpi.programme.clone(),
        ..Event::new(WHAT, &row.id.to_string(), row.version, data)
    };
    events::record(conn, context, event)?;
    named(conn, row)
}
