//! What can be done with networks, each in one transaction.

use super::rules::Network;
use super::store::{self, NamedNetwork, NetworkRow};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::programmes;
use serde_json::json;

/// # Errors
/// `not-found`.
pub fn get_network(conn: &mut Conn, slug: &str) -> Result<NamedNetwork> {
    store::find(conn, &slug.to_ascii_lowercase())?.ok_or_else(|| Error::not_found("network"))
}

/// A network that the caller may change.
///
/// # Errors
/// `not-found`, `forbidden`.
pub fn kept(conn: &mut Conn, context: &Context, slug: &str) -> Result<NamedNetwork> {
    let network = get_network(conn, slug)?;
    context.keep_programme(network.row.programme.as_deref())?;
    Ok(network)
}

/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_network(conn: &mut Conn, context: &Context, new: Network) -> Result<NamedNetwork> {
    new.check()?;
    let row = NetworkRow::new(context, resolved(conn, context, new)?);
    store::insert(conn, &row)?;
    finish(conn, context, row)
}

/// Changes a network, except its slug.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference`.
pub fn update_network(conn: &mut Conn, context: &Context, slug: &str, patch: &Patch<Network>) -> Result<NamedNetwork> {
    let present = kept(conn, context, slug)?;
    let before = present.row.network();
    let Some(new) = context.revised(&before, present.row.version, patch)? else { return Ok(present) };
    before.check_change(&new)?;
    let row = present.row.revised(context, resolved(conn, context, new)?);
    store::update(conn, &row)?;
    finish(conn, context, row)
}

/// The network with its programme's slug as the register writes it, once the caller keeps that programme.
fn resolved(conn: &mut Conn, context: &Context, new: Network) -> Result<Network> {
    let programme = new.programme.as_deref();
    let programme = programme.map(|slug| programmes::ops::referred(conn, "/programme", slug)).transpose()?;
    context.keep_programme(programme.as_deref())?;
    Ok(Network { programme, ..new })
}

fn finish(conn: &mut Conn, context: &Context, row: NetworkRow) -> Result<NamedNetwork> {
    let event = Event::new("network", &row.slug, row.version, json!({ "programme": row.programme }));
    events::record(conn, context, Event { programme: row.programme, ..event })?;
    get_network(conn, &row.slug)
}
