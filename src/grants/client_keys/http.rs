//! `/v1/clients/{id}/keys`.

use super::ops;
use super::rules::{ClientKeyResponse, ClientKeysResponse, NewKeys};
use super::store::{self, ListClientKeys};
use crate::error::Result;
use crate::grants::clients;
use crate::http::{Asked, Body, Created, Cx, IdPath, Listed, Listing, Reply, Routes};
use crate::path;
use actix_web::{delete, get, post, web};

pub fn routes(routes: &mut Routes) {
    routes.service(list_client_keys).service(create_client_keys).service(delete_client_key);
}

/// List the keys of a client
///
/// Lists the public keys that were uploaded, those out of use too, oldest first by default.
#[utoipa::path(tag = "access", params(IdPath, ListClientKeys), responses((status = 200, description = "A page of keys", body = Listing<ClientKeyResponse>)))]
#[get("/v1/clients/{id}/keys")]
pub async fn list_client_keys(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListClientKeys>,
) -> Result<Listed<ClientKeyResponse>> {
    cx.list(asked, move |conn, context, _| {
        Ok(store::of_client(clients::ops::get_client(conn, context, &path.id)?.row.id))
    })
    .await
}

/// Add keys to a client
///
/// Takes a JSON Web Key Set of public keys: RSA from 2048 bits (RS512, PS256), P-256 (ES256) or Ed25519 (EdDSA). They can be
/// signed with at once. To change keys, add the new one, sign with it, and then delete the old one.
#[utoipa::path(tag = "access", params(IdPath), request_body = NewKeys, responses((status = 201, description = "Added", body = ClientKeysResponse)))]
#[post("/v1/clients/{id}/keys")]
pub async fn create_client_keys(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<NewKeys>,
) -> Result<Created<ClientKeysResponse>> {
    cx.create(body, move |conn, context, new| ops::create_client_keys(conn, context, &path.id, new)).await
}

path! { ClientKeyPath, id: uuid "The client's id", key: uuid "The key's id" }

/// Retire a key of a client
///
/// Assertions that are signed with it are refused from now on.
#[utoipa::path(tag = "access", params(ClientKeyPath), responses((status = 204, description = "Out of use")))]
#[delete("/v1/clients/{id}/keys/{key}")]
pub async fn delete_client_key(cx: Cx, path: web::Path<ClientKeyPath>) -> Result<Reply> {
    cx.remove(move |conn, context| ops::delete_client_key(conn, context, &path.id, &path.key)).await
}
