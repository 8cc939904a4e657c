//! What can be done with the secrets of a client, each in one transaction.

use super::rules::{self, MadeSecretResponse, NewSecret};
use super::store::{self, ClientSecretRow};
use crate::db::{Conn, by_id};
use crate::error::{Error, Result};
use crate::grants::clients;
use crate::http::Context;
use crate::vocabulary::Instant;
use serde_json::json;

const RESOURCE: &str = "client-secret";
/// One in use, and one to change to.
const MOST: usize = 2;

/// Gives a client a new secret.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed` for its end, and where the client has two already.
pub fn create_client_secret(
    conn: &mut Conn,
    context: &Context,
    client: &str,
    new: &NewSecret,
) -> Result<MadeSecretResponse> {
    let client = clients::ops::kept(conn, context, client)?.row;
    let to = new.end(context.now)?;
    if store::in_use(conn, client.id, context.now)?.len() >= MOST {
        let detail = "A client can have two secrets, so that it can change from one to the other. Delete the old one.";
        return Err(Error::invalid("", "too-many", detail));
    }
    let secret = rules::make()?;
    let row = ClientSecretRow::new(context, client.id, rules::hash(&secret)?, to);
    store::insert(conn, &row)?;
    let data = json!({ "client": client.id, "until": Instant(to) });
    clients::ops::trace(conn, context, &client, RESOURCE, &row.id.to_string(), row.version, data)?;
    Ok(MadeSecretResponse { id: row.id, secret, to: Instant(to), version: row.version })
}

/// Ends a secret.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`.
pub fn delete_client_secret(conn: &mut Conn, context: &Context, client: &str, id: &str) -> Result<()> {
    let client = clients::ops::kept(conn, context, client)?.row;
    let present = by_id(id, RESOURCE, |id| store::find(conn, client.id, id))?;
    context.check_version(present.version)?;
    let row = present.ended(context);
    store::update(conn, &row)?;
    let data = json!({ "client": client.id, "ended": true });
    clients::ops::trace(conn, context, &client, RESOURCE, &row.id.to_string(), row.version, data)
}
