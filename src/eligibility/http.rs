//! `/v1/innovations/{slug}/eligibility`.

use super::ops;
use super::rules::Eligibility;
use super::store::{self, ListEligibility};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, Listed, Listing, Patch, Query, Reply, Routes, Wrong};
use crate::innovations::http::InnovationPath;
use crate::innovations::ops::get_innovation;
use crate::path;
use crate::record::Stored;
use actix_web::{delete, get, patch, post, web};

type EligibilityResponse = Stored<Eligibility>;
type EligibilityPatch = Patch<Eligibility>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_eligibility)
        .service(create_eligibility)
        .service(get_eligibility)
        .service(update_eligibility)
        .service(delete_eligibility);
}

path! { EligibilityPath, slug: innovation "The innovation's slug", id: uuid "The id of the row" }

/// List whom an innovation is meant for
///
/// Lists the organisations it is meant for, and the types of organisation below places, past, present and future.
#[utoipa::path(tag = "adoptions", params(InnovationPath, ListEligibility), responses((status = 200, description = "A page of rows", body = Listing<EligibilityResponse>)))]
#[get("/v1/innovations/{slug}/eligibility")]
pub async fn list_eligibility(
    cx: Cx,
    path: web::Path<InnovationPath>,
    asked: Asked<ListEligibility>,
) -> Result<Listed<EligibilityResponse>> {
    let rows = move |conn: &mut crate::db::Conn, context: &crate::http::Context, asked: &ListEligibility| {
        let innovation = get_innovation(conn, context, &path.slug)?.row.id;
        store::list(conn, innovation, asked)
    };
    cx.list_with(asked, rows, |conn, _, rows| store::named(conn, rows)).await
}

/// Say whom an innovation is meant for
///
/// Names one organisation, or a place and a type of organisation: all of that type below the place, on the map of each day. A row with
/// `eligible: false` takes out what another makes eligible. Uptake is reckoned of these. Whoever keeps the innovation says so.
#[utoipa::path(tag = "adoptions", params(InnovationPath), request_body = Eligibility, responses((status = 201, description = "Added", body = EligibilityResponse)))]
#[post("/v1/innovations/{slug}/eligibility")]
pub async fn create_eligibility(
    cx: Cx,
    path: web::Path<InnovationPath>,
    body: Body<Eligibility>,
) -> Result<Created<EligibilityResponse>> {
    cx.create(body, move |conn, context, new| ops::create_eligibility(conn, context, &path.slug, new)).await
}

/// Get a row of whom an innovation is meant for
///
/// Returns the organisation or place, and the days.
#[utoipa::path(tag = "adoptions", params(EligibilityPath), responses((status = 200, description = "The row", body = EligibilityResponse)))]
#[get("/v1/innovations/{slug}/eligibility/{id}")]
pub async fn get_eligibility(cx: Cx, path: web::Path<EligibilityPath>) -> Result<Answer<EligibilityResponse>> {
    cx.show(move |conn, context| ops::get_eligibility(conn, context, &path.slug, &path.id)).await
}

/// End a row of whom an innovation is meant for
///
/// Takes a merge patch with `to`, the first day on which it no longer holds. Uptake of earlier days stays as it was.
#[utoipa::path(tag = "adoptions", params(EligibilityPath), request_body(content = EligibilityPatch, example = json!({ "to": "2026-04-01" })), responses((status = 200, description = "Changed", body = EligibilityResponse)))]
#[patch("/v1/innovations/{slug}/eligibility/{id}")]
pub async fn update_eligibility(
    cx: Cx,
    path: web::Path<EligibilityPath>,
    body: Body<EligibilityPatch>,
) -> Result<Answer<EligibilityResponse>> {
    let EligibilityPath { slug, id } = path.into_inner();
    cx.change(body, move |conn, context, patch| ops::update_eligibility(conn, context, &slug, &id, &patch)).await
}

/// Take back a row of whom an innovation is meant for
///
/// Corrects a mistake: the row counts on no day. It is kept with the reason, and listed with `withdrawn=true`.
#[utoipa::path(tag = "adoptions", params(EligibilityPath, Wrong), responses((status = 204, description = "Taken back")))]
#[delete("/v1/innovations/{slug}/eligibility/{id}")]
pub async fn delete_eligibility(cx: Cx, path: web::Path<EligibilityPath>, wrong: Query<Wrong>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_eligibility(conn, context, &path.slug, &path.id, wrong.0)).await
}
