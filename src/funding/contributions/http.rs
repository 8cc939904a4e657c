//! `/v1/funds/{code}/contributions`.

use super::ops;
use super::rules::Contribution;
use super::store::{self, ListContributions, ListFundContributions};
use crate::error::Result;
use crate::funding::funds::http::FundPath;
use crate::http::{Answer, Asked, Body, Created, Cx, Listed, Listing, Query, Reply, Routes, Wrong};
use crate::path;
use crate::record::Stored;
use actix_web::{delete, get, post, web};

type ContributionResponse = Stored<Contribution>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_contributions)
        .service(list_fund_contributions)
        .service(create_contribution)
        .service(get_contribution)
        .service(delete_contribution);
}

path! { ContributionPath, code: fund "The fund's code, in any case", id: uuid "The contribution's id" }

/// List contributions
///
/// Lists the contributions to the funds whose money you may see, earliest first by default.
#[utoipa::path(tag = "funding", params(ListContributions), responses((status = 200, description = "A page of contributions", body = Listing<ContributionResponse>)))]
#[get("/v1/contributions")]
pub async fn list_contributions(cx: Cx, asked: Asked<ListContributions>) -> Result<Listed<ContributionResponse>> {
    cx.list(asked, store::list).await
}

/// List the contributions to a fund
///
/// Earliest first by default.
#[utoipa::path(tag = "funding", params(FundPath, ListFundContributions), responses((status = 200, description = "A page of contributions", body = Listing<ContributionResponse>)))]
#[get("/v1/funds/{code}/contributions")]
pub async fn list_fund_contributions(
    cx: Cx,
    path: web::Path<FundPath>,
    asked: Asked<ListFundContributions>,
) -> Result<Listed<ContributionResponse>> {
    cx.list(asked, move |conn, context, asked| store::list_of_fund(conn, context, &path.code, asked)).await
}

/// Record a contribution
///
/// Records money that a fund received. One that names the pledge it pays adds to the cash alone; any other also adds to what the
/// fund may commit. A contribution never changes. One that was recorded wrongly is taken back with `DELETE`.
#[utoipa::path(tag = "funding", params(FundPath), request_body = Contribution, responses((status = 201, description = "Recorded", body = ContributionResponse)))]
#[post("/v1/funds/{code}/contributions")]
pub async fn create_contribution(
    cx: Cx,
    path: web::Path<FundPath>,
    body: Body<Contribution>,
) -> Result<Created<ContributionResponse>> {
    cx.create_money(body, move |conn, context, new| ops::create_contribution(conn, context, &path.code, new)).await
}

/// Get a contribution
///
/// Returns the contribution, who gave it, and when it was received.
#[utoipa::path(tag = "funding", params(ContributionPath), responses((status = 200, description = "The contribution", body = ContributionResponse)))]
#[get("/v1/funds/{code}/contributions/{id}")]
pub async fn get_contribution(cx: Cx, path: web::Path<ContributionPath>) -> Result<Answer<ContributionResponse>> {
    cx.show(move |conn, context| ops::get_contribution(conn, context, &path.code, &path.id)).await
}

/// Take back a contribution
///
/// Corrects a mistake: the money counts as never received, in no balance, list or report. The contribution is kept with the reason, and listed with
/// `withdrawn=true`. It is refused (409) where the fund would have had less than nothing in cash on a day since, or would have
/// committed more than it may of a financial year. Then record the right one.
#[utoipa::path(tag = "funding", params(ContributionPath, Wrong), responses((status = 204, description = "Taken back")))]
#[delete("/v1/funds/{code}/contributions/{id}")]
pub async fn delete_contribution(cx: Cx, path: web::Path<ContributionPath>, wrong: Query<Wrong>) -> Result<Reply> {
    cx.remove_money(move |conn, context| ops::delete_contribution(conn, context, &path.code, &path.id, wrong.0.clone()))
        .await
}
