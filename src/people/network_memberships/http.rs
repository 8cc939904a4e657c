//! `/v1/networks/{slug}/memberships`.

use super::ops::{self, Count};
use super::store::{self, MembershipRow};
use crate::error::Result;
use crate::http::params::Query;
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::params;
use crate::people::networks::http::NetworkPath;
use crate::people::networks::ops::get_network;
use crate::vocabulary::{Basis, Id, Qualifier, instant};
use actix_web::{get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_network_memberships)
        .service(create_network_membership)
        .service(get_network_membership)
        .service(update_network_membership);
}

params! {
    /// What the counts of a network may be narrowed to.
    pub struct ListNetworkMemberships list of MembershipRow {
        /// The first day they were counted on.
        from: NaiveDate = "from",
        /// The first day after.
        to: NaiveDate = "to",
    }
}

/// Names a count of members in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct NetworkMembershipPath {
    /// The network's slug
    #[param(example = "q", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
    slug: String,
    /// The count's id
    #[param(format = "uuid", max_length = 36)]
    id: String,
}

/// How many members a network had on a day.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "countedOn": "2018-04-01", "members": 2500, "qualifier": "at-least", "basis": "measured" }))]
pub struct CreateNetworkMembershipRequest {
    counted_on: NaiveDate,
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    members: i64,
    qualifier: Qualifier,
    basis: Basis,
    /// Where it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, nullable = false)]
    source: Option<String>,
}

type NetworkMembershipPatch = Patch<CreateNetworkMembershipRequest>;

impl From<CreateNetworkMembershipRequest> for Count {
    fn from(request: CreateNetworkMembershipRequest) -> Self {
        let CreateNetworkMembershipRequest { counted_on, members, qualifier, basis, source } = request;
        Self { counted_on, members, qualifier, basis, source }
    }
}

impl From<Count> for CreateNetworkMembershipRequest {
    fn from(count: Count) -> Self {
        let Count { counted_on, members, qualifier, basis, source } = count;
        Self { counted_on, members, qualifier, basis, source }
    }
}

/// How many members a network had on a day.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NetworkMembershipResponse {
    id: Id,
    counted_on: NaiveDate,
    #[schema(minimum = 0)]
    members: i64,
    qualifier: Qualifier,
    basis: Basis,
    #[schema(max_length = 500)]
    source: Option<String>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<MembershipRow> for NetworkMembershipResponse {
    fn from(row: MembershipRow) -> Self {
        Self {
            id: row.id,
            counted_on: row.counted_on,
            members: row.members,
            qualifier: row.qualifier,
            basis: row.basis,
            source: row.source,
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }
}

fn reply(row: MembershipRow) -> Result<Reply> {
    let version = row.version;
    Ok(Reply::ok(&NetworkMembershipResponse::from(row))?.version(version))
}

/// List how many members a network had
///
/// Day by day, the earliest first.
#[utoipa::path(
    tag = "people",
    params(NetworkPath, ListNetworkMemberships),
    responses((status = 200, description = "A page of counts", body = Listing<NetworkMembershipResponse>)),
)]
#[get("/v1/networks/{slug}/memberships")]
pub async fn list_network_memberships(
    cx: Cx,
    path: web::Path<NetworkPath>,
    query: Query<ListNetworkMemberships>,
) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let network = get_network(conn, &path.slug)?;
        let page = store::list(conn, network.id, (query.from, query.to), &query.page)?;
        Reply::page(page, &target, NetworkMembershipResponse::from)
    })
    .await
}

/// Add a count of a network's members
///
/// One a day, with how sure it is.
#[utoipa::path(
    tag = "people",
    params(NetworkPath),
    request_body = CreateNetworkMembershipRequest,
    responses((status = 201, description = "Added", body = NetworkMembershipResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/networks/{slug}/memberships")]
pub async fn create_network_membership(
    cx: Cx,
    path: web::Path<NetworkPath>,
    body: Body<CreateNetworkMembershipRequest>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        let row = ops::create_network_membership(conn, context, &path.slug, request.into())?;
        let location = format!("/v1/networks/{}/memberships/{}", path.slug.to_ascii_lowercase(), row.id);
        Reply::created(location, row.version, &NetworkMembershipResponse::from(row))
    })
    .await
}

/// Get a count of a network's members
///
/// With its day and how sure it is.
#[utoipa::path(
    tag = "people",
    params(NetworkMembershipPath),
    responses((status = 200, description = "The count", body = NetworkMembershipResponse, headers(("ETag" = String)))),
)]
#[get("/v1/networks/{slug}/memberships/{id}")]
pub async fn get_network_membership(cx: Cx, path: web::Path<NetworkMembershipPath>) -> Result<Reply> {
    cx.read(move |conn, _| reply(ops::get_network_membership(conn, &path.slug, &path.id)?)).await
}

/// Correct a count of a network's members
///
/// A merge patch of everything but its day.
#[utoipa::path(
    tag = "people",
    params(NetworkMembershipPath),
    request_body(content = NetworkMembershipPatch, content_type = "application/merge-patch+json", example = json!({ "members": 2514, "qualifier": "exact" })),
    responses((status = 200, description = "Corrected", body = NetworkMembershipResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/networks/{slug}/memberships/{id}")]
pub async fn update_network_membership(
    cx: Cx,
    path: web::Path<NetworkMembershipPath>,
    body: Body<NetworkMembershipPatch>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Count| Ok(patch.apply(&present.into())?.into());
        reply(ops::update_network_membership(conn, context, &path.slug, &path.id, change)?)
    })
    .await
}
