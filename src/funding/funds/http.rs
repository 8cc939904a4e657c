//! `/v1/funds`.

use super::ops::{self, Fund};
use super::store::{self, FundFilter, FundRow};
use crate::db::dialect::SearchTerms;
use crate::error::Result;
use crate::funding::http::MoneyBody;
use crate::funding::ledger;
use crate::funding::ledger::rules::FundBalance;
use crate::funding::money::Money;
use crate::http::params::{CodeParam, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::params;
use crate::vocabulary::instant;
use actix_web::{get, patch, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_funds).service(create_fund).service(get_fund).service(update_fund).service(get_fund_position);
}

params! {
    /// What a list of funds may be narrowed to.
    pub struct ListFunds list of FundRow {
        /// Words of the code or the name.
        q: SearchTerms = "q",
        /// The slug of their programme.
        programme: CodeParam = "programme",
    }
}

/// Names a fund in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct FundPath {
    /// The fund's code, in any case
    #[param(example = "NIA-2015", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    pub code: String,
}

/// A fund to open.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "code": "NIA-2015", "name": "NHS Innovation Accelerator", "programme": "nia", "currency": "GBP" }))]
pub struct CreateFundRequest {
    /// Stored in upper case.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    code: String,
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// The slug of the programme it pays for; without one only national administrators keep it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    programme: Option<String>,
    /// A code of ISO 4217: a fund holds one currency.
    #[schema(example = "GBP", pattern = "^[A-Z]{3}$", min_length = 3, max_length = 3)]
    currency: String,
    /// Whether it is drawn up for illustration.
    #[serde(default)]
    illustrative: bool,
}

type FundPatch = Patch<CreateFundRequest>;

impl From<CreateFundRequest> for Fund {
    fn from(request: CreateFundRequest) -> Self {
        Self {
            code: request.code,
            name: request.name,
            programme: request.programme,
            currency: request.currency,
            illustrative: request.illustrative,
        }
    }
}

impl From<Fund> for CreateFundRequest {
    fn from(fund: Fund) -> Self {
        Self {
            code: fund.code,
            name: fund.name,
            programme: fund.programme,
            currency: fund.currency,
            illustrative: fund.illustrative,
        }
    }
}

/// A fund.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FundResponse {
    #[schema(example = "NIA-2015", max_length = 60)]
    code: String,
    #[schema(max_length = 200)]
    name: String,
    #[schema(example = "nia", max_length = 60)]
    programme: Option<String>,
    #[schema(example = "GBP", min_length = 3, max_length = 3)]
    currency: String,
    illustrative: bool,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<FundRow> for FundResponse {
    fn from(row: FundRow) -> Self {
        Self {
            code: row.code,
            name: row.name,
            programme: row.programme,
            currency: row.currency,
            illustrative: row.illustrative,
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }
}

/// A fund's money at this moment: `contributed + reallocatedIn - reallocatedOut = available + outstanding + disbursed`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FundPositionResponse {
    #[schema(example = "NIA-2015", max_length = 60)]
    fund: String,
    contributed: MoneyBody,
    reallocated_in: MoneyBody,
    reallocated_out: MoneyBody,
    /// What new awards can be approved with.
    available: MoneyBody,
    /// Set aside for awards and not yet disbursed.
    outstanding: MoneyBody,
    /// What has left, net of what was returned.
    disbursed: MoneyBody,
}

impl FundPositionResponse {
    fn of(fund: FundRow, balance: FundBalance) -> Self {
        let money = |minor| Money::of(minor, &fund.currency).into();
        Self {
            contributed: money(balance.contributed),
            reallocated_in: money(balance.reallocated_in),
            reallocated_out: money(balance.reallocated_out),
            available: money(balance.available),
            outstanding: money(balance.outstanding),
            disbursed: money(balance.disbursed),
            fund: fund.code,
        }
    }
}

fn reply(row: FundRow) -> Result<Reply> {
    let version = row.version;
    Ok(Reply::ok(&FundResponse::from(row))?.version(version))
}

/// List funds
///
/// Those of the programmes you keep; national administrators and evaluators see all.
#[utoipa::path(tag = "funding", params(ListFunds), responses((status = 200, description = "A page of funds", body = Listing<FundResponse>)))]
#[get("/v1/funds")]
pub async fn list_funds(cx: Cx, query: Query<ListFunds>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let filter = FundFilter {
            search: query.q,
            programme: query.programme.map(|slug| slug.0.to_ascii_lowercase()),
            seen: ops::seen(context),
        };
        let page = store::list(conn, &filter, &query.page)?;
        Reply::page(page, &target, FundResponse::from)
    })
    .await
}

/// Open a fund
///
/// With nothing in it: contributions fill it.
#[utoipa::path(
    tag = "funding",
    request_body = CreateFundRequest,
    responses((status = 201, description = "Opened", body = FundResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/funds")]
pub async fn create_fund(cx: Cx, body: Body<CreateFundRequest>) -> Result<Reply> {
    cx.write_money(body, |conn, context, request| {
        let row = ops::create_fund(conn, context, request.into())?;
        Reply::created(format!("/v1/funds/{}", row.code), row.version, &FundResponse::from(row))
    })
    .await
}

/// Get a fund
///
/// By its code.
#[utoipa::path(
    tag = "funding",
    params(FundPath),
    responses((status = 200, description = "The fund", body = FundResponse, headers(("ETag" = String)))),
)]
#[get("/v1/funds/{code}")]
pub async fn get_fund(cx: Cx, path: web::Path<FundPath>) -> Result<Reply> {
    cx.read(move |conn, context| reply(ops::get_fund(conn, context, &path.code)?)).await
}

/// Change a fund
///
/// A merge patch of its name and programme; code and currency stay.
#[utoipa::path(
    tag = "funding",
    params(FundPath),
    request_body(content = FundPatch, content_type = "application/merge-patch+json", example = json!({ "name": "NHS Innovation Accelerator, wave 1" })),
    responses((status = 200, description = "Changed", body = FundResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/funds/{code}")]
pub async fn update_fund(cx: Cx, path: web::Path<FundPath>, body: Body<FundPatch>) -> Result<Reply> {
    cx.write_money(body, move |conn, context, patch| {
        let change = |present: Fund| Ok(patch.apply(&present.into())?.into());
        reply(ops::update_fund(conn, context, &path.code, change)?)
    })
    .await
}

/// Get the position of a fund
///
/// What came in, what is available, what is set aside and what has left, at this moment.
#[utoipa::path(
    tag = "funding",
    params(FundPath),
    responses((status = 200, description = "The position", body = FundPositionResponse)),
)]
#[get("/v1/funds/{code}/position")]
pub async fn get_fund_position(cx: Cx, path: web::Path<FundPath>) -> Result<Reply> {
    cx.read(move |conn, context| {
        let fund = ops::get_fund(conn, context, &path.code)?;
        let balance = ledger::ops::position(conn, fund.id)?;
        Reply::ok(&FundPositionResponse::of(fund, balance))
    })
    .await
}
