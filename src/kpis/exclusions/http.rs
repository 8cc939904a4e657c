//! `/v1/exclusions`: set one, read them, take one away.

use super::ops::{self, NewExclusion};
use super::store::{self, ExclusionRow};
use crate::error::Result;
use crate::http::params::{CodeParam, Codes, Query};
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::kpis::recalculations::http::BreakdownBody;
use crate::kpis::series::{Names, SeriesFilter, SeriesName};
use crate::kpis::submissions::http::BreakdownInput;
use crate::organisations;
use crate::params;
use crate::vocabulary::{Id, instant};
use actix_web::{delete, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_exclusions).service(create_exclusion).service(get_exclusion).service(delete_exclusion);
}

params! {
    /// What a list of exclusions may be narrowed to.
    pub struct ListExclusions list of ExclusionRow {
        /// Codes of KPIs.
        kpi: Codes = "kpi",
        /// Codes of organisations.
        organisation: Codes = "organisation",
        /// A code: the series of that organisation and of all below it.
        place: CodeParam = "place",
    }
}

/// A point to leave out of the calculations of a series.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "kpi": "ae-attendances", "organisation": "RF4", "breakdown": "1", "period": "2017-04", "reason": "The system was down for a week." }))]
pub struct CreateExclusionRequest {
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
    #[schema(min_length = 4, max_length = 20)]
    period: String,
    /// Why, such as a breakdown or an error of measurement.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// A point that is left out of the calculations of a series.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExclusionResponse {
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
    #[schema(example = "2017-04", max_length = 10)]
    period: String,
    #[schema(max_length = 2000)]
    reason: String,
    #[schema(max_length = 300)]
    made_by: String,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    created_at: String,
}

impl ExclusionResponse {
    fn of(row: ExclusionRow, names: &Names) -> Self {
        let key = row.key();
        let name = names.name(&key);
        Self {
            id: row.id,
            kpi: name.kpi,
            organisation: name.organisation,
            innovation: name.innovation,
            breakdown: name.breakdown,
            period: names.label(&key, row.period_start),
            reason: row.reason,
            made_by: row.made_by,
            version: row.version,
            created_at: instant(row.created_at),
        }
    }
}

/// List exclusions
///
/// Those in force, with who made them and why.
#[utoipa::path(tag = "spc", params(ListExclusions), responses((status = 200, description = "A page of exclusions", body = Listing<ExclusionResponse>)))]
#[get("/v1/exclusions")]
pub async fn list_exclusions(cx: Cx, query: Query<ListExclusions>) -> Result<Reply> {
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
        let keys: Vec<_> = page.rows.iter().map(ExclusionRow::key).collect();
        let names = Names::of(conn, &keys)?;
        Reply::page(page, &target, |row| ExclusionResponse::of(row, &names))
    })
    .await
}

/// Leave a point out of the calculations of its series
///
/// The point is still shown; its neighbours count as consecutive. An exclusion of a member holds for that member's
/// series; one without a breakdown for the total.
#[utoipa::path(
    tag = "spc",
    request_body = CreateExclusionRequest,
    responses((status = 201, description = "Recorded", body = ExclusionResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/exclusions")]
pub async fn create_exclusion(cx: Cx, body: Body<CreateExclusionRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let new = NewExclusion {
            series: SeriesName {
                kpi: request.kpi,
                organisation: request.organisation,
                innovation: request.innovation,
                breakdown: request.breakdown.map(BreakdownBody::text),
            },
            period: request.period,
            reason: request.reason,
        };
        let row = ops::create_exclusion(conn, context, &new)?;
        let names = Names::of(conn, &[row.key()])?;
        let (location, version) = (format!("/v1/exclusions/{}", row.id), row.version);
        Reply::created(location, version, &ExclusionResponse::of(row, &names))
    })
    .await
}

/// Get an exclusion
///
/// One that is in force: of which series and period, by whom, and why.
#[utoipa::path(
    tag = "spc",
    params(("id" = String, Path, description = "Its id", format = "uuid", max_length = 36)),
    responses((status = 200, description = "The exclusion", body = ExclusionResponse, headers(("ETag" = String)))),
)]
#[get("/v1/exclusions/{id}")]
pub async fn get_exclusion(cx: Cx, id: web::Path<String>) -> Result<Reply> {
    cx.read(move |conn, _| {
        let row = ops::get_exclusion(conn, &id)?;
        let (names, version) = (Names::of(conn, &[row.key()])?, row.version);
        Ok(Reply::ok(&ExclusionResponse::of(row, &names))?.version(version))
    })
    .await
}

/// Take an exclusion out of force
///
/// The point counts again in the calculations of its series. The audit trail keeps that it did not.
#[utoipa::path(
    tag = "spc",
    params(("id" = String, Path, description = "Its id", format = "uuid", max_length = 36)),
    responses((status = 204, description = "Out of force")),
)]
#[delete("/v1/exclusions/{id}")]
pub async fn delete_exclusion(cx: Cx, id: web::Path<String>) -> Result<Reply> {
    cx.write(move |conn, context| {
        ops::delete_exclusion(conn, context, &id)?;
        Ok(Reply::no_content())
    })
    .await
}
