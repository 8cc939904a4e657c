//! The way into a fresh register: its first client.

use super::client_secrets::ops::create_client_secret;
use super::client_secrets::rules::NewSecret;
use super::clients::ops::create_client;
use super::clients::rules::Client;
use super::clients::store as clients;
use super::ops::create_grant;
use super::rules::Grant;
use super::store as grants;
use crate::access::{Operation, Role};
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::http::Context;
use crate::organisations;
use crate::vocabulary::{Id, Timestamp};

/// What a fresh register's first administrator is given.
pub struct FirstClient {
    pub id: Id,
    pub secret: String,
    /// The instant from which the secret is refused.
    pub until: Timestamp,
}

/// Makes the first client of a fresh register: a national administrator, with a secret to be changed for a key.
///
/// # Errors
/// `already-exists` where there is a client, or somebody who is a national administrator; `unknown-reference`.
pub fn make_first_client(conn: &mut Conn, context: &Context, name: &str) -> Result<FirstClient> {
    if !clients::is_empty(conn)? || grants::is_held(conn, Role::NationalAdmin, context.now)? {
        let detail = "This register has clients or a national administrator already: they make the next ones, by /v1/clients and /v1/grants.";
        return Err(Error::new(Code::AlreadyExists).detail(detail));
    }
    let new = Client { name: name.to_owned(), organisation: organisations::ops::ENGLAND.to_owned(), jwks_url: None };
    let client = create_client(conn, &context.step(Operation::create_client), new)?.row;
    let id = client.id.to_string();
    let step = context.step(Operation::create_grant);
    create_grant(conn, &step, Grant::national(&id, Role::NationalAdmin))?;
    let step = context.step(Operation::create_client_secret);
    let made = create_client_secret(conn, &step, &id, &NewSecret { to: None })?;
    Ok(FirstClient { id: client.id, secret: made.secret, until: made.to.0 })
}
