//! `/v1/programmes/{slug}/cohorts`.

use super::ops;
use super::rules::Cohort;
use super::store::{self, ListCohorts};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, Listed, Listing, Patch, Routes};
use crate::path;
use crate::programmes::http::ProgrammePath;
use crate::programmes::ops::get_programme;
use crate::record::Stored;
use actix_web::{get, patch, post, web};

type CohortResponse = Stored<Cohort>;
type CohortPatch = Patch<Cohort>;

pub fn routes(routes: &mut Routes) {
    routes.service(list_cohorts).service(create_cohort).service(get_cohort).service(update_cohort);
}

path! { CohortPath, slug: programme "The programme's slug", number: [example = "1", pattern = "^[1-9][0-9]{0,3}$", max_length = 4] "The cohort's number" }

/// List the cohorts of a programme
///
/// Lists the cohorts, by number by default.
#[utoipa::path(tag = "programmes", params(ProgrammePath, ListCohorts), responses((status = 200, description = "A page of cohorts", body = Listing<CohortResponse>)))]
#[get("/v1/programmes/{slug}/cohorts")]
pub async fn list_cohorts(
    cx: Cx,
    path: web::Path<ProgrammePath>,
    asked: Asked<ListCohorts>,
) -> Result<Listed<CohortResponse>> {
    cx.list(asked, move |conn, _, _: &ListCohorts| Ok(store::list(get_programme(conn, &path.slug)?.slug))).await
}

/// Add a cohort to a programme
///
/// Adds a cohort under its number. Only the programme's managers can add one.
#[utoipa::path(tag = "programmes", params(ProgrammePath), request_body = Cohort, responses((status = 201, description = "Added", body = CohortResponse)))]
#[post("/v1/programmes/{slug}/cohorts")]
pub async fn create_cohort(
    cx: Cx,
    path: web::Path<ProgrammePath>,
    body: Body<Cohort>,
) -> Result<Created<CohortResponse>> {
    cx.create(body, move |conn, context, new| ops::create_cohort(conn, context, &path.slug, new)).await
}

/// Get a cohort of a programme
///
/// Finds a cohort by its number.
#[utoipa::path(tag = "programmes", params(CohortPath), responses((status = 200, description = "The cohort", body = CohortResponse)))]
#[get("/v1/programmes/{slug}/cohorts/{number}")]
pub async fn get_cohort(cx: Cx, path: web::Path<CohortPath>) -> Result<Answer<CohortResponse>> {
    cx.show(move |conn, _| ops::get_cohort(conn, &path.slug, &path.number)).await
}

/// Change a cohort of a programme
///
/// Takes a merge patch. The number cannot change.
#[utoipa::path(tag = "programmes", params(CohortPath), request_body(content = CohortPatch, example = json!({ "targetSize": 10 })), responses((status = 200, description = "Changed", body = CohortResponse)))]
#[patch("/v1/programmes/{slug}/cohorts/{number}")]
pub async fn update_cohort(
    cx: Cx,
    path: web::Path<CohortPath>,
    body: Body<CohortPatch>,
) -> Result<Answer<CohortResponse>> {
    let CohortPath { slug, number } = path.into_inner();
    cx.change(body, move |conn, context, patch| ops::update_cohort(conn, context, &slug, &number, &patch)).await
}
