//! `/v1/networks`.

use super::ops;
use super::rules::Network;
use super::store::{self, ListNetworks};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, Listed, Listing, Patch, Routes};
use crate::path;
use crate::record::Stored;
use actix_web::{get, patch, post, web};

type NetworkResponse = Stored<Network>;
type NetworkPatch = Patch<Network>;

pub fn routes(routes: &mut Routes) {
    routes.service(list_networks).service(create_network).service(get_network).service(update_network);
}

path! { NetworkPath, slug: network "The network's slug" }

/// List peer networks
///
/// Lists the networks by name.
#[utoipa::path(tag = "people", params(ListNetworks), responses((status = 200, description = "A page of networks", body = Listing<NetworkResponse>)))]
#[get("/v1/networks")]
pub async fn list_networks(cx: Cx, asked: Asked<ListNetworks>) -> Result<Listed<NetworkResponse>> {
    cx.list(asked, store::list).await
}

/// Register a peer network
///
/// A network belongs to a programme or to none.
#[utoipa::path(tag = "people", request_body = Network, responses((status = 201, description = "Registered", body = NetworkResponse)))]
#[post("/v1/networks")]
pub async fn create_network(cx: Cx, body: Body<Network>) -> Result<Created<NetworkResponse>> {
    cx.create(body, ops::create_network).await
}

/// Get a peer network
///
/// Finds a network by its slug. Its counts of members are at `/memberships`.
#[utoipa::path(tag = "people", params(NetworkPath), responses((status = 200, description = "The network", body = NetworkResponse)))]
#[get("/v1/networks/{slug}")]
pub async fn get_network(cx: Cx, path: web::Path<NetworkPath>) -> Result<Answer<NetworkResponse>> {
    cx.show(move |conn, _| ops::get_network(conn, &path.slug)).await
}

/// Change a peer network
///
/// Takes a merge patch. The slug never changes.
#[utoipa::path(tag = "people", params(NetworkPath), request_body(content = NetworkPatch, example = json!({ "purpose": "People who improve care together." })), responses((status = 200, description = "Changed", body = NetworkResponse)))]
#[patch("/v1/networks/{slug}")]
pub async fn update_network(
    cx: Cx,
    path: web::Path<NetworkPath>,
    body: Body<NetworkPatch>,
) -> Result<Answer<NetworkResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_network(conn, context, &path.slug, &patch)).await
}
