//! `/v1/recalculations` and `/v1/exclusions`: set one, read them, take one away. Each resource has its own words; what is
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
                /// A code: the series of that organisation and of all below it.
                place: CodeParam = "place",
            }
        }
    };
}

list_params!(ListRecalculations of Recalculation);
list_params!(ListExclusions of Exclusion);

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
/// Those in force, with who made them and why.
#[utoipa::path(tag = "spc", params(ListRecalculations), responses((status = 200, description = "A page of recalculations", body = Listing<RecalculationResponse>)))]
#[get("/v1/recalculations")]
pub async fn list_recalculations(cx: Cx, query: Query<ListRecalculations>) -> Result<Reply> {
    let query = query.0;
    list::<RecalculationResponse>(cx, query.kpi, query.organisation, query.place, query.page).await
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
    create::<RecalculationResponse>(cx, body).await
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
    get::<RecalculationResponse>(cx, id).await
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
    delete(cx, ActKind::Recalculation, id).await
}

/// List exclusions
///
/// Those in force, with who made them and why.
#[utoipa::path(tag = "spc", params(ListExclusions), responses((status = 200, description = "A page of exclusions", body = Listing<ExclusionResponse>)))]
#[get("/v1/exclusions")]
pub async fn list_exclusions(cx: Cx, query: Query<ListExclusions>) -> Result<Reply> {
    let query = query.0;
    list::<ExclusionResponse>(cx, query.kpi, query.organisation, query.place, query.page).await
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
    create::<ExclusionResponse>(cx, body).await
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
    get::<ExclusionResponse>(cx, id).await
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
    delete(cx, ActKind::Exclusion, id).await
}
