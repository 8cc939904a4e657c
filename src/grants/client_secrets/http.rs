//! `/v1/clients/{id}/secrets`.

use super::ops;
use super::rules::{ClientSecretResponse, MadeSecretResponse, NewSecret};
use super::store::{self, ListClientSecrets};
use crate::error::Result;
use crate::grants::clients;
use crate::http::{Asked, Body, Created, Cx, IdPath, Listed, Listing, Reply, Routes};
use crate::path;
use actix_web::{delete, get, post, web};

pub fn routes(routes: &mut Routes) {
    routes.service(list_client_secrets).service(create_client_secret).service(delete_client_secret);
}

/// List the secrets of a client
///
/// Lists when each was made and when it ends. The secrets themselves are not kept.
#[utoipa::path(tag = "access", params(IdPath, ListClientSecrets), responses((status = 200, description = "A page of secrets", body = Listing<ClientSecretResponse>)))]
#[get("/v1/clients/{id}/secrets")]
pub async fn list_client_secrets(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListClientSecrets>,
) -> Result<Listed<ClientSecretResponse>> {
    cx.list(asked, move |conn, context, _| {
        Ok(store::of_client(clients::ops::get_client(conn, context, &path.id)?.row.id))
    })
    .await
}

/// Make a secret for a client
///
/// The answer shows the secret, this once. A client that can sign should have a key instead. A client can have two secrets:
/// make the new one, use it, and then delete the old one.
#[utoipa::path(tag = "access", params(IdPath), request_body = NewSecret, responses((status = 201, description = "Made", body = MadeSecretResponse)))]
#[post("/v1/clients/{id}/secrets")]
pub async fn create_client_secret(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<NewSecret>,
) -> Result<Created<MadeSecretResponse>> {
    cx.create(body, move |conn, context, new| ops::create_client_secret(conn, context, &path.id, &new)).await
}

path! { ClientSecretPath, id: uuid "The client's id", entry: uuid "The id of the secret, as the list gives it" }

/// Delete a secret of a client
///
/// It is refused from now on.
#[utoipa::path(tag = "access", params(ClientSecretPath), responses((status = 204, description = "Deleted")))]
#[delete("/v1/clients/{id}/secrets/{entry}")]
pub async fn delete_client_secret(cx: Cx, path: web::Path<ClientSecretPath>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_client_secret(conn, context, &path.id, &path.entry)).await
}
