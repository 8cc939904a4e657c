//! `/v1/organisations/{code}/edges`.

use super::ops;
use super::rules::Edge;
use super::store::{self, ListEdges};
use crate::db::Conn;
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Context, Created, Cx, Listed, Listing, Patch, Query, Reply, Routes, Wrong};
use crate::organisations::http::OrganisationPath;
use crate::path;
use crate::record::Stored;
use actix_web::{delete, get, patch, post, web};

type EdgeResponse = Stored<Edge>;
type EdgePatch = Patch<Edge>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_organisation_edges)
        .service(create_organisation_edge)
        .service(get_organisation_edge)
        .service(update_organisation_edge)
        .service(delete_organisation_edge);
}

path! { EdgePath, code: organisation "The code of the organisation at either end", id: uuid "The edge's id" }

/// List the edges of an organisation
///
/// Lists the edges to organisations above and below it, past, present and future. Edges that were taken back as mistakes are
/// listed with `withdrawn=true`.
#[utoipa::path(tag = "organisations", params(OrganisationPath, ListEdges), responses((status = 200, description = "A page of its edges", body = Listing<EdgeResponse>)))]
#[get("/v1/organisations/{code}/edges")]
pub async fn list_organisation_edges(
    cx: Cx,
    path: web::Path<OrganisationPath>,
    asked: Asked<ListEdges>,
) -> Result<Listed<EdgeResponse>> {
    let edges = move |conn: &mut Conn, _: &Context, asked: &ListEdges| store::list(conn, &path.code, asked);
    cx.list_with(asked, edges, |conn, _, rows| store::named(conn, rows)).await
}

/// Put an organisation below another
///
/// Adds an edge between two days. On any day an organisation lies below one other by geography, below one primary care network
/// as its member, and below several others by law or network, but never below itself. A trust or practice has one health
/// innovation network on a day. To move it, end the edge before and add the next one. The types of both have to fit: regions lie
/// below England, boards below regions, trusts and practices below boards, and only `network` edges lead to a health innovation
/// network. The edge ends no later than the first of the two closes; without a day on which both exist it is refused.
#[utoipa::path(tag = "organisations", params(OrganisationPath), request_body = Edge, responses((status = 201, description = "Added", body = EdgeResponse)))]
#[post("/v1/organisations/{code}/edges")]
pub async fn create_organisation_edge(
    cx: Cx,
    path: web::Path<OrganisationPath>,
    body: Body<Edge>,
) -> Result<Created<EdgeResponse>> {
    cx.create(body, move |conn, context, new| ops::create_organisation_edge(conn, context, &path.code, &new)).await
}

/// Get an edge of an organisation
///
/// Returns the edge with both its ends and its days.
#[utoipa::path(tag = "organisations", params(EdgePath), responses((status = 200, description = "The edge", body = EdgeResponse)))]
#[get("/v1/organisations/{code}/edges/{id}")]
pub async fn get_organisation_edge(cx: Cx, path: web::Path<EdgePath>) -> Result<Answer<EdgeResponse>> {
    cx.show(move |conn, _| ops::get_organisation_edge(conn, &path.code, &path.id)).await
}

/// End an edge of an organisation
///
/// Takes a merge patch with `to`, the first day on which the edge no longer holds; null takes the end away. The rights that
/// the edge gave end with it. Figures of earlier days stay where they are. Where one of its organisations closes before that day,
/// the edge ends then.
#[utoipa::path(tag = "organisations", params(EdgePath), request_body(content = EdgePatch, example = json!({ "to": "2026-04-01" })), responses((status = 200, description = "Changed", body = EdgeResponse)))]
#[patch("/v1/organisations/{code}/edges/{id}")]
pub async fn update_organisation_edge(
    cx: Cx,
    path: web::Path<EdgePath>,
    body: Body<EdgePatch>,
) -> Result<Answer<EdgeResponse>> {
    cx.change(body, move |conn, context, patch| {
        ops::update_organisation_edge(conn, context, &path.code, &path.id, &patch)
    })
    .await
}

/// Take back an edge that never held
///
/// Corrects a mistake: the edge counts on no day. It is kept with the reason, and listed with `withdrawn=true`. To end an edge that
/// held, change its `to`.
#[utoipa::path(tag = "organisations", params(EdgePath, Wrong), responses((status = 204, description = "Taken back")))]
#[delete("/v1/organisations/{code}/edges/{id}")]
pub async fn delete_organisation_edge(cx: Cx, path: web::Path<EdgePath>, wrong: Query<Wrong>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_organisation_edge(conn, context, &path.code, &path.id, wrong.0)).await
}
