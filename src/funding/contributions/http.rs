//! `/v1/funds/{code}/contributions`.

use super::ops::{self, Contribution, ContributionSource};
use super::store::{self, ContributionFilter, NamedContribution};
use crate::error::{Error, Result};
use crate::funding::funds::http::FundPath;
use crate::funding::funds::ops::{get_fund, seen};
use crate::funding::http::MoneyBody;
use crate::funding::money::Money;
use crate::http::params::{CodeParam, OneOf, Query};
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::vocabulary::{Id, instant};
use crate::{organisations, params};
use actix_web::{get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_contributions)
        .service(list_fund_contributions)
        .service(create_contribution)
        .service(get_contribution);
}

params! {
    /// What a list of contributions may be narrowed to.
    pub struct ListContributions list of NamedContribution {
        /// The slug of the programme of their funds.
        programme: CodeParam = "programme",
        /// Where they come from.
        source: OneOf<ContributionSource> = "source",
        /// The code of who made them.
        contributor: CodeParam = "contributor",
        /// The first day they were received on.
        from: NaiveDate = "from",
        /// The first day after.
        to: NaiveDate = "to",
    }
}

params! {
    /// What the contributions to a fund may be narrowed to.
    pub struct ListFundContributions list of NamedContribution {
        /// Where they come from.
        source: OneOf<ContributionSource> = "source",
        /// The first day they were received on.
        from: NaiveDate = "from",
        /// The first day after.
        to: NaiveDate = "to",
    }
}

/// Names a contribution in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ContributionPath {
    /// The fund's code, in any case
    #[param(example = "NIA-2015", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    code: String,
    /// The contribution's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
}

/// A contribution to record.
#[derive(Deserialize, ToSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "contributor": "QKK", "source": "nhs", "amount": { "amount": "1000000.00", "currency": "GBP" }, "receivedOn": "2015-07-01" }))]
pub struct CreateContributionRequest {
    /// The code of the organisation that gives it.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    contributor: String,
    source: ContributionSource,
    /// In the fund's currency.
    amount: MoneyBody,
    received_on: NaiveDate,
    #[schema(max_length = 2000, nullable = false)]
    note: Option<String>,
}

impl TryFrom<CreateContributionRequest> for Contribution {
    type Error = Error;

    fn try_from(request: CreateContributionRequest) -> Result<Self> {
        Ok(Self {
            amount: request.amount.read("/amount")?,
            contributor: request.contributor,
            source: request.source,
            received_on: request.received_on,
            note: request.note,
        })
    }
}

/// A contribution.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContributionResponse {
    id: Id,
    #[schema(example = "NIA-2015", max_length = 60)]
    fund: String,
    /// The code of the organisation that gave it.
    #[schema(example = "QKK", max_length = 60)]
    contributor: String,
    #[schema(max_length = 300)]
    name: String,
    source: ContributionSource,
    amount: MoneyBody,
    received_on: NaiveDate,
    #[schema(max_length = 2000)]
    note: Option<String>,
    #[schema(max_length = 300)]
    made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    created_at: String,
}

impl From<NamedContribution> for ContributionResponse {
    fn from(found: NamedContribution) -> Self {
        Self {
            id: found.row.id,
            amount: Money::of(found.row.amount_minor, &found.currency).into(),
            fund: found.fund,
            contributor: found.code,
            name: found.name,
            source: found.row.source,
            received_on: found.row.received_on,
            note: found.row.note,
            made_by: found.row.made_by,
            created_at: instant(found.row.created_at),
        }
    }
}

/// List contributions
///
/// To the funds you may see, the earliest first.
#[utoipa::path(
    tag = "funding",
    params(ListContributions),
    responses((status = 200, description = "A page of contributions", body = Listing<ContributionResponse>)),
)]
#[get("/v1/contributions")]
pub async fn list_contributions(cx: Cx, query: Query<ListContributions>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let contributor =
            query.contributor.map(|code| organisations::ops::referred(conn, "?contributor", &code.0)).transpose()?;
        let filter = ContributionFilter {
            fund: None,
            programme: query.programme.map(|slug| slug.0.to_ascii_lowercase()),
            sources: query.source.map(|sources| sources.0),
            contributor,
            from: query.from,
            to: query.to,
            seen: seen(context),
        };
        let page = store::list(conn, &filter, &query.page)?;
        Reply::page(page, &target, ContributionResponse::from)
    })
    .await
}

/// List the contributions to a fund
///
/// The earliest first.
#[utoipa::path(
    tag = "funding",
    params(FundPath, ListFundContributions),
    responses((status = 200, description = "A page of contributions", body = Listing<ContributionResponse>)),
)]
#[get("/v1/funds/{code}/contributions")]
pub async fn list_fund_contributions(
    cx: Cx,
    path: web::Path<FundPath>,
    query: Query<ListFundContributions>,
) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let fund = get_fund(conn, context, &path.code)?;
        let filter = ContributionFilter {
            fund: Some(fund.id),
            sources: query.source.map(|sources| sources.0),
            from: query.from,
            to: query.to,
            ..ContributionFilter::default()
        };
        let page = store::list(conn, &filter, &query.page)?;
        Reply::page(page, &target, ContributionResponse::from)
    })
    .await
}

/// Record a contribution
///
/// Money that a fund received. It is never changed: a mistake is set right by a reallocation.
#[utoipa::path(
    tag = "funding",
    params(FundPath),
    request_body = CreateContributionRequest,
    responses((status = 201, description = "Recorded", body = ContributionResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/funds/{code}/contributions")]
pub async fn create_contribution(
    cx: Cx,
    path: web::Path<FundPath>,
    body: Body<CreateContributionRequest>,
) -> Result<Reply> {
    cx.write_money(body, move |conn, context, request| {
        let made = ops::create_contribution(conn, context, &path.code, request.try_into()?)?;
        let location = format!("/v1/funds/{}/contributions/{}", made.fund, made.row.id);
        Reply::created(location, 1, &ContributionResponse::from(made))
    })
    .await
}

/// Get a contribution
///
/// With who gave it, and when it was received.
#[utoipa::path(
    tag = "funding",
    params(ContributionPath),
    responses((status = 200, description = "The contribution", body = ContributionResponse, headers(("ETag" = String)))),
)]
#[get("/v1/funds/{code}/contributions/{id}")]
pub async fn get_contribution(cx: Cx, path: web::Path<ContributionPath>) -> Result<Reply> {
    cx.read(move |conn, context| {
        let found = ops::get_contribution(conn, context, &path.code, &path.id)?;
        Ok(Reply::ok(&ContributionResponse::from(found))?.version(1))
    })
    .await
}
