//! What can be done with networks, each in one transaction.

use super::store::{self, NetworkRow};
use crate::http::context::Context;
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::programmes;
use crate::vocabulary::{Id, fold};
use serde_json::json;

/// A network as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    pub slug: String,
    pub name: String,
    pub purpose: String,
    pub programme: Option<String>,
    pub illustrative: bool,
}

impl NetworkRow {
    pub fn network(&self) -> Network {
        Network {
            slug: self.slug.clone(),
            name: self.name.clone(),
            purpose: self.purpose.clone(),
            programme: self.programme.clone(),
            illustrative: self.illustrative,
        }
    }
}

/// # Errors
/// `not-found`.
pub fn get_network(conn: &mut Conn, slug: &str) -> Result<NetworkRow> {
    store::find(conn, &slug.to_ascii_lowercase())?.ok_or_else(|| Error::not_found("network"))
}

/// A network that the caller keeps.
///
/// # Errors
/// `not-found`, `forbidden`.
pub fn kept(conn: &mut Conn, context: &Context, slug: &str) -> Result<NetworkRow> {
    let network = get_network(conn, slug)?;
    context.keep_programme(network.programme.as_deref())?;
    Ok(network)
}

fn row(conn: &mut Conn, context: &Context, new: Network, present: Option<&NetworkRow>) -> Result<NetworkRow> {
    if new.name.trim().is_empty() {
        return Err(Error::invalid("/name", "missing", "The name cannot be blank."));
    }
    let programme =
        new.programme.as_deref().map(|slug| programmes::ops::referred(conn, "/programme", slug)).transpose()?;
    context.keep_programme(programme.as_deref())?;
    let now = context.now.naive_utc();
    Ok(NetworkRow {
        id: present.map_or_else(Id::generate, |row| row.id),
        slug: new.slug.to_ascii_lowercase(),
        sort_name: fold(&new.name),
        search_text: fold(&format!("{} {}", new.name, new.purpose)),
        name: new.name,
        purpose: new.purpose,
        programme,
        illustrative: new.illustrative,
        version: present.map_or(1, |row| row.version + 1),
        created_at: present.map_or(now, |row| row.created_at),
        updated_at: now,
    })
}

fn trace(conn: &mut Conn, context: &Context, row: &NetworkRow) -> Result<()> {
    let event = Event::new("network", &row.slug, row.version, json!({ "programme": row.programme }));
    events::record(conn, context, Event { programme: row.programme.clone(), ..event })
}

/// # Errors
/// `forbidden`, `validation-failed`, `unknown-reference`, `already-exists`.
pub fn create_network(conn: &mut Conn, context: &Context, new: Network) -> Result<NetworkRow> {
    let row = row(conn, context, new, None)?;
    store::insert(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(row)
}

/// Changes everything of a network but its slug.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`, `validation-failed`, `unknown-reference`.
pub fn update_network(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    change: impl FnOnce(Network) -> Result<Network>,
) -> Result<NetworkRow> {
    let present = kept(conn, context, slug)?;
    context.check_version(present.version)?;
    let before = present.network();
    let new = change(before.clone())?;
    if !new.slug.eq_ignore_ascii_case(&before.slug) {
        return Err(Error::new(Code::Immutable).detail("A slug cannot change: others refer to the network by it."));
    }
    if new == before {
        return Ok(present);
    }
    let row = row(conn, context, new, Some(&present))?;
    store::update(conn, &row)?;
    trace(conn, context, &row)?;
    Ok(row)
}
