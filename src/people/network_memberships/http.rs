//! `/v1/networks/{slug}/memberships`.

use super::ops;
use super::rules::NetworkMembership;
use super::store::{self, ListNetworkMemberships};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, Listed, Listing, Patch, Routes};
use crate::path;
use crate::people::networks::http::NetworkPath;
use crate::people::networks::ops::get_network;
use crate::record::Stored;
use actix_web::{get, patch, post, web};

type NetworkMembershipResponse = Stored<NetworkMembership>;
type NetworkMembershipPatch = Patch<NetworkMembership>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_network_memberships)
        .service(create_network_membership)
        .service(get_network_membership)
        .service(update_network_membership);
}

path! { NetworkMembershipPath, slug: network "The network's slug", id: uuid "The count's id" }

/// List how many members a network had
///
/// Lists the counts, earliest day first by default.
#[utoipa::path(tag = "people", params(NetworkPath, ListNetworkMemberships), responses((status = 200, description = "A page of counts", body = Listing<NetworkMembershipResponse>)))]
#[get("/v1/networks/{slug}/memberships")]
pub async fn list_network_memberships(
    cx: Cx,
    path: web::Path<NetworkPath>,
    asked: Asked<ListNetworkMemberships>,
) -> Result<Listed<NetworkMembershipResponse>> {
    cx.list(asked, move |conn, _, asked| store::list(get_network(conn, &path.slug)?.row.id, asked)).await
}

/// Add a count of a network's members
///
/// Adds the count of one day, and how certain it is. There is one count for each day.
#[utoipa::path(tag = "people", params(NetworkPath), request_body = NetworkMembership, responses((status = 201, description = "Added", body = NetworkMembershipResponse)))]
#[post("/v1/networks/{slug}/memberships")]
pub async fn create_network_membership(
    cx: Cx,
    path: web::Path<NetworkPath>,
    body: Body<NetworkMembership>,
) -> Result<Created<NetworkMembershipResponse>> {
    cx.create(body, move |conn, context, new| ops::create_network_membership(conn, context, &path.slug, new)).await
}

/// Get a count of a network's members
///
/// Returns the count, its day, and how certain it is.
#[utoipa::path(tag = "people", params(NetworkMembershipPath), responses((status = 200, description = "The count", body = NetworkMembershipResponse)))]
#[get("/v1/networks/{slug}/memberships/{id}")]
pub async fn get_network_membership(
    cx: Cx,
    path: web::Path<NetworkMembershipPath>,
) -> Result<Answer<NetworkMembershipResponse>> {
    cx.show(move |conn, _| ops::get_network_membership(conn, &path.slug, &path.id)).await
}

/// Correct a count of a network's members
///
/// Takes a merge patch. The day cannot change.
#[utoipa::path(
    tag = "people",
    params(NetworkMembershipPath),
    request_body(content = NetworkMembershipPatch, example = json!({ "members": 2514, "qualifier": "exact" })),
    responses((status = 200, description = "Corrected", body = NetworkMembershipResponse)),
)]
#[patch("/v1/networks/{slug}/memberships/{id}")]
pub async fn update_network_membership(
    cx: Cx,
    path: web::Path<NetworkMembershipPath>,
    body: Body<NetworkMembershipPatch>,
) -> Result<Answer<NetworkMembershipResponse>> {
    cx.change(body, move |conn, context, patch| {
        ops::update_network_membership(conn, context, (&path.slug, &path.id), &patch)
    })
    .await
}
