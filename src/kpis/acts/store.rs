//! Acts in the database.

use super::rules::{ActKind, ActState, RecalculationKind};
use crate::db::schema::{kpis, organisations, spc_acts};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Codes, Context};
use crate::kpis::series::SeriesKey;
use crate::organisations::store::{below, referred};
use crate::vocabulary::Id;
use crate::writable;
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = spc_acts, treat_none_as_null = true)]
pub struct ActRow {
    pub id: Id,
    pub kind: ActKind,
    pub kpi_id: Id,
    pub organisation_id: Id,
    pub innovation_id: Id,
    pub breakdown: String,
    /// The first day of the first period of the new part, or of the period that is left out.
    pub period_start: NaiveDate,
    /// Of a recalculation: how many points set the new mean and limits; all of the part without.
    pub baseline_points: Option<i32>,
    pub reason: String,
    pub made_by: String,
    pub archived_at: Option<NaiveDateTime>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// An exclusion is accepted from the beginning on.
    pub state: ActState,
    /// Of a recalculation alone.
    pub recalculation_kind: Option<RecalculationKind>,
    pub evidence: Option<String>,
}

impl ActRow {
    /// An act that decides from now on.
    pub fn new(context: &Context, kind: ActKind, key: SeriesKey, period_start: NaiveDate, reason: String) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            kind,
            kpi_id: key.kpi,
            organisation_id: key.organisation,
            innovation_id: key.innovation,
            breakdown: key.breakdown,
            period_start,
            baseline_points: None,
            reason,
            made_by: context.actor.subject.clone(),
            archived_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
            state: ActState::Accepted,
            recalculation_kind: None,
            evidence: None,
        }
    }

    pub fn key(&self) -> SeriesKey {
        SeriesKey {
            kpi: self.kpi_id,
            organisation: self.organisation_id,
            innovation: self.innovation_id,
            breakdown: self.breakdown.clone(),
        }
    }
}

writable! { spc_acts, ActRow }

pub type Acts = spc_acts::BoxedQuery<'static, MultiBackend>;

/// Those that were not removed.
pub fn kept(kind: ActKind) -> Acts {
    spc_acts::table.filter(spc_acts::archived_at.is_null()).filter(spc_acts::kind.eq(kind)).into_boxed()
}

/// Those of some KPIs and organisations, within the end user's organisation where there is one.
///
/// # Errors
/// `unknown-reference` for the place.
pub fn narrowed(
    conn: &mut Conn,
    context: &Context,
    mut query: Acts,
    (kpi, organisation, place): (&Option<Codes>, &Option<Codes>, &Option<CodeParam>),
) -> Result<Acts> {
    if let Some(Codes(codes)) = kpi {
        let codes: Vec<String> = codes.iter().map(|code| code.to_ascii_lowercase()).collect();
        let wanted = kpis::table.filter(kpis::code.eq_any(codes)).select(kpis::id);
        query = query.filter(spc_acts::kpi_id.eq_any(wanted));
    }
    if let Some(Codes(codes)) = organisation {
        let codes: Vec<String> = codes.iter().map(|code| code.to_ascii_uppercase()).collect();
        let wanted = organisations::table.filter(organisations::code.eq_any(codes)).select(organisations::id);
        query = query.filter(spc_acts::organisation_id.eq_any(wanted));
    }
    let place = place.as_ref().map(|place| referred(conn, "?place", &place.0)).transpose()?;
    for place in place.into_iter().chain(context.within()) {
        query = query.filter(spc_acts::organisation_id.eq_any(below(vec![place], context.today())));
    }
    Ok(query)
}

/// The act of a kind that a period of a series has, accepted or proposed.
pub fn standing_at(conn: &mut Conn, kind: ActKind, key: &SeriesKey, start: NaiveDate) -> Result<Option<ActRow>> {
    let own = kept(kind)
        .filter(spc_acts::state.ne(ActState::Refused))
        .filter(spc_acts::kpi_id.eq(key.kpi))
        .filter(spc_acts::organisation_id.eq(key.organisation))
        .filter(spc_acts::innovation_id.eq(key.innovation))
        .filter(spc_acts::breakdown.eq(key.breakdown.clone()))
        .filter(spc_acts::period_start.eq(start));
    Ok(own.first(conn).optional()?)
}

/// The acts of both kinds on the same series of several KPIs that decide how it is read, by period.
pub fn of_kpis(
    conn: &mut Conn,
    kpis: &[Id],
    (organisation, innovation, breakdown): (Id, Id, &str),
) -> Result<Vec<ActRow>> {
    let rows = spc_acts::table
        .filter(spc_acts::archived_at.is_null())
        .filter(spc_acts::state.eq(ActState::Accepted))
        .filter(spc_acts::kpi_id.eq_any(kpis.to_vec()))
        .filter(spc_acts::organisation_id.eq(organisation))
        .filter(spc_acts::innovation_id.eq(innovation))
        .filter(spc_acts::breakdown.eq(breakdown.to_owned()));
    Ok(rows.order_by(spc_acts::period_start).load(conn)?)
}

pub fn find(conn: &mut Conn, kind: ActKind, id: Id) -> Result<Option<ActRow>> {
    Ok(kept(kind).filter(spc_acts::id.eq(id)).first(conn).optional()?)
}
