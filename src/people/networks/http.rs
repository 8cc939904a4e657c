//! `/v1/networks`.

use super::ops::{self, Network};
use super::store::{self, NetworkFilter, NetworkRow};
use crate::db::dialect::SearchTerms;
use crate::error::Result;
use crate::http::params::{CodeParam, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::params;
use crate::vocabulary::instant;
use actix_web::{get, patch, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_networks).service(create_network).service(get_network).service(update_network);
}

params! {
    /// What a list of networks may be narrowed to.
    pub struct ListNetworks list of NetworkRow {
        /// Words of the name or the purpose.
        q: SearchTerms = "q",
        /// The slug of their programme.
        programme: CodeParam = "programme",
    }
}

/// Names a network in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct NetworkPath {
    /// The network's slug
    #[param(example = "q", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
    pub slug: String,
}

/// A network to register.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "slug": "q", "name": "Q", "purpose": "People who improve health and care, learning from each other." }))]
pub struct CreateNetworkRequest {
    /// Stored in lower case.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60)]
    slug: String,
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[schema(max_length = 2000)]
    purpose: String,
    /// The slug of the programme it belongs to; without one only national administrators keep it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    programme: Option<String>,
    /// Whether it is drawn up for illustration.
    #[serde(default)]
    illustrative: bool,
}

type NetworkPatch = Patch<CreateNetworkRequest>;

impl From<CreateNetworkRequest> for Network {
    fn from(request: CreateNetworkRequest) -> Self {
        let CreateNetworkRequest { slug, name, purpose, programme, illustrative } = request;
        Self { slug, name, purpose, programme, illustrative }
    }
}

impl From<Network> for CreateNetworkRequest {
    fn from(network: Network) -> Self {
        let Network { slug, name, purpose, programme, illustrative } = network;
        Self { slug, name, purpose, programme, illustrative }
    }
}

/// A peer network.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NetworkResponse {
    #[schema(example = "q", max_length = 60)]
    slug: String,
    #[schema(max_length = 200)]
    name: String,
    #[schema(max_length = 2000)]
    purpose: String,
    #[schema(example = "nia", max_length = 60)]
    programme: Option<String>,
    illustrative: bool,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl From<NetworkRow> for NetworkResponse {
    fn from(row: NetworkRow) -> Self {
        Self {
            slug: row.slug,
            name: row.name,
            purpose: row.purpose,
            programme: row.programme,
            illustrative: row.illustrative,
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }
}

fn reply(row: NetworkRow) -> Result<Reply> {
    let version = row.version;
    Ok(Reply::ok(&NetworkResponse::from(row))?.version(version))
}

/// List peer networks
///
/// By name.
#[utoipa::path(tag = "people", params(ListNetworks), responses((status = 200, description = "A page of networks", body = Listing<NetworkResponse>)))]
#[get("/v1/networks")]
pub async fn list_networks(cx: Cx, query: Query<ListNetworks>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, _| {
        let programme = query.programme.map(|slug| slug.0.to_ascii_lowercase());
        let page = store::list(conn, &NetworkFilter { search: query.q, programme }, &query.page)?;
        Reply::page(page, &target, NetworkResponse::from)
    })
    .await
}

/// Register a peer network
///
/// Of a programme, or of its own.
#[utoipa::path(
    tag = "people",
    request_body = CreateNetworkRequest,
    responses((status = 201, description = "Registered", body = NetworkResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/networks")]
pub async fn create_network(cx: Cx, body: Body<CreateNetworkRequest>) -> Result<Reply> {
    cx.write_json(body, |conn, context, request| {
        let row = ops::create_network(conn, context, request.into())?;
        Reply::created(format!("/v1/networks/{}", row.slug), row.version, &NetworkResponse::from(row))
    })
    .await
}

/// Get a peer network
///
/// By its slug; its memberships are counted at `/memberships`.
#[utoipa::path(
    tag = "people",
    params(NetworkPath),
    responses((status = 200, description = "The network", body = NetworkResponse, headers(("ETag" = String)))),
)]
#[get("/v1/networks/{slug}")]
pub async fn get_network(cx: Cx, path: web::Path<NetworkPath>) -> Result<Reply> {
    cx.read(move |conn, _| reply(ops::get_network(conn, &path.slug)?)).await
}

/// Change a peer network
///
/// A merge patch of everything but its slug.
#[utoipa::path(
    tag = "people",
    params(NetworkPath),
    request_body(content = NetworkPatch, content_type = "application/merge-patch+json", example = json!({ "purpose": "People who improve care together." })),
    responses((status = 200, description = "Changed", body = NetworkResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/networks/{slug}")]
pub async fn update_network(cx: Cx, path: web::Path<NetworkPath>, body: Body<NetworkPatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let change = |present: Network| Ok(patch.apply(&present.into())?.into());
        reply(ops::update_network(conn, context, &path.slug, change)?)
    })
    .await
}
