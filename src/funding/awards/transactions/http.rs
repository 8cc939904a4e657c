//! `/v1/awards/{id}/transactions`.

use super::ops;
use super::rules::{NewTransaction, Transaction};
use super::store::{self, ListAwardTransactions};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Routes};
use crate::path;
use actix_web::{get, post, web};

pub fn routes(routes: &mut Routes) {
    routes.service(list_award_transactions).service(create_award_transaction).service(get_award_transaction);
}

path! { AwardTransactionPath, id: uuid "The award's id", transaction: uuid "The transaction's id" }

/// List the movements of an award's money
///
/// Lists the movements, earliest first by default. A movement never changes.
#[utoipa::path(tag = "funding", params(IdPath, ListAwardTransactions), responses((status = 200, description = "A page of movements", body = Listing<Transaction>)))]
#[get("/v1/awards/{id}/transactions")]
pub async fn list_award_transactions(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListAwardTransactions>,
) -> Result<Listed<Transaction>> {
    cx.list(asked, move |conn, context, asked| store::list(conn, context, &path.id, asked)).await
}

/// Post a movement of an award's money
///
/// A disbursement pays out money that was committed, and needs the fund's cash. A return brings paid-out money back. A write-off records that it will not come
/// back. A release gives committed money back to the fund, from the end of the profile. Whoever approved an award, or more for it,
/// cannot disburse it.
#[utoipa::path(tag = "funding", params(IdPath), request_body = NewTransaction, responses((status = 201, description = "Posted", body = Transaction)))]
#[post("/v1/awards/{id}/transactions")]
pub async fn create_award_transaction(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<NewTransaction>,
) -> Result<Created<Transaction>> {
    cx.create_money(body, move |conn, context, new| ops::create_award_transaction(conn, context, &path.id, new)).await
}

/// Get a movement of an award's money
///
/// Returns the movement, who posted it, and the day it was made.
#[utoipa::path(tag = "funding", params(AwardTransactionPath), responses((status = 200, description = "The movement", body = Transaction)))]
#[get("/v1/awards/{id}/transactions/{transaction}")]
pub async fn get_award_transaction(cx: Cx, path: web::Path<AwardTransactionPath>) -> Result<Answer<Transaction>> {
    cx.show(move |conn, context| ops::get_award_transaction(conn, context, &path.id, &path.transaction)).await
}
