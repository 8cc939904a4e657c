//! What can be done with clients, each in one transaction.

use super::rules::{Client, ClientState};
use super::store::{self, ClientRow, NamedClient};
use crate::access::outside;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::grants::ops::{check_not_shut_out, may_give};
use crate::grants::store as grants;
use crate::http::{Context, Patch};
use crate::transitions::rules::{AskedMove, Move};
use crate::vocabulary::Id;
use crate::{organisations, transitions};
use serde_json::{Value, json};

/// The name of a client's moves among those of every resource.
pub const RESOURCE: &str = "client";

/// A client that the caller may see.
///
/// # Errors
/// `not-found`.
pub fn get_client(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedClient> {
    by_id(id, RESOURCE, |id| store::find_seen(conn, context, id))
}

/// A client that the caller may change, or let in: whoever holds its keys has its grants, so the caller must be able to give
/// each of them.
///
/// # Errors
/// `not-found`, `forbidden`.
pub fn kept(conn: &mut Conn, context: &Context, id: &str) -> Result<NamedClient> {
    let found = get_client(conn, context, id)?;
    check_organisation(conn, context, found.row.organisation_id)?;
    for grant in grants::of_subject(conn, &found.row.id.to_string(), context.now)? {
        let Some(scope) = grant.scope() else { continue };
        if !may_give(conn, context, (grant.row.role, &scope), None)? {
            let detail = "The client has grants that you could not give, so you cannot change how it is let in.";
            return Err(Error::new(Code::Forbidden).detail(detail));
        }
    }
    Ok(found)
}

/// The caller keeps the clients of the organisations in their scope, and of the one they belong to.
fn check_organisation(conn: &mut Conn, context: &Context, organisation: Id) -> Result<()> {
    let reach = context.reach();
    let own = context.actor.body == Some(organisation) && !reach.whole_programmes().is_empty();
    if own || organisations::ops::covers_organisation(conn, context, &reach, organisation)? {
        Ok(())
    } else {
        Err(outside())
    }
}

/// Registers a client.
///
/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`.
pub fn create_client(conn: &mut Conn, context: &Context, new: Client) -> Result<NamedClient> {
    let new = new.checked()?;
    let organisation = organisations::ops::referred(conn, "/organisation", &new.organisation)?;
    check_organisation(conn, context, organisation)?;
    let row = ClientRow::new(context, new, organisation);
    store::insert(conn, &row)?;
    finish(conn, context, &row, json!({ "name": row.name, "jwksUrl": row.jwks_url }))
}

/// Changes the name of a client, and where its keys are.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable` for its organisation, `validation-failed`.
pub fn update_client(conn: &mut Conn, context: &Context, id: &str, patch: &Patch<Client>) -> Result<NamedClient> {
    let present = kept(conn, context, id)?;
    let before = present.client();
    let Some(new) = context.revised_by(&before, present.row.version, patch, Client::checked)? else {
        return Ok(present);
    };
    if new.organisation != before.organisation {
        let detail = "A client stays with its organisation. Register another client, and suspend this one.";
        return Err(Error::new(Code::Immutable).detail(detail));
    }
    let row = present.row.revised(context, new);
    store::update(conn, &row)?;
    finish(conn, context, &row, json!({ "name": row.name, "jwksUrl": row.jwks_url }))
}

/// Suspends a client, or lets it in again. The tokens that it has end with it.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `illegal-transition`, `validation-failed` without a reason.
pub fn transition_client(conn: &mut Conn, context: &Context, id: &str, asked: AskedMove) -> Result<NamedClient> {
    let present = kept(conn, context, id)?.row;
    context.check_version(present.version)?;
    let step: Move<ClientState> = asked.read(context.today())?;
    let from = present.state;
    step.decide(from)?;
    if step.to == ClientState::Suspended {
        check_not_shut_out(context, &present.id.to_string())?;
    }
    let row = present.moved(context, step.to);
    store::update(conn, &row)?;
    grants::announce(conn)?;
    transitions::store::record(conn, context, RESOURCE, row.id, from, &step)?;
    finish(conn, context, &row, json!({ "from": from, "to": step.to }))
}

fn finish(conn: &mut Conn, context: &Context, row: &ClientRow, data: Value) -> Result<NamedClient> {
    trace(conn, context, row, RESOURCE, &row.id.to_string(), row.version, data)?;
    store::find_seen(conn, context, row.id)?.ok_or_else(|| Error::internal("a client was lost"))
}

/// Records what was done to a client, a key or a secret of it.
pub fn trace(
    conn: &mut Conn,
    context: &Context,
    client: &ClientRow,
    resource: &'static str,
    key: &str,
    version: i32,
    data: Value,
) -> Result<()> {
    let event = Event::new(resource, key, version, data);
    events::record(conn, context, Event { organisation_id: Some(client.organisation_id), ..event })
}
