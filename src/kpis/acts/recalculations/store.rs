//! Recalculations in the database.

use super::rules::{Recalculation, RecalculationAdded};
use crate::db::Conn;
use crate::db::schema::spc_acts;
use crate::error::Result;
use crate::http::{CodeParam, Codes, Context, OneOf};
use crate::kpis::acts::rules::{ActKind, ActState, RecalculationKind};
use crate::kpis::acts::store::{ActRow, Acts, kept, narrowed};
use crate::kpis::names::Names;
use crate::record::Stored;
use crate::vocabulary::instant;
use crate::{one_of, params, sortable};
use diesel::dsl::Select;
use diesel::prelude::*;

/// A recalculation has a name of its own for the period to sort by.
#[derive(Queryable)]
pub struct RecalculationRow(ActRow);

impl From<RecalculationRow> for ActRow {
    fn from(row: RecalculationRow) -> Self {
        row.0
    }
}

type Query = Select<Acts, (<spc_acts::table as Table>::AllColumns,)>;

sortable! { RecalculationRow, Query, key "id" => spc_acts::id as Id;
    spc_acts of |row| row.0 => "from" period_start, "createdAt" created_at, "updatedAt" updated_at, then id;
}

params! {
    /// What a list of recalculations may be narrowed to.
    pub struct ListRecalculations list of RecalculationRow {
        /// Codes of KPIs.
        kpi: Codes = "kpi",
        /// Codes of organisations.
        organisation: Codes = "organisation",
        /// The code of a place: the series of that organisation and of all below it.
        place: CodeParam = "place",
        /// Whether they are proposed, accepted or refused. Default: `accepted`, which are those in force.
        state: OneOf<ActState> = "state",
    }
}

/// # Errors
/// `unknown-reference` for the place.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListRecalculations) -> Result<Query> {
    let states = asked.state.as_ref().map_or_else(|| vec![ActState::Accepted], |states| states.0.clone());
    let acts = kept(ActKind::Recalculation).filter(one_of!(spc_acts::state, states));
    let those = (&asked.kpi, &asked.organisation, &asked.place);
    Ok(narrowed(conn, context, acts, those)?.select((spc_acts::all_columns,)))
}

/// The recalculations with the names of what they refer to.
pub fn named(conn: &mut Conn, rows: Vec<impl Into<ActRow>>) -> Result<Vec<Stored<Recalculation>>> {
    let rows: Vec<ActRow> = rows.into_iter().map(Into::into).collect();
    let keys: Vec<_> = rows.iter().map(|row| (row.kpi_id, row.organisation_id, row.innovation_id)).collect();
    let names = Names::of(conn, &keys)?;
    let named = |row: ActRow| {
        let key = row.key();
        let series = names.series(&key);
        let added = RecalculationAdded {
            id: row.id,
            kpi_name: names.kpi(key.kpi).map(|kpi| kpi.name.clone()).unwrap_or_default(),
            organisation_name: names.organisation(key.organisation).1,
            innovation_name: names.innovation(key.innovation).map(|(_, name)| name),
            breakdown: series.breakdown,
            state: row.state,
            made_by: row.made_by,
            created_at: instant(row.created_at),
            warnings: None,
            actions: None,
        };
        let written = Recalculation {
            kpi: series.kpi,
            organisation: series.organisation,
            innovation: series.innovation,
            breakdown: None,
            from: names.label(&key, row.period_start),
            baseline_points: row.baseline_points,
            kind: row.recalculation_kind.unwrap_or(RecalculationKind::Review),
            reason: row.reason,
            evidence: row.evidence,
        };
        Stored { added, written, version: row.version, updated_at: row.updated_at }
    };
    Ok(rows.into_iter().map(named).collect())
}
