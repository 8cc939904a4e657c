//! `/v1/pledges` and `/v1/funds/{code}/pledges`.

use super::ops;
use super::rules::Pledge;
use super::store::{self, ListFundPledges, ListPledges};
use crate::error::Result;
use crate::funding::funds::http::FundPath;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Routes};
use crate::record::Stored;
use actix_web::{get, patch, post, web};

type PledgeResponse = Stored<Pledge>;
type PledgePatch = Patch<Pledge>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_pledges)
        .service(list_fund_pledges)
        .service(create_pledge)
        .service(get_pledge)
        .service(update_pledge);
}

/// List pledges
///
/// Lists the pledges to the funds you may see, by financial year.
#[utoipa::path(tag = "funding", params(ListPledges), responses((status = 200, description = "A page of pledges", body = Listing<PledgeResponse>)))]
#[get("/v1/pledges")]
pub async fn list_pledges(cx: Cx, asked: Asked<ListPledges>) -> Result<Listed<PledgeResponse>> {
    cx.list(asked, store::list).await
}

/// List the pledges to a fund
///
/// By financial year.
#[utoipa::path(tag = "funding", params(FundPath, ListFundPledges), responses((status = 200, description = "A page of pledges", body = Listing<PledgeResponse>)))]
#[get("/v1/funds/{code}/pledges")]
pub async fn list_fund_pledges(
    cx: Cx,
    path: web::Path<FundPath>,
    asked: Asked<ListFundPledges>,
) -> Result<Listed<PledgeResponse>> {
    cx.list(asked, move |conn, context, asked| store::list_of_fund(conn, context, &path.code, asked)).await
}

/// Record a pledge
///
/// Records money that somebody promises a fund for one financial year. Awards may be approved on a confirmed pledge before
/// it is paid. Contributions that name it pay it.
#[utoipa::path(tag = "funding", request_body = Pledge, responses((status = 201, description = "Recorded", body = PledgeResponse)))]
#[post("/v1/pledges")]
pub async fn create_pledge(cx: Cx, body: Body<Pledge>) -> Result<Created<PledgeResponse>> {
    cx.create_money(body, ops::create_pledge).await
}

/// Get a pledge
///
/// Returns the pledge and what is paid of it.
#[utoipa::path(tag = "funding", params(IdPath), responses((status = 200, description = "The pledge", body = PledgeResponse)))]
#[get("/v1/pledges/{id}")]
pub async fn get_pledge(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<PledgeResponse>> {
    cx.show(move |conn, context| ops::get_pledge(conn, context, &path.id)).await
}

/// Change a pledge
///
/// Takes a merge patch. The fund cannot change. A change that leaves less to the end of a year than is committed to it is
/// refused with that year. Once some of it is paid, a pledge stays confirmed and is not lowered below that.
#[utoipa::path(tag = "funding", params(IdPath), request_body(content = PledgePatch, example = json!({ "note": "Confirmed by letter." })), responses((status = 200, description = "Changed", body = PledgeResponse)))]
#[patch("/v1/pledges/{id}")]
pub async fn update_pledge(cx: Cx, path: web::Path<IdPath>, body: Body<PledgePatch>) -> Result<Answer<PledgeResponse>> {
    cx.change_money(body, move |conn, context, patch| ops::update_pledge(conn, context, &path.id, &patch)).await
}
