//! Exclusions in the database.

use super::rules::{Exclusion, ExclusionAdded};
use crate::db::Conn;
use crate::db::schema::spc_acts;
use crate::error::Result;
use crate::http::{CodeParam, Codes, Context};
use crate::kpis::acts::rules::ActKind;
use crate::kpis::acts::store::{ActRow, Acts, kept, narrowed};
use crate::kpis::names::Names;
use crate::record::Stored;
use crate::vocabulary::instant;
use crate::{params, sortable};
use diesel::dsl::Select;
use diesel::prelude::*;

/// An exclusion has a name of its own for the period to sort by.
#[derive(Queryable)]
pub struct ExclusionRow(ActRow);

impl From<ExclusionRow> for ActRow {
    fn from(row: ExclusionRow) -> Self {
        row.0
    }
}

type Query = Select<Acts, (<spc_acts::table as Table>::AllColumns,)>;

sortable! { ExclusionRow, Query, key "id" => spc_acts::id as Id;
    spc_acts of |row| row.0 => "period" period_start, "createdAt" created_at, "updatedAt" updated_at, then id;
}

params! {
    /// What a list of exclusions may be narrowed to.
    pub struct ListExclusions list of ExclusionRow {
        /// Codes of KPIs.
        kpi: Codes = "kpi",
        /// Codes of organisations.
        organisation: Codes = "organisation",
        /// The code of a place: the series of that organisation and of all below it.
        place: CodeParam = "place",
    }
}

/// Those in force.
///
/// # Errors
/// `unknown-reference` for the place.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListExclusions) -> Result<Query> {
    let those = (&asked.kpi, &asked.organisation, &asked.place);
    Ok(narrowed(conn, context, kept(ActKind::Exclusion), those)?.select((spc_acts::all_columns,)))
}

/// The exclusions with the names of what they refer to.
pub fn named(conn: &mut Conn, rows: Vec<impl Into<ActRow>>) -> Result<Vec<Stored<Exclusion>>> {
    let rows: Vec<ActRow> = rows.into_iter().map(Into::into).collect();
    let keys: Vec<_> = rows.iter().map(|row| (row.kpi_id, row.organisation_id, row.innovation_id)).collect();
    let names = Names::of(conn, &keys)?;
    let named = |row: ActRow| {
        let key = row.key();
        let series = names.series(&key);
        let added = ExclusionAdded {
            id: row.id,
            kpi_name: names.kpi(key.kpi).map(|kpi| kpi.name.clone()).unwrap_or_default(),
            organisation_name: names.organisation(key.organisation).1,
            innovation_name: names.innovation(key.innovation).map(|(_, name)| name),
            breakdown: series.breakdown,
            made_by: row.made_by,
            created_at: instant(row.created_at),
        };
        let written = Exclusion {
            kpi: series.kpi,
            organisation: series.organisation,
            innovation: series.innovation,
            breakdown: None,
            period: names.label(&key, row.period_start),
            reason: row.reason,
        };
        Stored { added, written, version: row.version, updated_at: row.updated_at }
    };
    Ok(rows.into_iter().map(named).collect())
}
