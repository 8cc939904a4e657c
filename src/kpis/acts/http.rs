//! `/v1/recalculations` and `/v1/exclusions`: add, read and remove them. Each resource has its own words; what is
//! done with them is written once.

use super::ops::{self, NewAct};
use super::rules::ActKind;
use super::store::{self, ActRow, Exclusion, Kind, Recalculation};
use crate::db::list::PageRequest;
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
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_recalculations)
        .service(create_recalculation)
        .service(get_recalculation)
        .service(delete_recalculation)
        .service(list_exclusions)
        .service(create_exclusion)
        .service(get_exclusion)
        .service(delete_exclusion);
}

macro_rules! list_params {
    ($name:ident of $row:ident) => {
        params! {
            /// What a list of acts may be narrowed to.
            pub struct $name list of $row {
                /// Codes of KPIs.
                kpi: Codes = "kpi",
                /// Codes of organisations.
                organisation: Codes = "organisation",
                /// The code of a place: the series of that organisation and of all below it.
                place: CodeParam = "place",
            }
        }
    };
}

list_params!(ListRecalculations of Recalculation);
list_params!(ListExclusions of Exclusion);

/// A recalculation: the point from which a series has a new mean and limits.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "kpi": "ae-attendances", "organisation": "RF4", "breakdown": "1", "from": "2017-04", "baselinePoints": 12, "reason": "A second department opened." }))]
pub struct CreateRecalculationRequest {
    /// The code of the KPI.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60)]
    kpi: String,
    /// The code of the organisation of the series, or of the place of the total.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60)]
    organisation: String,
    /// The slug of the innovation of the series. Default: no innovation.
    #[schema(min_length = 1, max_length = 60, nullable = false)]
    innovation: Option<String>,
    #[schema(value_type = BreakdownInput, required = false)]
    breakdown: Option<BreakdownBody>,
    /// The first period with the new mean and limits.
    #[schema(min_length = 4, max_length = 20)]
    from: String,
    /// How many points from there on set the new mean and limits. Default: all points of the part.
    #[schema(minimum = 2, maximum = 10000, nullable = false)]
    baseline_points: Option<i32>,
    /// The reason, such as a change of process or of definition.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

impl From<CreateRecalculationRequest> for NewAct {
    fn from(request: CreateRecalculationRequest) -> Self {
        Self {
            kind: ActKind::Recalculation,
            series: SeriesName {
                kpi: request.kpi,
                organisation: request.organisation,
                innovation: request.innovation,
                breakdown: request.breakdown.map(BreakdownBody::text),
            },
            period: request.from,
            baseline_points: request.baseline_points,
            reason: request.reason,
        }
    }
}

/// A recalculation: the point from which a series has a new mean and limits.
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
    /// The first period with the new mean and limits.
    #[schema(example = "2017-04", max_length = 10)]
    from: String,
    /// Null if all points of the part set its mean and limits.
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

impl Answer for RecalculationResponse {
    type Kind = Recalculation;

