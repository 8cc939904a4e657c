//! What can be done with counts of members, each in one transaction.

use super::rules::NetworkMembership;
use super::store::{self, NetworkMembershipRow};
use crate::db::{Conn, by_id};
use crate::error::Result;
use crate::events::{self, Event};
use crate::http::{Context, Patch};
use crate::people::networks::ops::{get_network, kept};
use crate::people::networks::store::NetworkRow;
use serde_json::json;

/// # Errors
/// `not-found` for the network or the count.
pub fn get_network_membership(conn: &mut Conn, slug: &str, id: &str) -> Result<NetworkMembershipRow> {
    let network = get_network(conn, slug)?.row;
    by_id(id, "count of members", |id| store::find(conn, network.id, id))
}

/// Adds the count of a day.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed` for a day to come, `already-exists`.
pub fn create_network_membership(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    new: NetworkMembership,
) -> Result<NetworkMembershipRow> {
    let network = kept(conn, context, slug)?.row;
    new.check(context.today())?;
    let row = NetworkMembershipRow::new(context, network.id, new);
    store::insert(conn, &row)?;
    trace(conn, context, network, &row)?;
    Ok(row)
}

/// Corrects a count. Its day cannot change.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`.
pub fn update_network_membership(
    conn: &mut Conn,
    context: &Context,
    (slug, id): (&str, &str),
    patch: &Patch<NetworkMembership>,
) -> Result<NetworkMembershipRow> {
    let network = kept(conn, context, slug)?.row;
    let present = get_network_membership(conn, slug, id)?;
    let before = present.network_membership();
    let Some(new) = context.revised(&before, present.version, patch)? else { return Ok(present) };
    before.check_change(&new)?;
    let row = present.revised(context, new);
    store::update(conn, &row)?;
    trace(conn, context, network, &row)?;
    Ok(row)
}

fn trace(conn: &mut Conn, context: &Context, network: NetworkRow, row: &NetworkMembershipRow) -> Result<()> {
    let data = json!({ "network": network.slug, "countedOn": row.counted_on, "members": row.members });
    let event = Event::new("network-membership", &row.id.to_string(), row.version, data);
    events::record(conn, context, Event { programme: network.programme, ..event })
}
