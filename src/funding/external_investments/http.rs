//! `/v1/external-investments`.

use super::ops::{self, Investment, InvestmentKind};
use super::store::{self, InvestmentFilter, NamedInvestment};
use crate::error::{Error, Result};
use crate::funding::http::MoneyBody;
use crate::http::params::{CodeParam, OneOf, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::vocabulary::{Basis, Id, Qualifier, instant};
use crate::{innovations, params};
use actix_web::{delete, get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_external_investments)
        .service(create_external_investment)
        .service(get_external_investment)
        .service(update_external_investment)
        .service(delete_external_investment);
}

params! {
    /// What a list of external investments may be narrowed to.
    pub struct ListExternalInvestments list of NamedInvestment {
        /// The slug of the innovation they went into.
        innovation: CodeParam = "innovation",
        /// The id of the fellow who raised them.
        fellow: Id = "fellow",
        /// The slug of the programme whose work they followed.
        programme: CodeParam = "programme",
        /// What kind of money.
        kind: OneOf<InvestmentKind> = "kind",
        /// The first day they were made on.
        from: NaiveDate = "from",
        /// The first day after.
        to: NaiveDate = "to",
    }
}

/// Names an external investment in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ExternalInvestmentPath {
    /// The investment's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
}

/// An external investment to record: in one innovation, or raised by one fellow.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "innovation": "mycopd", "programme": "nia", "investor": "A fund (illustrative)", "kind": "equity",
    "amount": { "amount": "500000.00", "currency": "GBP" }, "qualifier": "at-least", "basis": "measured", "investedOn": "2016-02-01"
}))]
pub struct CreateExternalInvestmentRequest {
    /// The slug of the innovation it went into.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "mycopd", pattern = "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length = 60, nullable = false)]
    innovation: Option<String>,
    /// The id of the fellow who raised it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    fellow: Option<Id>,
    /// The slug of the programme whose work it followed, and in whose leverage it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    programme: Option<String>,
    #[schema(min_length = 1, max_length = 200)]
    investor: String,
    kind: InvestmentKind,
    amount: MoneyBody,
    qualifier: Qualifier,
    basis: Basis,
    invested_on: NaiveDate,
    /// Where it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, nullable = false)]
    source: Option<String>,
    /// Whether it is drawn up for illustration.
    #[serde(default)]
    illustrative: bool,
}

type ExternalInvestmentPatch = Patch<CreateExternalInvestmentRequest>;

impl TryFrom<CreateExternalInvestmentRequest> for Investment {
    type Error = Error;

    fn try_from(request: CreateExternalInvestmentRequest) -> Result<Self> {
        Ok(Self {
            amount: request.amount.read("/amount")?,
            innovation: request.innovation,
            fellow: request.fellow,
            programme: request.programme,
            investor: request.investor,
            kind: request.kind,
            qualifier: request.qualifier,
            basis: request.basis,
            invested_on: request.invested_on,
            source: request.source,
            illustrative: request.illustrative,
        })
    }
}

impl From<Investment> for CreateExternalInvestmentRequest {
    fn from(investment: Investment) -> Self {
        Self {
            innovation: investment.innovation,
            fellow: investment.fellow,
            programme: investment.programme,
            investor: investment.investor,
            kind: investment.kind,
            amount: investment.amount.into(),
            qualifier: investment.qualifier,
            basis: investment.basis,
            invested_on: investment.invested_on,
            source: investment.source,
            illustrative: investment.illustrative,
        }
    }
}

/// An external investment.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalInvestmentResponse {
    id: Id,
    #[schema(example = "mycopd", max_length = 60)]
    innovation: Option<String>,
    fellow: Option<Id>,
    #[schema(example = "nia", max_length = 60)]
    programme: Option<String>,
    #[schema(max_length = 200)]
    investor: String,
    kind: InvestmentKind,
    amount: MoneyBody,
    qualifier: Qualifier,
    basis: Basis,
    invested_on: NaiveDate,
    #[schema(max_length = 500)]
    source: Option<String>,
    illustrative: bool,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<NamedInvestment> for ExternalInvestmentResponse {
    fn from(found: NamedInvestment) -> Self {
        let said = found.investment();
        Self {
            id: found.row.id,
            innovation: said.innovation,
            fellow: said.fellow,
            programme: said.programme,
            investor: said.investor,
            kind: said.kind,
            amount: said.amount.into(),
            qualifier: said.qualifier,
            basis: said.basis,
            invested_on: said.invested_on,
            source: said.source,
            illustrative: said.illustrative,
            version: found.row.version,
            updated_at: instant(found.row.updated_at),
        }
    }
}

