//! `/v1/benefits`.

use super::ops;
use super::rules::{Benefit, BenefitKind, DECIMALS, hundredths};
use super::store::{self, BenefitFilter, NamedBenefit};
use crate::error::{Error, Faults, Result};
use crate::http::params::{CodeParam, OneOf, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::decimal::to_f64;
use crate::vocabulary::{Basis, Id, Qualifier, Timestamp, instant};
use crate::{innovations, organisations, params};
use actix_web::{delete, get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_benefits)
        .service(create_benefit)
        .service(get_benefit)
        .service(update_benefit)
        .service(delete_benefit);
}

params! {
    /// What a list of benefits may be narrowed to.
    pub struct ListBenefits list of NamedBenefit {
        /// The slug of the innovation.
        innovation: CodeParam = "innovation",
        /// The slug of the programme.
        programme: CodeParam = "programme",
        /// The code of the organisation where they were had.
        organisation: CodeParam = "organisation",
        /// The code of a place: organisations there or below it today.
        place: CodeParam = "place",
        /// What was brought.
        kind: OneOf<BenefitKind> = "kind",
        /// The population the claims are about.
        population: CodeParam = "population",
        /// Those that last to this day or later.
        from: NaiveDate = "from",
        /// Those that began before this day.
        to: NaiveDate = "to",
        /// Those changed at this instant or later.
        updated_from: Timestamp = "updatedFrom",
    }
}

/// Names a benefit in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct BenefitPath {
    /// The benefit's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
}

/// A benefit to claim.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "innovation": "mycopd", "programme": "nia", "kind": "patients-reached", "method": "Registered users with a diagnosis of COPD",
    "population": "people-with-copd", "claimed": 100000, "qualifier": "approximate", "basis": "estimated", "from": "2015-07-01"
}))]
pub struct CreateBenefitRequest {
    /// The slug of the innovation.
    #[schema(pattern = "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length = 60)]
    innovation: String,
    /// The slug of the programme whose impact it is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    programme: Option<String>,
    /// The code of the organisation where it was had.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    organisation: Option<String>,
    kind: BenefitKind,
    /// Follows from the kind but for `other`: patients, GBP, hours, appointments, bed-days, admissions, tCO2e.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 60, nullable = false)]
    unit: Option<String>,
    /// How the figure was come by.
    #[schema(min_length = 1, max_length = 2000)]
    method: String,
    /// A name for the population the claim is about, needed for patients reached: claims of the same one overlap, and
    /// each person of it counts once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "people-with-copd", pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 60, nullable = false)]
    population: Option<String>,
    /// What it was before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = -10_000_000_000_000i64, maximum = 10_000_000_000_000i64, nullable = false)]
    baseline: Option<f64>,
    /// With at most two decimal places.
    #[schema(minimum = 0, maximum = 10_000_000_000_000i64)]
    claimed: f64,
    /// What somebody else confirmed than who claimed it, or changed the claim last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 10_000_000_000_000i64, nullable = false)]
    realised: Option<f64>,
    qualifier: Qualifier,
    basis: Basis,
    from: NaiveDate,
    /// The first day after; until further notice unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    to: Option<NaiveDate>,
    /// Whether it is drawn up for illustration.
    #[serde(default)]
    illustrative: bool,
}

type BenefitPatch = Patch<CreateBenefitRequest>;

impl TryFrom<CreateBenefitRequest> for Benefit {
    type Error = Error;

    fn try_from(request: CreateBenefitRequest) -> Result<Self> {
        let mut faults = Faults::default();
        let mut read =
            |pointer: &str, figure: Option<f64>| figure.and_then(|figure| faults.take(hundredths(pointer, figure)));
        let baseline = read("/baseline", request.baseline);
        let claimed = read("/claimed", Some(request.claimed));
        let realised = read("/realised", request.realised);
        faults.check()?;
        Ok(Self {
            innovation: request.innovation,
            programme: request.programme,
            organisation: request.organisation,
            kind: request.kind,
            unit: request.unit,
            method: request.method,
            population: request.population,
            baseline,
            claimed: claimed.unwrap_or_default(),
            realised,
            qualifier: request.qualifier,
            basis: request.basis,
            from: request.from,
            to: request.to,
            illustrative: request.illustrative,
        })
    }
}

fn figure(hundredths: i64) -> f64 {
    to_f64(hundredths, DECIMALS)
}

impl From<Benefit> for CreateBenefitRequest {
    fn from(benefit: Benefit) -> Self {
        Self {
            innovation: benefit.innovation,
            programme: benefit.programme,
            organisation: benefit.organisation,
            kind: benefit.kind,
            unit: benefit.unit,
            method: benefit.method,
            population: benefit.population,
            baseline: benefit.baseline.map(figure),
            claimed: figure(benefit.claimed),
            realised: benefit.realised.map(figure),
            qualifier: benefit.qualifier,
            basis: benefit.basis,
            from: benefit.from,
            to: benefit.to,
            illustrative: benefit.illustrative,
        }
    }
}

