//! `/v1/funds`.

use super::ops;
use super::rules::{Fund, FundPosition};
use super::store::{self, ListFunds};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, Listed, Listing, Patch, Routes};
use crate::path;
use crate::record::Stored;
use actix_web::{get, patch, post, web};

type FundResponse = Stored<Fund>;
type FundPatch = Patch<Fund>;

pub fn routes(routes: &mut Routes) {
    routes.service(list_funds).service(create_fund).service(get_fund).service(update_fund).service(get_fund_position);
}

path! { FundPath, code: fund "The fund's code, in any case" }

/// List funds
///
/// Lists the funds of the programmes you manage, and as a regional lead those with an approved award to an organisation in your
/// footprint: their names and positions, without who gave what. National administrators and evaluators see all funds.
#[utoipa::path(tag = "funding", params(ListFunds), responses((status = 200, description = "A page of funds", body = Listing<FundResponse>)))]
#[get("/v1/funds")]
pub async fn list_funds(cx: Cx, asked: Asked<ListFunds>) -> Result<Listed<FundResponse>> {
    cx.list(asked, store::list).await
}

/// Open a fund
///
/// A new fund is empty. Pledges say what it may commit of each financial year, and contributions put money into it.
#[utoipa::path(tag = "funding", request_body = Fund, responses((status = 201, description = "Opened", body = FundResponse)))]
#[post("/v1/funds")]
pub async fn create_fund(cx: Cx, body: Body<Fund>) -> Result<Created<FundResponse>> {
    cx.create_money(body, ops::create_fund).await
}

/// Get a fund
///
/// By its code.
#[utoipa::path(tag = "funding", params(FundPath), responses((status = 200, description = "The fund", body = FundResponse)))]
#[get("/v1/funds/{code}")]
pub async fn get_fund(cx: Cx, path: web::Path<FundPath>) -> Result<Answer<FundResponse>> {
    cx.show(move |conn, context| ops::get_fund(conn, context, &path.code)).await
}

/// Change a fund
///
/// Takes a merge patch of the name, programme, first day and publishing funder. The code and currency cannot change.
#[utoipa::path(tag = "funding", params(FundPath), request_body(content = FundPatch, example = json!({ "name": "NHS Innovation Accelerator, wave 1" })), responses((status = 200, description = "Changed", body = FundResponse)))]
#[patch("/v1/funds/{code}")]
pub async fn update_fund(cx: Cx, path: web::Path<FundPath>, body: Body<FundPatch>) -> Result<Answer<FundResponse>> {
    cx.change_money(body, move |conn, context, patch| ops::update_fund(conn, context, &path.code, &patch)).await
}

/// Get the position of a fund
///
/// Returns two books: the cash that came in, is in hand and was paid out at this moment, and, by financial year, what the fund may
/// commit and has committed.
#[utoipa::path(tag = "funding", params(FundPath), responses((status = 200, description = "The position", body = FundPosition, headers(("ETag" = String)))))]
#[get("/v1/funds/{code}/position")]
pub async fn get_fund_position(cx: Cx, path: web::Path<FundPath>) -> Result<Answer<FundPosition>> {
    cx.answer(move |conn, context| ops::get_fund_position(conn, context, &path.code)).await
}