fn reply(found: NamedInvestment) -> Result<Reply> {
    let version = found.row.version;
    Ok(Reply::ok(&ExternalInvestmentResponse::from(found))?.version(version))
}

/// List external investments
///
/// Those you may see, the earliest first.
#[utoipa::path(tag = "funding", params(ListExternalInvestments), responses((status = 200, description = "A page of investments", body = Listing<ExternalInvestmentResponse>)))]
#[get("/v1/external-investments")]
pub async fn list_external_investments(cx: Cx, query: Query<ListExternalInvestments>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let innovation =
            query.innovation.map(|slug| innovations::ops::referred(conn, "?innovation", &slug.0)).transpose()?;
        let filter = InvestmentFilter {
            innovation,
            fellow: query.fellow,
            programme: query.programme.map(|slug| slug.0.to_ascii_lowercase()),
            kinds: query.kind.map(|kinds| kinds.0),
            from: query.from,
            to: query.to,
        };
        let page = store::list(conn, &ops::sight(context), &filter, &query.page)?;
        Reply::page(page, &target, ExternalInvestmentResponse::from)
    })
    .await
}

/// Record an external investment
///
/// In an innovation, or raised by a fellow; with how sure the amount is.
#[utoipa::path(
    tag = "funding",
    request_body = CreateExternalInvestmentRequest,
    responses((status = 201, description = "Recorded", body = ExternalInvestmentResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/external-investments")]
pub async fn create_external_investment(cx: Cx, body: Body<CreateExternalInvestmentRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let made = ops::create_external_investment(conn, context, request.try_into()?)?;
        let (location, version) = (format!("/v1/external-investments/{}", made.row.id), made.row.version);
        Reply::created(location, version, &ExternalInvestmentResponse::from(made))
    })
    .await
}

/// Get an external investment
///
/// With who invested, when and how much.
#[utoipa::path(
    tag = "funding",
    params(ExternalInvestmentPath),
    responses((status = 200, description = "The investment", body = ExternalInvestmentResponse, headers(("ETag" = String)))),
)]
#[get("/v1/external-investments/{id}")]
pub async fn get_external_investment(cx: Cx, path: web::Path<ExternalInvestmentPath>) -> Result<Reply> {
    cx.read(move |conn, context| reply(ops::get_external_investment(conn, context, &path.id)?)).await
}

/// Change an external investment
///
/// A merge patch.
#[utoipa::path(
    tag = "funding",
    params(ExternalInvestmentPath),
    request_body(content = ExternalInvestmentPatch, content_type = "application/merge-patch+json", example = json!({ "qualifier": "exact" })),
    responses((status = 200, description = "Changed", body = ExternalInvestmentResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/external-investments/{id}")]
pub async fn update_external_investment(
    cx: Cx,
    path: web::Path<ExternalInvestmentPath>,
    body: Body<ExternalInvestmentPatch>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Investment| patch.apply(&present.into())?.try_into();
        reply(ops::update_external_investment(conn, context, &path.id, change)?)
    })
    .await
}

/// Archive an external investment
///
/// It leaves every list and figure; the audit trail keeps it.
#[utoipa::path(
    tag = "funding",
    params(ExternalInvestmentPath),
    responses((status = 204, description = "Archived")),
)]
#[delete("/v1/external-investments/{id}")]
pub async fn delete_external_investment(cx: Cx, path: web::Path<ExternalInvestmentPath>) -> Result<Reply> {
    cx.write(move |conn, context| {
        ops::delete_external_investment(conn, context, &path.id)?;
        Ok(Reply::no_content())
    })
    .await
}
