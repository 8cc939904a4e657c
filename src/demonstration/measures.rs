//! What is done with KPIs beside sending values: a set of them, a recalculation and an exclusion, all illustrative.

use crate::access::Operation;
use crate::db::Conn;
use crate::error::Result;
use crate::http::context::Context;
use crate::kpis::acts::ops::{NewAct, create_act};
use crate::kpis::acts::rules::ActKind;
use crate::kpis::series::SeriesName;
use crate::kpis::sets::ops::{KpiSet, create_kpi_set};

pub fn load(conn: &mut Conn, context: &Context) -> Result<()> {
    let set = KpiSet {
        code: "stroke-care".to_owned(),
        name: "Stroke care (illustrative)".to_owned(),
        programme: Some("nia".to_owned()),
        kpis: vec!["stroke-door-to-decision".to_owned()],
        organisations: vec!["E92000001".to_owned()],
    };
    create_kpi_set(conn, &context.step(Operation::create_kpi_set), set)?;
    let series = |organisation: &str, kpi: &str, breakdown: Option<&str>| SeriesName {
        kpi: kpi.to_owned(),
        organisation: organisation.to_owned(),
        innovation: None,
        breakdown: breakdown.map(str::to_owned),
    };
    let recalculation = NewAct {
        kind: ActKind::Recalculation,
        series: series("RRV", "emergency-performance", None),
        period: "2017-10".to_owned(),
        baseline_points: None,
        reason: "A second assessment unit opened (illustrative).".to_owned(),
    };
    create_act(conn, &context.step(Operation::create_recalculation), recalculation)?;
    let exclusion = NewAct {
        kind: ActKind::Exclusion,
        series: series("RJ1", "emergency-attendances", Some("type=1")),
        period: "2018-01".to_owned(),
        baseline_points: None,
        reason: "The records system was down for a week (illustrative).".to_owned(),
    };
    create_act(conn, &context.step(Operation::create_exclusion), exclusion)?;
    Ok(())
}