/// A benefit.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BenefitResponse {
    id: Id,
    #[schema(example = "mycopd", max_length = 60)]
    innovation: String,
    #[schema(example = "nia", max_length = 60)]
    programme: Option<String>,
    #[schema(example = "RJZ", max_length = 60)]
    organisation: Option<String>,
    kind: BenefitKind,
    #[schema(example = "patients", max_length = 60)]
    unit: String,
    #[schema(max_length = 2000)]
    method: String,
    #[schema(example = "people-with-copd", max_length = 60)]
    population: Option<String>,
    baseline: Option<f64>,
    claimed: f64,
    /// What somebody else than who claimed it confirmed; null until then.
    realised: Option<f64>,
    qualifier: Qualifier,
    basis: Basis,
    from: NaiveDate,
    /// The first day after; null until further notice.
    to: Option<NaiveDate>,
    #[schema(max_length = 300)]
    claimed_by: String,
    illustrative: bool,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<NamedBenefit> for BenefitResponse {
    fn from(found: NamedBenefit) -> Self {
        let said = found.benefit();
        let row = found.row;
        Self {
            id: row.id,
            innovation: said.innovation,
            programme: said.programme,
            organisation: said.organisation,
            kind: said.kind,
            unit: row.unit,
            method: said.method,
            population: said.population,
            baseline: said.baseline.map(figure),
            claimed: figure(said.claimed),
            realised: said.realised.map(figure),
            qualifier: said.qualifier,
            basis: said.basis,
            from: said.from,
            to: said.to,
            claimed_by: row.claimed_by,
            illustrative: said.illustrative,
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }
}

fn reply(found: NamedBenefit) -> Result<Reply> {
    let version = found.row.version;
    Ok(Reply::ok(&BenefitResponse::from(found))?.version(version))
}

/// List benefits
///
/// What innovations are said to have brought, the earliest first.
#[utoipa::path(tag = "benefits", params(ListBenefits), responses((status = 200, description = "A page of benefits", body = Listing<BenefitResponse>)))]
#[get("/v1/benefits")]
pub async fn list_benefits(cx: Cx, query: Query<ListBenefits>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let innovation =
            query.innovation.map(|slug| innovations::ops::referred(conn, "?innovation", &slug.0)).transpose()?;
        let organisation =
            query.organisation.map(|code| organisations::ops::referred(conn, "?organisation", &code.0)).transpose()?;
        let place = query.place.map(|code| organisations::ops::referred(conn, "?place", &code.0)).transpose()?;
        let filter = BenefitFilter {
            innovation,
            programme: query.programme.map(|slug| slug.0.to_ascii_lowercase()),
            organisation,
            place: place.map(|place| (place, context.today())),
            kinds: query.kind.map(|kinds| kinds.0),
            population: query.population.map(|name| name.0),
            from: query.from,
            to: query.to,
            updated_from: query.updated_from.map(|at| at.naive_utc()),
        };
        let page = store::list(conn, &filter, &query.page)?;
        Reply::page(page, &target, BenefitResponse::from)
    })
    .await
}

/// Claim a benefit
///
/// With its unit, method and population, and how sure the figure is. Somebody else confirms what was realised.
#[utoipa::path(
    tag = "benefits",
    request_body = CreateBenefitRequest,
    responses((status = 201, description = "Claimed", body = BenefitResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/benefits")]
pub async fn create_benefit(cx: Cx, body: Body<CreateBenefitRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let made = ops::create_benefit(conn, context, request.try_into()?)?;
        let (location, version) = (format!("/v1/benefits/{}", made.row.id), made.row.version);
        Reply::created(location, version, &BenefitResponse::from(made))
    })
    .await
}

/// Get a benefit
///
/// With what was claimed and what was realised.
#[utoipa::path(
    tag = "benefits",
    params(BenefitPath),
    responses((status = 200, description = "The benefit", body = BenefitResponse, headers(("ETag" = String)))),
)]
#[get("/v1/benefits/{id}")]
pub async fn get_benefit(cx: Cx, path: web::Path<BenefitPath>) -> Result<Reply> {
    cx.read(move |conn, _| reply(ops::get_benefit(conn, &path.id)?)).await
}

/// Change a benefit
///
/// A merge patch. `realised` is set by somebody else than who claimed it.
#[utoipa::path(
    tag = "benefits",
    params(BenefitPath),
    request_body(content = BenefitPatch, content_type = "application/merge-patch+json", example = json!({ "realised": 90000 })),
    responses((status = 200, description = "Changed", body = BenefitResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/benefits/{id}")]
pub async fn update_benefit(cx: Cx, path: web::Path<BenefitPath>, body: Body<BenefitPatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Benefit| patch.apply(&present.into())?.try_into();
        reply(ops::update_benefit(conn, context, &path.id, change)?)
    })
    .await
}

/// Archive a benefit
///
/// It leaves every list and report; the audit trail keeps it.
#[utoipa::path(tag = "benefits", params(BenefitPath), responses((status = 204, description = "Archived")))]
#[delete("/v1/benefits/{id}")]
pub async fn delete_benefit(cx: Cx, path: web::Path<BenefitPath>) -> Result<Reply> {
    cx.write(move |conn, context| {
        ops::delete_benefit(conn, context, &path.id)?;
        Ok(Reply::no_content())
    })
    .await
}
