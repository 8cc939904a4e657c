//! What can be done with counts of members, each in one transaction.

use super::store::{self, MembershipRow};
use crate::http::context::Context;
use crate::db::{Conn, by_id};
use crate::error::{Code, Error, Result};
use crate::events::{self, Event};
use crate::people::networks::ops::{get_network, kept};
use crate::people::networks::store::NetworkRow;
use crate::vocabulary::{Basis, Id, Qualifier};
use chrono::NaiveDate;
use serde_json::json;

/// How many members a network had on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    pub counted_on: NaiveDate,
    pub members: i64,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub source: Option<String>,
}

impl MembershipRow {
    pub fn count(&self) -> Count {
        Count {
            counted_on: self.counted_on,
            members: self.members,
            qualifier: self.qualifier,
            basis: self.basis,
            source: self.source.clone(),
        }
    }
}

/// # Errors
/// `not-found` for the network or the count.
pub fn get_network_membership(conn: &mut Conn, slug: &str, id: &str) -> Result<MembershipRow> {
    let network = get_network(conn, slug)?;
    by_id(id, "count of members", |id| store::find(conn, network.id, id))
}

fn trace(conn: &mut Conn, context: &Context, network: &NetworkRow, row: &MembershipRow) -> Result<()> {
    let data = json!({ "network": network.slug, "countedOn": row.counted_on, "members": row.members });
    let event = Event::new("network-membership", &row.id.to_string(), row.version, data);
    events::record(conn, context, Event { programme: network.programme.clone(), ..event })
}

/// Adds the count of a day.
///
/// # Errors
/// `not-found`, `forbidden`, `validation-failed` for a day to come, `already-exists`.
pub fn create_network_membership(conn: &mut Conn, context: &Context, slug: &str, new: Count) -> Result<MembershipRow> {
    let network = kept(conn, context, slug)?;
    if new.counted_on > context.today() {
        return Err(Error::invalid("/countedOn", "future", "Members are counted on a day that has come."));
    }
    let now = context.now.naive_utc();
    let row = MembershipRow {
        id: Id::generate(),
        network_id: network.id,
        counted_on: new.counted_on,
        members: new.members,
        qualifier: new.qualifier,
        basis: new.basis,
        source: new.source,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(conn, &row)?;
    trace(conn, context, &network, &row)?;
    Ok(row)
}

/// Corrects a count; its day stays.
///
/// # Errors
/// `not-found`, `forbidden`, `version-mismatch`, `immutable`.
pub fn update_network_membership(
    conn: &mut Conn,
    context: &Context,
    slug: &str,
    id: &str,
    change: impl FnOnce(Count) -> Result<Count>,
) -> Result<MembershipRow> {
    let network = kept(conn, context, slug)?;
    let present = get_network_membership(conn, slug, id)?;
    context.check_version(present.version)?;
    let before = present.count();
    let new = change(before.clone())?;
    if new.counted_on != before.counted_on {
        return Err(
            Error::new(Code::Immutable).detail("The day of a count cannot change: add the count of another day.")
        );
    }
    if new == before {
        return Ok(present);
    }
    let row = MembershipRow {
        members: new.members,
        qualifier: new.qualifier,
        basis: new.basis,
        source: new.source,
        version: present.version + 1,
        updated_at: context.now.naive_utc(),
        ..present
    };
    store::update(conn, &row)?;
    trace(conn, context, &network, &row)?;
    Ok(row)
}
