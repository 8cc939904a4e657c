//! `/v1/organisations/{code}/successions`.

use super::ops;
use super::rules::Succession;
use super::store::{self, ListSuccessions};
use crate::db::Conn;
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Context, Created, Cx, Listed, Listing, Query, Reply, Routes, Wrong};
use crate::organisations::http::OrganisationPath;
use crate::path;
use crate::record::Stored;
use actix_web::{delete, get, post, web};

type SuccessionResponse = Stored<Succession>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_organisation_successions)
        .service(create_organisation_succession)
        .service(get_organisation_succession)
        .service(delete_organisation_succession);
}

path! { SuccessionPath, code: organisation "The code of the predecessor or of a successor", id: uuid "The succession's id" }

/// List the successions of an organisation
///
/// Lists the successions from the organisation and to it.
#[utoipa::path(tag = "organisations", params(OrganisationPath, ListSuccessions), responses((status = 200, description = "A page of its successions", body = Listing<SuccessionResponse>)))]
#[get("/v1/organisations/{code}/successions")]
pub async fn list_organisation_successions(
    cx: Cx,
    path: web::Path<OrganisationPath>,
    asked: Asked<ListSuccessions>,
) -> Result<Listed<SuccessionResponse>> {
    let found = move |conn: &mut Conn, _: &Context, asked: &ListSuccessions| store::list(conn, &path.code, asked);
    cx.list_with(asked, found, |conn, _, rows| store::named(conn, rows)).await
}

/// Record that an organisation became others
///
/// Records a merger, split, renaming or transfer as one act for one predecessor and day. Except in a transfer it closes the
/// predecessor on that day and ends its edges. What lies below it goes to the successors, for the days that were left of its edges and on
/// which it does not lie elsewhere already; where another merged or was renamed in its turn, it goes on to what took its place. Nothing of
/// its past moves: its KPI values, adoptions and awards stay with it, and the legal successor may correct them. Grants do not pass to the
/// successor.
#[utoipa::path(tag = "organisations", params(OrganisationPath), request_body = Succession, responses((status = 201, description = "Recorded", body = SuccessionResponse)))]
#[post("/v1/organisations/{code}/successions")]
pub async fn create_organisation_succession(
    cx: Cx,
    path: web::Path<OrganisationPath>,
    body: Body<Succession>,
) -> Result<Created<SuccessionResponse>> {
    cx.create(body, move |conn, context, new| ops::create_organisation_succession(conn, context, &path.code, new)).await
}

/// Get a succession of an organisation
///
/// Returns the predecessor, the successors, and the day.
#[utoipa::path(tag = "organisations", params(SuccessionPath), responses((status = 200, description = "The succession", body = SuccessionResponse)))]
#[get("/v1/organisations/{code}/successions/{id}")]
pub async fn get_organisation_succession(
    cx: Cx,
    path: web::Path<SuccessionPath>,
) -> Result<Answer<SuccessionResponse>> {
    cx.show(move |conn, _| ops::get_organisation_succession(conn, &path.code, &path.id)).await
}

/// Take back a succession that never was
///
/// Corrects a mistake: the predecessor lives on, what lies below it lies there again, and the successor gives back the stages and
/// the eligibility that it was given. What was recorded since stays. Where a later succession moved what this one had put in its place,
/// that one is taken back first (409). The succession is kept with the reason, and listed with `withdrawn=true`; the right one can be
/// recorded then.
#[utoipa::path(tag = "organisations", params(SuccessionPath, Wrong), responses((status = 204, description = "Taken back")))]
#[delete("/v1/organisations/{code}/successions/{id}")]
pub async fn delete_organisation_succession(
    cx: Cx,
    path: web::Path<SuccessionPath>,
    wrong: Query<Wrong>,
) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_organisation_succession(conn, context, &path.code, &path.id, wrong.0))
        .await
}
