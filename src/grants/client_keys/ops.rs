//! What can be done with the keys of a client, each in one transaction.

use super::rules::{ClientKeysResponse, NewKeys};
use super::store::{self, ClientKeyRow};
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::grants::clients;
use crate::http::Context;
use serde_json::json;

const RESOURCE: &str = "client-key";
/// As many as a client needs while it changes from one to another, with room to spare.
const MOST: usize = 10;

/// Adds public keys to a client.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed`, `already-exists` for a kid that was used before, `too-many` above ten.
pub fn create_client_keys(
    conn: &mut Conn,
    context: &Context,
    client: &str,
    new: NewKeys,
) -> Result<ClientKeysResponse> {
    let client = clients::ops::kept(conn, context, client)?.row;
    let new = new.checked()?;
    if store::in_use(conn, client.id)?.len() + new.len() > MOST {
        let detail = "A client can have ten keys in use. Retire one that it no longer signs with.";
        return Err(Error::invalid("/keys", "too-many", detail));
    }
    let mut keys = Vec::new();
    for key in &new {
        let row = ClientKeyRow::new(context, client.id, key)?;
        store::insert(conn, &row)?;
        let data = json!({ "client": client.id, "kid": row.kid });
        clients::ops::trace(conn, context, &client, RESOURCE, &row.id.to_string(), row.version, data)?;
        keys.push(row.into());
    }
    Ok(ClientKeysResponse { keys })
}

/// Takes a key out of use. Its kid is not used again.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable` for one that is out of use already.
pub fn delete_client_key(conn: &mut Conn, context: &Context, client: &str, id: &str) -> Result<()> {
    let client = clients::ops::kept(conn, context, client)?.row;
    let present = by_id(id, RESOURCE, |id| store::find(conn, client.id, id))?;
    context.check_version(present.version)?;
    if present.retired_at.is_some() {
        return Err(Error::new(Code::Immutable).detail("The key is out of use already."));
    }
    let row = present.retired(context);
    store::update(conn, &row)?;
    let data = json!({ "client": client.id, "kid": row.kid, "retired": true });
    clients::ops::trace(conn, context, &client, RESOURCE, &row.id.to_string(), row.version, data)
}
