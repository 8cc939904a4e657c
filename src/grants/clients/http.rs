//! `/v1/clients`.

use super::ops;
use super::rules::Client;
use super::store::{self, ListClients};
use crate::error::Result;
use crate::http::{Answer, Asked, Body, Created, Cx, IdPath, Listed, Listing, Patch, Routes};
use crate::record::Stored;
use crate::transitions;
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::ListTransitions;
use actix_web::{get, patch, post, web};

type ClientResponse = Stored<Client>;
type ClientPatch = Patch<Client>;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_clients)
        .service(create_client)
        .service(get_client)
        .service(update_client)
        .service(transition_client)
        .service(list_client_transitions);
}

/// List clients
///
/// Lists the systems that may ask for tokens, by name: all of them for a national administrator, and else those of the
/// organisations in your scope and of your own organisation.
#[utoipa::path(tag = "access", params(ListClients), responses((status = 200, description = "A page of clients", body = Listing<ClientResponse>)))]
#[get("/v1/clients")]
pub async fn list_clients(cx: Cx, asked: Asked<ListClients>) -> Result<Listed<ClientResponse>> {
    cx.list(asked, store::list).await
}

/// Register a client
///
/// Registers a system of an organisation. It can ask for tokens once it has a key or a secret, and do something with them
/// once it has a grant.
#[utoipa::path(tag = "access", request_body = Client, responses((status = 201, description = "Registered", body = ClientResponse)))]
#[post("/v1/clients")]
pub async fn create_client(cx: Cx, body: Body<Client>) -> Result<Created<ClientResponse>> {
    cx.create(body, ops::create_client).await
}

/// Get a client
///
/// Returns the client. Its keys, secrets and grants are lists of their own.
#[utoipa::path(tag = "access", params(IdPath), responses((status = 200, description = "The client", body = ClientResponse)))]
#[get("/v1/clients/{id}")]
pub async fn get_client(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<ClientResponse>> {
    cx.show(move |conn, context| ops::get_client(conn, context, &path.id)).await
}

/// Change a client
///
/// Takes a merge patch of `name` and `jwksUrl`.
#[utoipa::path(tag = "access", params(IdPath), request_body(content = ClientPatch, example = json!({ "name": "Data warehouse, second site" })), responses((status = 200, description = "Changed", body = ClientResponse)))]
#[patch("/v1/clients/{id}")]
pub async fn update_client(cx: Cx, path: web::Path<IdPath>, body: Body<ClientPatch>) -> Result<Answer<ClientResponse>> {
    cx.change(body, move |conn, context, patch| ops::update_client(conn, context, &path.id, &patch)).await
}

/// Suspend a client
///
/// Moves from `active` to `suspended`, and back, each with a reason. A suspended client gets no token, and the tokens that it
/// has are refused within five seconds.
#[utoipa::path(tag = "access", params(IdPath), request_body(content = AskedMove, example = json!({ "to": "suspended", "reason": "Its key was found in a public repository." })), responses((status = 200, description = "Moved", body = ClientResponse)))]
#[post("/v1/clients/{id}/transitions")]
pub async fn transition_client(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<AskedMove>,
) -> Result<Answer<ClientResponse>> {
    cx.change(body, move |conn, context, asked| ops::transition_client(conn, context, &path.id, asked)).await
}

/// List the moves of a client
///
/// Every suspension and its end, oldest first by default.
#[utoipa::path(tag = "access", params(IdPath, ListTransitions), responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)))]
#[get("/v1/clients/{id}/transitions")]
pub async fn list_client_transitions(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, context, _| {
        let found = ops::get_client(conn, context, &path.id)?;
        Ok(transitions::store::history(ops::RESOURCE, found.row.id))
    })
    .await
}
