//! `/v1/kpi-sets/{code}/completeness`.

use super::ops::{AskedOne, Completeness};
use crate::error::Result;
use crate::http::csv::Sheet;
use crate::http::{CSV, CodeParam, Cx, Query, Reply, Routes};
use crate::kpis::returns::rules::ReturnState;
use crate::kpis::sets::http::KpiSetPath;
use crate::params;
use crate::vocabulary::{Timestamp, instant};
use actix_web::http::StatusCode;
use actix_web::{get, web};
use serde::Serialize;
use utoipa::ToSchema;

pub fn routes(routes: &mut Routes) {
    routes.service(get_kpi_set_completeness);
}

params! {
    /// Which returns of the set are meant.
    pub struct GetCompleteness {
        /// The period, as one of the set's KPIs writes it, or by where it lies to today, such as `last-month`. It is needed.
        period: CodeParam = "period",
        /// The code of the place: that organisation and all below it in the period. Default: England.
        place: CodeParam = "place",
    }
}

/// How complete the returns of a set are.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = KpiSetCompletenessResponse)]
pub struct CompletenessResponse {
    #[schema(example = "stroke-care", max_length = 60)]
    set: String,
    #[schema(example = "QKK", max_length = 60)]
    place: String,
    #[schema(max_length = 300)]
    place_name: String,
    #[schema(example = "2026-04", max_length = 20)]
    period: String,
    /// Until when returns are on time, by the definitions that held on the period's last day; null where none of its KPIs had a
    /// deadline.
    #[schema(format = "date-time", max_length = 40)]
    due_at: Option<String>,
    /// How many organisations were asked: on the map and with the types and lives of the period's last day, without those that
    /// provide none of it.
    #[schema(minimum = 0)]
    expected: usize,
    /// From how many something has come.
    #[schema(minimum = 0)]
    received: usize,
    /// From how many all that is asked had come in time; without a deadline, at any time.
    #[schema(minimum = 0)]
    on_time: usize,
    /// How many are approved, those that are accepted among them, and not amended since.
    #[schema(minimum = 0)]
    approved: usize,
    #[schema(minimum = 0)]
    accepted: usize,
    rates: CompletenessRates,
    /// From whom nothing has come, by code.
    #[schema(max_items = 100000)]
    missing: Vec<MissingReturn>,
}

/// Shares of those that were asked, from 0 to 1; null where nobody was.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CompletenessRates {
    #[schema(minimum = 0, maximum = 1)]
    received: Option<f64>,
    #[schema(minimum = 0, maximum = 1)]
    on_time: Option<f64>,
    #[schema(minimum = 0, maximum = 1)]
    approved: Option<f64>,
    #[schema(minimum = 0, maximum = 1)]
    accepted: Option<f64>,
}

/// An organisation from which nothing has come.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MissingReturn {
    #[schema(example = "RF4", max_length = 60)]
    organisation: String,
    #[schema(max_length = 300)]
    organisation_name: String,
    #[schema(format = "date-time", max_length = 40)]
    due_at: Option<String>,
    /// Whether that has gone by.
    late: bool,
}

fn text(at: Timestamp) -> String {
    instant(at.naive_utc())
}

impl CompletenessResponse {
    fn of(all: &Completeness) -> Self {
        let expected = all.asked.len();
        let received = all.count(|one| !one.state.is_missing());
        let on_time = all.count(|one| all.was_on_time(one));
        let approved = all.count(|one| one.state.is_approved());
        let accepted = all.count(|one| one.state == ReturnState::Accepted);
        let rate = |some: usize| (expected > 0).then(|| some as f64 / expected as f64);
        let missing = |one: &AskedOne| MissingReturn {
            organisation: one.code.clone(),
            organisation_name: one.name.clone(),
            due_at: all.due_at.map(text),
            late: all.is_late(one),
        };
        Self {
            set: all.set.clone(),
            place: all.place.code.clone(),
            place_name: all.place.name.clone(),
            period: all.period.label(),
            due_at: all.due_at.map(text),
            expected,
            received,
            on_time,
            approved,
            accepted,
            rates: CompletenessRates {
                received: rate(received),
                on_time: rate(on_time),
                approved: rate(approved),
                accepted: rate(accepted),
            },
            missing: all.asked.iter().filter(|one| one.state.is_missing()).map(missing).collect(),
        }
    }
}

/// A line for each organisation that was asked.
fn csv(all: &Completeness) -> Result<Vec<u8>> {
    let mut sheet =
        Sheet::with_header(["set", "period", "organisation", "organisationName", "state", "dueAt", "onTime", "late"])?;
    for one in &all.asked {
        sheet.row([
            all.set.clone(),
            all.period.label(),
            one.code.clone(),
            one.name.clone(),
            one.state.as_str().to_owned(),
            all.due_at.map(text).unwrap_or_default(),
            all.was_on_time(one).to_string(),
            all.is_late(one).to_string(),
        ])?;
    }
    sheet.finish()
}

/// Get how complete the returns of a set are
///
/// Says who was asked for a period, what came, in time or not, how much of it is approved, and from whom nothing has come. As
/// CSV, a line for each organisation that was asked.
#[utoipa::path(tag = "kpi-returns", params(KpiSetPath, GetCompleteness), responses((status = 200, description = "How complete they are", content((CompletenessResponse = "application/json"), (String = "text/csv")))))]
#[get("/v1/kpi-sets/{code}/completeness")]
pub async fn get_kpi_set_completeness(
    cx: Cx,
    path: web::Path<KpiSetPath>,
    query: Query<GetCompleteness>,
) -> Result<Reply> {
    let (wants_csv, Query(query)) = (cx.wants("text/csv"), query);
    let (period, place) = (query.period.map(|code| code.0), query.place.map(|code| code.0));
    cx.report(move |conn, context| {
        let all = Completeness::of(conn, context, &path.code, period.as_deref(), place.as_deref())?;
        if wants_csv {
            Ok(Reply::text(StatusCode::OK, CSV, csv(&all)?))
        } else {
            Reply::ok(&CompletenessResponse::of(&all))
        }
    })
    .await
}
