//! `/v1/reallocations`.

use super::ops::{self, Reallocation};
use super::store::{self, ReallocationFilter, ReallocationRow};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::funding::funds;
use crate::funding::http::MoneyBody;
use crate::funding::money::Money;
use crate::http::params::{CodeParam, Query};
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::params;
use crate::vocabulary::{Id, instant};
use actix_web::{get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_reallocations).service(create_reallocation).service(get_reallocation);
}

params! {
    /// What a list of reallocations may be narrowed to.
    pub struct ListReallocations list of ReallocationRow {
        /// The code of a fund: those from it and those to it.
        fund: CodeParam = "fund",
        /// The first day they were made on.
        from: NaiveDate = "from",
        /// The first day after.
        to: NaiveDate = "to",
    }
}

/// Names a reallocation in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ReallocationPath {
    /// The reallocation's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
}

/// A reallocation to make.
#[derive(Deserialize, ToSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "fromFund": "NIA-2015", "toFund": "ITP-2018", "amount": { "amount": "25000.00", "currency": "GBP" }, "reason": "What a terminated award released." }))]
pub struct CreateReallocationRequest {
    /// The code of the fund that gives.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    from_fund: String,
    /// The code of the fund that receives.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    to_fund: String,
    /// The award whose end freed the money.
    #[schema(nullable = false)]
    award: Option<Id>,
    /// In the currency of both.
    amount: MoneyBody,
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
    /// Today unless told.
    #[schema(nullable = false)]
    made_on: Option<NaiveDate>,
}

impl TryFrom<CreateReallocationRequest> for Reallocation {
    type Error = Error;

    fn try_from(request: CreateReallocationRequest) -> Result<Self> {
        Ok(Self {
            amount: request.amount.read("/amount")?,
            from_fund: request.from_fund,
            to_fund: request.to_fund,
            award: request.award,
            reason: request.reason,
            made_on: request.made_on,
        })
    }
}

/// A reallocation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReallocationResponse {
    id: Id,
    #[schema(example = "NIA-2015", max_length = 60)]
    from_fund: String,
    #[schema(example = "ITP-2018", max_length = 60)]
    to_fund: String,
    award: Option<Id>,
    amount: MoneyBody,
    #[schema(max_length = 2000)]
    reason: String,
    made_on: NaiveDate,
    #[schema(max_length = 300)]
    made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    created_at: String,
}

impl ReallocationResponse {
    fn of(row: ReallocationRow, funds: &HashMap<Id, (String, String)>) -> Self {
        let (from_fund, currency) = funds.get(&row.from_fund_id).cloned().unwrap_or_default();
        let (to_fund, _) = funds.get(&row.to_fund_id).cloned().unwrap_or_default();
        Self {
            id: row.id,
            from_fund,
            to_fund,
            award: row.award_id,
            amount: Money::of(row.amount_minor, &currency).into(),
            reason: row.reason,
            made_on: row.made_on,
            made_by: row.made_by,
            created_at: instant(row.created_at),
        }
    }

    fn one(conn: &mut Conn, row: ReallocationRow) -> Result<Self> {
        let funds = store::funds_of(conn, std::slice::from_ref(&row))?;
        Ok(Self::of(row, &funds))
    }
}

/// List reallocations
///
/// From and to the funds you may see, the earliest first.
#[utoipa::path(tag = "funding", params(ListReallocations), responses((status = 200, description = "A page of reallocations", body = Listing<ReallocationResponse>)))]
#[get("/v1/reallocations")]
pub async fn list_reallocations(cx: Cx, query: Query<ListReallocations>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let fund = query.fund.map(|code| funds::ops::get_fund_id(conn, "?fund", &code.0)).transpose()?;
        let filter = ReallocationFilter { fund, from: query.from, to: query.to, seen: funds::ops::seen(context) };
        let page = store::list(conn, &filter, &query.page)?;
        let funds = store::funds_of(conn, &page.rows)?;
        Reply::page(page, &target, |row| ReallocationResponse::of(row, &funds))
    })
    .await
}

/// Reallocate money between funds
///
/// Of what the first has available, in one currency, between funds that you keep. It posts a pair that sums to zero.
#[utoipa::path(
    tag = "funding",
    request_body = CreateReallocationRequest,
    responses((status = 201, description = "Reallocated", body = ReallocationResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/reallocations")]
pub async fn create_reallocation(cx: Cx, body: Body<CreateReallocationRequest>) -> Result<Reply> {
    cx.write_money(body, |conn, context, request| {
        let row = ops::create_reallocation(conn, context, &request.try_into()?)?;
        let location = format!("/v1/reallocations/{}", row.id);
        Reply::created(location, 1, &ReallocationResponse::one(conn, row)?)
    })
    .await
}

/// Get a reallocation
///
/// With its reason, and the award whose end freed the money.
#[utoipa::path(
    tag = "funding",
    params(ReallocationPath),
    responses((status = 200, description = "The reallocation", body = ReallocationResponse, headers(("ETag" = String)))),
)]
#[get("/v1/reallocations/{id}")]
pub async fn get_reallocation(cx: Cx, path: web::Path<ReallocationPath>) -> Result<Reply> {
    cx.read(move |conn, context| {
        let row = ops::get_reallocation(conn, context, &path.id)?;
        Ok(Reply::ok(&ReallocationResponse::one(conn, row)?)?.version(1))
    })
    .await
}
