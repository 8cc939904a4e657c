//! Which KPIs a grid is of.

use crate::db::schema::{kpi_set_kpis, kpis, series};
use crate::db::{Conn, MultiBackend};
use crate::error::{Code, Error, Fault, Result};
use crate::kpis::catalogue;
use crate::kpis::catalogue::rules::KpiStatus;
use crate::kpis::catalogue::store::KpiRow;
use crate::kpis::sets;
use crate::kpis::totals::asked::Whose;
use crate::organisations::store::ever_below;
use crate::vocabulary::Id;
use diesel::prelude::*;

/// What the KPIs of a grid are narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    pub kpis: Option<Vec<String>>,
    pub set: Option<String>,
    pub programme: Option<String>,
}

impl Chosen {
    /// Whether KPIs are named, so that one without values is told too.
    pub fn names(&self) -> bool {
        self.kpis.is_some() || self.set.is_some()
    }
}

/// The KPIs that are named, or else the live ones of which there are series there; by name.
///
/// # Errors
/// `unknown-reference` for a KPI or the set.
pub fn kpis(conn: &mut Conn, whose: &Whose, chosen: &Chosen, most: i64) -> Result<Vec<KpiRow>> {
    let mut query = kpis::table.order_by((kpis::sort_name, kpis::code)).limit(most).into_boxed::<MultiBackend>();
    if let Some(codes) = &chosen.kpis {
        let named = catalogue::store::all_referred(conn, "?kpi", codes)?;
        query = query.filter(kpis::id.eq_any(named.into_iter().map(|kpi| kpi.id).collect::<Vec<Id>>()));
    }
    if let Some(code) = &chosen.set {
        let set = sets::store::find(conn, code)?.ok_or_else(|| unknown(code))?;
        let held = kpi_set_kpis::table.filter(kpi_set_kpis::set_id.eq(set.row.id)).select(kpi_set_kpis::kpi_id);
        query = query.filter(kpis::id.eq_any(held));
    }
    if let Some(programme) = &chosen.programme {
        query = query.filter(kpis::programme.eq(programme.to_ascii_lowercase()));
    }
    if !chosen.names() {
        let of = series::table.filter(series::innovation_id.eq(whose.innovation));
        query = query.filter(kpis::status.eq(KpiStatus::Live));
        query = if whose.is_place {
            let below = ever_below(whose.organisation.id);
            query.filter(kpis::id.eq_any(of.filter(series::organisation_id.eq_any(below)).select(series::kpi_id)))
        } else {
            let own = series::organisation_id.eq(whose.organisation.id);
            query.filter(kpis::id.eq_any(of.filter(own).select(series::kpi_id)))
        };
    }
    Ok(query.select(kpis::all_columns).load(conn)?)
}

fn unknown(code: &str) -> Error {
    let detail = format!("There is no KPI set {code}.");
    Error::new(Code::UnknownReference).detail(detail.clone()).fault(Fault::new("?set", "unknown-kpi-set", detail))
}
