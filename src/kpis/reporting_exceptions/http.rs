//! `/v1/reporting-exceptions`.

use super::ops;
use super::rules::ReportingException;
use super::store::{self, ListReportingExceptions};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Query, Reply, Routes, Wrong};
use crate::record::Stored;
use actix_web::{delete, get, patch, post, web};

type ReportingExceptionResponse = Stored<ReportingException>;
type ReportingExceptionPatch = Patch<ReportingException>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_reporting_exceptions)
        .service(create_reporting_exception)
        .service(get_reporting_exception)
        .service(update_reporting_exception)
        .service(delete_reporting_exception);
}

/// List reporting exceptions
///
/// Lists which values are not expected of whom, for how long and why.
#[utoipa::path(tag = "kpi-values", params(ListReportingExceptions), responses((status = 200, description = "A page of exceptions", body = Listing<ReportingExceptionResponse>)))]
#[get("/v1/reporting-exceptions")]
pub async fn list_reporting_exceptions(
    cx: Cx,
    asked: Asked<ListReportingExceptions>,
) -> Result<Listed<ReportingExceptionResponse>> {
    cx.list_with(asked, store::list, |conn, _, rows| store::named(conn, rows)).await
}

/// Say that values are not expected
///
/// A series is expected from its first value on until its organisation closes: silence ends nothing. An exception does, for the periods
/// on whose last day it holds: because the organisation does not provide what is counted, or because nobody collects it for a time.
/// Totals of these periods are complete without it.
#[utoipa::path(tag = "kpi-values", request_body = ReportingException, responses((status = 201, description = "Recorded", body = ReportingExceptionResponse)))]
#[post("/v1/reporting-exceptions")]
pub async fn create_reporting_exception(
    cx: Cx,
    body: Body<ReportingException>,
) -> Result<Created<ReportingExceptionResponse>> {
    cx.create(body, ops::create_reporting_exception).await
}

/// Get a reporting exception
///
/// Returns what is not expected of whom, for how long and why.
#[utoipa::path(tag = "kpi-values", params(IdPath), responses((status = 200, description = "The exception", body = ReportingExceptionResponse)))]
#[get("/v1/reporting-exceptions/{id}")]
pub async fn get_reporting_exception(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<ReportingExceptionResponse>> {
    cx.show(move |conn, context| ops::get_reporting_exception(conn, context, &path.id)).await
}

/// Change the end or the reason of a reporting exception
///
/// Takes a merge patch with `to`, the first day on which values are expected again, or `reason`.
#[utoipa::path(tag = "kpi-values", params(IdPath), request_body(content = ReportingExceptionPatch, example = json!({ "to": "2026-04-01" })), responses((status = 200, description = "Changed", body = ReportingExceptionResponse)))]
#[patch("/v1/reporting-exceptions/{id}")]
pub async fn update_reporting_exception(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<ReportingExceptionPatch>,
) -> Result<Answer<ReportingExceptionResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_reporting_exception(conn, context, &path.id, &patch)).await
}

/// Take back a reporting exception
///
/// Corrects a mistake: the exception holds on no day. It is kept with the reason, and listed with `withdrawn=true`.
#[utoipa::path(tag = "kpi-values", params(IdPath, Wrong), responses((status = 204, description = "Taken back")))]
#[delete("/v1/reporting-exceptions/{id}")]
pub async fn delete_reporting_exception(cx: Cx, path: web::Path<IdPath>, wrong: Query<Wrong>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_reporting_exception(conn, context, &path.id, wrong.0)).await
}
