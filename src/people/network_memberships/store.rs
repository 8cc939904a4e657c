//! Counts of members in the database.

use super::rules::{NetworkMembership, NetworkMembershipAdded};
use crate::calendar::DayRange;
use crate::db::schema::network_memberships;
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::Context;
use crate::record::Stored;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{narrow, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = network_memberships, treat_none_as_null = true)]
pub struct NetworkMembershipRow {
    pub id: Id,
    pub network_id: Id,
    pub counted_on: NaiveDate,
    pub members: i64,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub source: Option<String>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl NetworkMembershipRow {
    pub fn new(context: &Context, network_id: Id, new: NetworkMembership) -> Self {
        let NetworkMembership { counted_on, members, qualifier, basis, source } = new;
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            network_id,
            counted_on,
            members,
            qualifier,
            basis,
            source,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    pub fn network_membership(&self) -> NetworkMembership {
        let Self { counted_on, members, qualifier, basis, source, .. } = self.clone();
        NetworkMembership { counted_on, members, qualifier, basis, source }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: NetworkMembership) -> Self {
        let Self { id, network_id, created_at, .. } = self;
        Self { id, version: self.version + 1, created_at, ..Self::new(context, network_id, new) }
    }
}

impl From<NetworkMembershipRow> for Stored<NetworkMembership> {
    fn from(row: NetworkMembershipRow) -> Self {
        let (added, written) = (NetworkMembershipAdded { id: row.id }, row.network_membership());
        Self { added, written, version: row.version, updated_at: row.updated_at }
    }
}

type Query = network_memberships::BoxedQuery<'static, MultiBackend>;

sortable! { NetworkMembershipRow, Query, key "id" => network_memberships::id as Id;
    network_memberships of |row| row => "countedOn" counted_on, "updatedAt" updated_at, then id;
}

writable! { network_memberships, NetworkMembershipRow, "The network has a count for that day already." }

params! {
    /// The filters of a network's counts.
    pub struct ListNetworkMemberships list of NetworkMembershipRow {
        /// Counts of this day or later.
        from: NaiveDate = "from",
        /// Counts of this day or earlier.
        to: NaiveDate = "to",
    }
}

/// The counts of one network.
///
/// # Errors
/// `validation-failed` when they end before they begin.
pub fn list(network: Id, asked: &ListNetworkMemberships) -> Result<Query> {
    let own = network_memberships::network_id.eq(network);
    let mut query = network_memberships::table.filter(own).into_boxed::<MultiBackend>();
    let days = DayRange::new(asked.from, asked.to, "?")?;
    narrow! { query, days;
        from => network_memberships::counted_on.ge(*from);
        to => network_memberships::counted_on.le(*to);
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, network: Id, id: Id) -> Result<Option<NetworkMembershipRow>> {
    let one = network_memberships::table.find(id).filter(network_memberships::network_id.eq(network));
    Ok(one.first(conn).optional()?)
}