    fn of(row: &ActRow, name: SeriesName, period: String) -> Self {
        Self {
            id: row.id,
            kpi: name.kpi,
            organisation: name.organisation,
            innovation: name.innovation,
            breakdown: name.breakdown,
            from: period,
            baseline_points: row.baseline_points,
            reason: row.reason.clone(),
            made_by: row.made_by.clone(),
            version: row.version,
            created_at: instant(row.created_at),
        }
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
    /// The code of the organisation of the series, or of the place of the total.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60)]
    organisation: String,
    /// The slug of the innovation of the series. Default: no innovation.
    #[schema(min_length = 1, max_length = 60, nullable = false)]
    innovation: Option<String>,
    #[schema(value_type = BreakdownInput, required = false)]
    breakdown: Option<BreakdownBody>,
    #[schema(min_length = 4, max_length = 20)]
    period: String,
    /// The reason, such as a breakdown or an error of measurement.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

impl From<CreateExclusionRequest> for NewAct {
    fn from(request: CreateExclusionRequest) -> Self {
        Self {
            kind: ActKind::Exclusion,
            series: SeriesName {
                kpi: request.kpi,
                organisation: request.organisation,
                innovation: request.innovation,
                breakdown: request.breakdown.map(BreakdownBody::text),
            },
            period: request.period,
            baseline_points: None,
            reason: request.reason,
        }
    }
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

impl Answer for ExclusionResponse {
    type Kind = Exclusion;

    fn of(row: &ActRow, name: SeriesName, period: String) -> Self {
        Self {
            id: row.id,
            kpi: name.kpi,
            organisation: name.organisation,
            innovation: name.innovation,
            breakdown: name.breakdown,
            period,
            reason: row.reason.clone(),
            made_by: row.made_by.clone(),
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

/// How one of the two resources answers an act.
trait Answer: Serialize + Sized {
    type Kind: Kind;

    fn of(row: &ActRow, name: SeriesName, period: String) -> Self;

    fn named(row: &ActRow, names: &Names) -> Self {
        let key = row.key();
        Self::of(row, names.name(&key), names.label(&key, row.period_start))
    }
}

async fn list<A: Answer>(
    cx: Cx,
    kpis: Option<Codes>,
    organisations: Option<Codes>,
    place: Option<CodeParam>,
    request: PageRequest,
) -> Result<Reply> {
    let target = cx.target.clone();
    cx.read(move |conn, context| {
        let place = place.map(|code| organisations::ops::referred(conn, "?place", &code.0)).transpose()?;
        let codes = |codes: Option<Codes>| codes.map(|codes| codes.0);
        let filter = SeriesFilter::new(codes(kpis), codes(organisations), place, context.today());
        let page = store::list::<A::Kind>(conn, &filter, &request)?;
        let keys: Vec<_> = page.rows.iter().map(|row| row.act().key()).collect();
        let names = Names::of(conn, &keys)?;
        Reply::page(page, &target, |row| A::named(row.act(), &names))
    })
    .await
}

async fn create<A: Answer>(cx: Cx, body: Body<impl DeserializeOwned + Into<NewAct> + Send + 'static>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let row = ops::create_act(conn, context, request.into())?;
        let names = Names::of(conn, &[row.key()])?;
        let location = format!("/v1/{}s/{}", row.kind.as_str(), row.id);
        Reply::created(location, row.version, &A::named(&row, &names))
    })
    .await
}

async fn get<A: Answer>(cx: Cx, id: web::Path<String>) -> Result<Reply> {
    cx.read(move |conn, _| {
        let row = ops::get_act(conn, A::Kind::KIND, &id)?;
        let names = Names::of(conn, &[row.key()])?;
        Ok(Reply::ok(&A::named(&row, &names))?.version(row.version))
    })
    .await
}

async fn delete(cx: Cx, kind: ActKind, id: web::Path<String>) -> Result<Reply> {
    cx.write(move |conn, context| {
        ops::delete_act(conn, context, kind, &id)?;
        Ok(Reply::no_content())
    })
    .await
}

/// List recalculations
///
/// Lists those in force, with who made them and why.
#[utoipa::path(tag = "spc", params(ListRecalculations), responses((status = 200, description = "A page of recalculations", body = Listing<RecalculationResponse>)))]
#[get("/v1/recalculations")]
pub async fn list_recalculations(cx: Cx, query: Query<ListRecalculations>) -> Result<Reply> {
    let query = query.0;
    list::<RecalculationResponse>(cx, query.kpi, query.organisation, query.place, query.page).await
}

/// Recalculate the mean and limits of a series
///
/// From this period on the series has a new mean and limits, and no rule looks back past it.
/// A recalculation at the first point sets the baseline of the first part. A recalculation with a breakdown applies to that member's
/// series only, and one without a breakdown to the total.
#[utoipa::path(
    tag = "spc",
    request_body = CreateRecalculationRequest,
    responses((status = 201, description = "Recorded", body = RecalculationResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/recalculations")]
pub async fn create_recalculation(cx: Cx, body: Body<CreateRecalculationRequest>) -> Result<Reply> {
    create::<RecalculationResponse>(cx, body).await
}

/// Get a recalculation
///
/// Returns a recalculation in force: its series, first period, author and reason.
#[utoipa::path(
    tag = "spc",
    params(("id" = String, Path, description = "Its id", format = "uuid", max_length = 36)),
    responses((status = 200, description = "The recalculation", body = RecalculationResponse, headers(("ETag" = String)))),
)]
#[get("/v1/recalculations/{id}")]
pub async fn get_recalculation(cx: Cx, id: web::Path<String>) -> Result<Reply> {
    get::<RecalculationResponse>(cx, id).await
}

/// Remove a recalculation
///
/// The series no longer has new limits from that period on. The audit trail keeps a record of the recalculation.
#[utoipa::path(
    tag = "spc",
    params(("id" = String, Path, description = "Its id", format = "uuid", max_length = 36)),
    responses((status = 204, description = "Removed")),
)]
#[delete("/v1/recalculations/{id}")]
pub async fn delete_recalculation(cx: Cx, id: web::Path<String>) -> Result<Reply> {
    delete(cx, ActKind::Recalculation, id).await
}

/// List exclusions
///
/// Lists those in force, with who made them and why.
#[utoipa::path(tag = "spc", params(ListExclusions), responses((status = 200, description = "A page of exclusions", body = Listing<ExclusionResponse>)))]
#[get("/v1/exclusions")]
pub async fn list_exclusions(cx: Cx, query: Query<ListExclusions>) -> Result<Reply> {
    let query = query.0;
    list::<ExclusionResponse>(cx, query.kpi, query.organisation, query.place, query.page).await
}

/// Exclude a point from the calculations of its series
///
/// The point is still shown, and its neighbours count as consecutive. An exclusion with a breakdown applies to that member's
/// series only, and one without a breakdown to the total.
#[utoipa::path(
    tag = "spc",
    request_body = CreateExclusionRequest,
    responses((status = 201, description = "Recorded", body = ExclusionResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/exclusions")]
pub async fn create_exclusion(cx: Cx, body: Body<CreateExclusionRequest>) -> Result<Reply> {
    create::<ExclusionResponse>(cx, body).await
}

/// Get an exclusion
///
/// Returns an exclusion in force: its series, period, author and reason.
#[utoipa::path(
    tag = "spc",
    params(("id" = String, Path, description = "Its id", format = "uuid", max_length = 36)),
    responses((status = 200, description = "The exclusion", body = ExclusionResponse, headers(("ETag" = String)))),
)]
#[get("/v1/exclusions/{id}")]
pub async fn get_exclusion(cx: Cx, id: web::Path<String>) -> Result<Reply> {
    get::<ExclusionResponse>(cx, id).await
}

/// Remove an exclusion
///
/// The point counts again in the calculations of its series. The audit trail keeps a record of the exclusion.
#[utoipa::path(
    tag = "spc",
    params(("id" = String, Path, description = "Its id", format = "uuid", max_length = 36)),
    responses((status = 204, description = "Removed")),
)]
#[delete("/v1/exclusions/{id}")]
pub async fn delete_exclusion(cx: Cx, id: web::Path<String>) -> Result<Reply> {
    delete(cx, ActKind::Exclusion, id).await
}
