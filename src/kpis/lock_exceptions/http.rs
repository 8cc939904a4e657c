//! `/v1/lock-exceptions`.

use super::ops;
use super::rules::LockException;
use super::store::{self, ListLockExceptions};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Query, Reply, Routes, Wrong};
use crate::record::Stored;
use actix_web::{delete, get, post, web};

type LockExceptionResponse = Stored<LockException>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_lock_exceptions)
        .service(create_lock_exception)
        .service(get_lock_exception)
        .service(delete_lock_exception);
}

/// List lock exceptions
///
/// Lists who may send which locked periods, until when and why.
#[utoipa::path(tag = "kpi-returns", params(ListLockExceptions), responses((status = 200, description = "A page of exceptions", body = Listing<LockExceptionResponse>)))]
#[get("/v1/lock-exceptions")]
pub async fn list_lock_exceptions(cx: Cx, asked: Asked<ListLockExceptions>) -> Result<Listed<LockExceptionResponse>> {
    cx.list_with(asked, store::list, |conn, _, rows| store::named(conn, rows)).await
}

/// Open locked periods for an organisation
///
/// Until the given instant the organisation sends values of these periods as if they were not locked. For a national-admin, the
/// manager of the KPIs' programme, and a regional lead over the organisation.
#[utoipa::path(tag = "kpi-returns", request_body = LockException, responses((status = 201, description = "Opened", body = LockExceptionResponse)))]
#[post("/v1/lock-exceptions")]
pub async fn create_lock_exception(cx: Cx, body: Body<LockException>) -> Result<Created<LockExceptionResponse>> {
    cx.create(body, ops::create_lock_exception).await
}

/// Get a lock exception
///
/// Returns who may send which locked periods, until when and why.
#[utoipa::path(tag = "kpi-returns", params(IdPath), responses((status = 200, description = "The exception", body = LockExceptionResponse)))]
#[get("/v1/lock-exceptions/{id}")]
pub async fn get_lock_exception(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<LockExceptionResponse>> {
    cx.show(move |conn, context| ops::get_lock_exception(conn, context, &path.id)).await
}

/// Take back a lock exception
///
/// From then on it opens nothing. It is kept with the reason, and listed with `withdrawn=true`.
#[utoipa::path(tag = "kpi-returns", params(IdPath, Wrong), responses((status = 204, description = "Taken back")))]
#[delete("/v1/lock-exceptions/{id}")]
pub async fn delete_lock_exception(cx: Cx, path: web::Path<IdPath>, wrong: Query<Wrong>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_lock_exception(conn, context, &path.id, wrong.0)).await
}
