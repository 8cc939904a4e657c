//! `/v1/reallocations`.

use super::ops;
use super::rules::Reallocation;
use super::store::{self, ListReallocations};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Routes};
use crate::record::Stored;
use actix_web::{get, post, web};

type ReallocationResponse = Stored<Reallocation>;

pub fn routes(routes: &mut Routes) {
    routes.service(list_reallocations).service(create_reallocation).service(get_reallocation);
}

/// List reallocations
///
/// Lists the reallocations from and to the funds you may see, earliest first by default.
#[utoipa::path(tag = "funding", params(ListReallocations), responses((status = 200, description = "A page of reallocations", body = Listing<ReallocationResponse>)))]
#[get("/v1/reallocations")]
pub async fn list_reallocations(cx: Cx, asked: Asked<ListReallocations>) -> Result<Listed<ReallocationResponse>> {
    cx.list_with(asked, store::list, |conn, _, rows| {
        Ok(store::named(conn, rows)?.into_iter().map(Stored::from).collect())
    })
    .await
}

/// Reallocate money between funds
///
/// Moves cash of the first fund to the second, and with it what may be committed from that financial year on. What the first fund
/// has committed must still be there, by year. Both funds must be yours to change and have the same currency.
#[utoipa::path(tag = "funding", request_body = Reallocation, responses((status = 201, description = "Reallocated", body = ReallocationResponse)))]
#[post("/v1/reallocations")]
pub async fn create_reallocation(cx: Cx, body: Body<Reallocation>) -> Result<Created<ReallocationResponse>> {
    cx.create_money(body, ops::create_reallocation).await
}

/// Get a reallocation
///
/// Returns the reallocation, its reason, and the award whose end freed the money.
#[utoipa::path(tag = "funding", params(IdPath), responses((status = 200, description = "The reallocation", body = ReallocationResponse)))]
#[get("/v1/reallocations/{id}")]
pub async fn get_reallocation(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<ReallocationResponse>> {
    cx.show_whole(move |conn, context| ops::get_reallocation(conn, context, &path.id)).await
}
