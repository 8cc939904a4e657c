//! `/v1/recalculations`: set one, read them, take one away.

use super::ops::{self, NewRecalculation};
use super::store::{self, RecalculationRow};
use crate::error::Result;
use crate::http::params::{CodeParam, Codes, Query};
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::kpis::series::{Names, SeriesFilter, SeriesName};
use crate::kpis::submissions::http::BreakdownInput;
use crate::organisations;
use crate::params;
use crate::vocabulary::{Id, instant};
use actix_web::{delete, get, post, web};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_recalculations)
        .service(create_recalculation)
        .service(get_recalculation)
        .service(delete_recalculation);
}

params! {
    /// What a list of recalculations may be narrowed to.
    pub struct ListRecalculations list of RecalculationRow {
        /// Codes of KPIs.
        kpi: Codes = "kpi",
        /// Codes of organisations.
        organisation: Codes = "organisation",
        /// A code: the series of that organisation and of all below it.
        place: CodeParam = "place",
    }
}

/// A new start of the mean and limits of a series.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "kpi": "ae-attendances", "organisation": "RF4", "breakdown": "1", "from": "2017-04", "baselinePoints": 12, "reason": "A second department opened." }))]
pub struct CreateRecalculationRequest {
    /// The code of the KPI.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60)]
    kpi: String,
    /// The code of the organisation whose series it is, or of the place whose total it is.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60)]
    organisation: String,
    /// The slug of the innovation the series is of; of none unless told.
    #[schema(min_length = 1, max_length = 60, nullable = false)]
    innovation: Option<String>,
    #[schema(value_type = BreakdownInput, required = false)]
    breakdown: Option<BreakdownBody>,
    /// The first period of the new part.
    #[schema(min_length = 4, max_length = 20)]
    from: String,
    /// How many points, from there on, set the new mean and limits; all of the part unless told.
    #[schema(minimum = 2, maximum = 10000, nullable = false)]
    baseline_points: Option<i32>,
    /// Why, such as a change of process or of definition.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// A new start of the mean and limits of a series.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecalculationResponse {
    id: Id,
    #[schema(example = "ae-attendances", max_length = 60)]
    kpi: String,
    #[schema(example = "RF4", max_length = 60)]
    organisation: String,
    /// Null for a series of no innovation.
    #[schema(max_length = 60)]
    innovation: Option<String>,
    /// `dimension=member`, several joined by `;`; null for the total.
    #[schema(example = "type=1", max_length = 2000)]
    breakdown: Option<String>,
    /// The first period of the new part.
    #[schema(example = "2017-04", max_length = 10)]
    from: String,
    /// Null where all of the part set its mean and limits.
    #[schema(minimum = 2, maximum = 10000)]
    baseline_points: Option<i32>,
    #[schema(max_length = 2000)]
    reason: String,
    #[schema(max_length = 300)]
    made_by: String,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    created_at: String,
}

impl RecalculationResponse {
    fn of(row: RecalculationRow, names: &Names) -> Self {
        let key = row.key();
        let name = names.name(&key);
        Self {
            id: row.id,
            kpi: name.kpi,
            organisation: name.organisation,
            innovation: name.innovation,
            breakdown: name.breakdown,
            from: names.label(&key, row.from_on),
            baseline_points: row.baseline_points,
            reason: row.reason,
            made_by: row.made_by,
            version: row.version,
            created_at: instant(row.created_at),
        }
    }
}

/// A breakdown in a body, documented as [`BreakdownInput`].
#[derive(Deserialize)]
#[serde(untagged)]
pub enum BreakdownBody {
    /// `type=1;sex=f`, or the member alone where there is one dimension.
    Text(String),
    Members(BTreeMap<String, String>),
}

impl BreakdownBody {
    /// As a query parameter writes it.
    pub fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Members(members) => {
                members.iter().map(|(dimension, member)| format!("{dimension}={member}")).collect::<Vec<_>>().join(";")
            }
        }
    }
}

/// List recalculations
///
/// Those in force, with who made them and why.
#[utoipa::path(tag = "spc", params(ListRecalculations), responses((status = 200, description = "A page of recalculations", body = Listing<RecalculationResponse>)))]
#[get("/v1/recalculations")]
pub async fn list_recalculations(cx: Cx, query: Query<ListRecalculations>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let place = query.place.map(|code| organisations::ops::referred(conn, "?place", &code.0)).transpose()?;
        let filter = SeriesFilter::new(
            query.kpi.map(|codes| codes.0),
            query.organisation.map(|codes| codes.0),
            place,
            context.today(),
        );
        let page = store::list(conn, &filter, &query.page)?;
        let keys: Vec<_> = page.rows.iter().map(RecalculationRow::key).collect();
        let names = Names::of(conn, &keys)?;
        Reply::page(page, &target, |row| RecalculationResponse::of(row, &names))
    })
    .await
}

/// Begin the mean and limits of a series anew
///
/// From the period on, the points of the series have a mean and limits of their own, and no rule looks back across it.
/// One at the first point sets the baseline of the first part. A recalculation of a member holds for that member's
/// series; one without a breakdown for the total.
#[utoipa::path(
    tag = "spc",
    request_body = CreateRecalculationRequest,
    responses((status = 201, description = "Recorded", body = RecalculationResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/recalculations")]
pub async fn create_recalculation(cx: Cx, body: Body<CreateRecalculationRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let new = NewRecalculation {
            series: SeriesName {
                kpi: request.kpi,
                organisation: request.organisation,
                innovation: request.innovation,
                breakdown: request.breakdown.map(BreakdownBody::text),
            },
            from: request.from,
            baseline_points: request.baseline_points,
            reason: request.reason,
        };
        let row = ops::create_recalculation(conn, context, &new)?;
        let names = Names::of(conn, &[row.key()])?;
        let (location, version) = (format!("/v1/recalculations/{}", row.id), row.version);
        Reply::created(location, version, &RecalculationResponse::of(row, &names))
    })
    .await
}

/// Get a recalculation
///
/// One that is in force: of which series, from which period on, by whom, and why.
#[utoipa::path(
    tag = "spc",
    params(("id" = String, Path, description = "Its id", format = "uuid", max_length = 36)),
    responses((status = 200, description = "The recalculation", body = RecalculationResponse, headers(("ETag" = String)))),
)]
#[get("/v1/recalculations/{id}")]
pub async fn get_recalculation(cx: Cx, id: web::Path<String>) -> Result<Reply> {
    cx.read(move |conn, _| {
        let row = ops::get_recalculation(conn, &id)?;
        let (names, version) = (Names::of(conn, &[row.key()])?, row.version);
        Ok(Reply::ok(&RecalculationResponse::of(row, &names))?.version(version))
    })
    .await
}

/// Take a recalculation out of force
///
/// The limits of its series are no longer calculated anew from its period on. The audit trail keeps that they were.
#[utoipa::path(
    tag = "spc",
    params(("id" = String, Path, description = "Its id", format = "uuid", max_length = 36)),
    responses((status = 204, description = "Out of force")),
)]
#[delete("/v1/recalculations/{id}")]
pub async fn delete_recalculation(cx: Cx, id: web::Path<String>) -> Result<Reply> {
    cx.write(move |conn, context| {
        ops::delete_recalculation(conn, context, &id)?;
        Ok(Reply::no_content())
    })
    .await
}
