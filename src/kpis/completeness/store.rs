//! How far the returns of a period have come.

use crate::calendar::Period;
use crate::db::Conn;
use crate::db::schema::kpi_returns;
use crate::error::Result;
use crate::kpis::returns::rules::{Owner, ReturnState};
use crate::vocabulary::Id;
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::HashMap;

/// How far the returns of a period have come, by organisation: the state, and when all of each was there.
pub fn returns(
    conn: &mut Conn,
    owner: Owner,
    period: Period,
) -> Result<HashMap<Id, (ReturnState, Option<NaiveDateTime>)>> {
    let rows = kpi_returns::table
        .filter(kpi_returns::set_id.eq(owner.set))
        .filter(kpi_returns::kpi_id.eq(owner.kpi))
        .filter(kpi_returns::period_type.eq(period.kind()))
        .filter(kpi_returns::period_start.eq(period.start()))
        .select((kpi_returns::organisation_id, (kpi_returns::state, kpi_returns::submitted_at)));
    Ok(rows.load::<(Id, (ReturnState, Option<NaiveDateTime>))>(conn)?.into_iter().collect())
}
