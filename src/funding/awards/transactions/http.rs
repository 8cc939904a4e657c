//! `/v1/awards/{id}/transactions`.

use super::ops::{self, NewTransaction, PostedKind};
use crate::error::{Error, Result};
use crate::funding::awards::http::AwardPath;
use crate::funding::awards::ops::get_award;
use crate::funding::http::MoneyBody;
use crate::funding::ledger::rules::TransactionKind;
use crate::funding::ledger::store::{self, TransactionRow};
use crate::funding::money::Money;
use crate::http::params::{OneOf, Query};
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::params;
use crate::vocabulary::{Id, instant};
use actix_web::{get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_award_transactions).service(create_award_transaction).service(get_award_transaction);
}

params! {
    /// What the movements of an award may be narrowed to.
    pub struct ListAwardTransactions list of TransactionRow {
        /// What they did.
        kind: OneOf<TransactionKind> = "kind",
    }
}

/// Names a movement of an award's money in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AwardTransactionPath {
    /// The award's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
    /// The transaction's id
    #[param(format = "uuid", max_length = 36)]
    transaction: String,
}

/// A movement to post.
#[derive(Deserialize, ToSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "kind": "disbursement", "amount": { "amount": "10000.00", "currency": "GBP" } }))]
pub struct CreateAwardTransactionRequest {
    kind: PostedKind,
    /// In the award's currency.
    amount: MoneyBody,
    /// The day it was made; today unless told.
    #[schema(nullable = false)]
    posted_on: Option<NaiveDate>,
    #[schema(max_length = 2000, nullable = false)]
    note: Option<String>,
}

impl TryFrom<CreateAwardTransactionRequest> for NewTransaction {
    type Error = Error;

    fn try_from(request: CreateAwardTransactionRequest) -> Result<Self> {
        let amount = request.amount.read("/amount")?;
        Ok(Self { kind: request.kind, amount, posted_on: request.posted_on, note: request.note })
    }
}

/// A movement of an award's money.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwardTransactionResponse {
    id: Id,
    kind: TransactionKind,
    amount: MoneyBody,
    posted_on: NaiveDate,
    #[schema(max_length = 2000)]
    note: Option<String>,
    #[schema(max_length = 300)]
    made_by: String,
    #[schema(format = "date-time", max_length = 40)]
    created_at: String,
}

impl AwardTransactionResponse {
    fn of(currency: &str, row: TransactionRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            amount: Money::of(row.amount_minor, currency).into(),
            posted_on: row.posted_on,
            note: row.note,
            made_by: row.made_by,
            created_at: instant(row.created_at),
        }
    }
}

/// List the movements of an award's money
///
/// The earliest first. They are never changed.
#[utoipa::path(
    tag = "funding",
    params(AwardPath, ListAwardTransactions),
    responses((status = 200, description = "A page of movements", body = Listing<AwardTransactionResponse>)),
)]
#[get("/v1/awards/{id}/transactions")]
pub async fn list_award_transactions(
    cx: Cx,
    path: web::Path<AwardPath>,
    query: Query<ListAwardTransactions>,
) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let award = get_award(conn, context, &path.id)?;
        let kinds = query.kind.map(|kinds| kinds.0);
        let page = store::of_award(conn, award.row.id, kinds.as_deref(), &query.page)?;
        Reply::page(page, &target, |row| AwardTransactionResponse::of(&award.row.currency, row))
    })
    .await
}

/// Post a movement of an award's money
///
/// A disbursement leaves what is set aside; a return brings back what had left; a write-off says that it will not come
/// back; a release gives what is set aside back to the fund. Whoever approved an award does not disburse it.
#[utoipa::path(
    tag = "funding",
    params(AwardPath),
    request_body = CreateAwardTransactionRequest,
    responses((status = 201, description = "Posted", body = AwardTransactionResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/awards/{id}/transactions")]
pub async fn create_award_transaction(
    cx: Cx,
    path: web::Path<AwardPath>,
    body: Body<CreateAwardTransactionRequest>,
) -> Result<Reply> {
    cx.write_money(body, move |conn, context, request| {
        let (award, made) = ops::create_award_transaction(conn, context, &path.id, request.try_into()?)?;
        let location = format!("/v1/awards/{}/transactions/{}", award.row.id, made.id);
        Reply::created(location, 1, &AwardTransactionResponse::of(&award.row.currency, made))
    })
    .await
}

/// Get a movement of an award's money
///
/// With who posted it, and when it was made.
#[utoipa::path(
    tag = "funding",
    params(AwardTransactionPath),
    responses((status = 200, description = "The movement", body = AwardTransactionResponse, headers(("ETag" = String)))),
)]
#[get("/v1/awards/{id}/transactions/{transaction}")]
pub async fn get_award_transaction(cx: Cx, path: web::Path<AwardTransactionPath>) -> Result<Reply> {
    cx.read(move |conn, context| {
        let (award, found) = ops::get_award_transaction(conn, context, &path.id, &path.transaction)?;
        Ok(Reply::ok(&AwardTransactionResponse::of(&award.row.currency, found))?.version(1))
    })
    .await
}
