//! Memberships in the database.

use super::rules::{Membership, MembershipAdded};
use crate::calendar::Until;
use crate::db::schema::{programme_memberships, programmes};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::Context;
use crate::record::Stored;
use crate::vocabulary::Id;
use crate::{params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = programme_memberships)]
pub struct MembershipRow {
    pub id: Id,
    pub innovation_id: Id,
    pub programme: String,
    pub from_on: NaiveDate,
    pub to_on: Until,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl MembershipRow {
    pub fn new(context: &Context, new: Membership, innovation_id: Id) -> Self {
        let Membership { programme, from, to } = new;
        let (id, now) = (Id::generate(), context.now.naive_utc());
        let (version, created_at, updated_at) = (1, now, now);
        Self { id, innovation_id, programme, from_on: from, to_on: to.into(), version, created_at, updated_at }
    }

    pub fn membership(&self) -> Membership {
        Membership { programme: self.programme.clone(), from: self.from_on, to: self.to_on.into() }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: &Membership) -> Self {
        let (version, updated_at) = (self.version + 1, context.now.naive_utc());
        Self { from_on: new.from, to_on: new.to.into(), version, updated_at, ..self }
    }
}

/// A membership with the name of its programme, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedMembership {
    pub row: MembershipRow,
    /// None for a programme that a manager's grant names and nobody has created yet.
    pub programme_name: Option<String>,
}

impl From<NamedMembership> for Stored<Membership> {
    fn from(found: NamedMembership) -> Self {
        let (written, MembershipRow { id, version, updated_at, .. }) = (found.row.membership(), found.row);
        Self { added: MembershipAdded { id, programme_name: found.programme_name }, written, version, updated_at }
    }
}

type OfProgramme = dsl::Eq<programme_memberships::programme, programmes::slug>;
type Columns = (<programme_memberships::table as Table>::AllColumns, dsl::Nullable<programmes::name>);
type Named = dsl::Select<dsl::LeftJoinOn<programme_memberships::table, programmes::table, OfProgramme>, Columns>;
type Query = dsl::IntoBoxed<'static, Named, MultiBackend>;

sortable! { NamedMembership, Query, key "id" => programme_memberships::id as Id;
    programme_memberships of |found| found.row => "from" from_on, "programme" programme, "updatedAt" updated_at, then id;
}

params! {
    /// How the memberships of an innovation are paged.
    pub struct ListProgrammeMemberships list of NamedMembership {}
}

fn named() -> Named {
    let programme = programmes::table.on(programme_memberships::programme.eq(programmes::slug));
    let columns = (programme_memberships::all_columns, programmes::name.nullable());
    programme_memberships::table.left_join(programme).select(columns)
}

/// The memberships of an innovation.
pub fn list(innovation: Id) -> Query {
    named().filter(programme_memberships::innovation_id.eq(innovation)).into_boxed()
}

pub fn find(conn: &mut Conn, innovation: Id, id: Id) -> Result<Option<NamedMembership>> {
    let one = named().filter(programme_memberships::id.eq(id));
    Ok(one.filter(programme_memberships::innovation_id.eq(innovation)).first(conn).optional()?)
}

/// Whether another membership of the same innovation and programme shares a day with this one.
pub fn overlaps(conn: &mut Conn, row: &MembershipRow) -> Result<bool> {
    let others = programme_memberships::table
        .filter(programme_memberships::innovation_id.eq(row.innovation_id))
        .filter(programme_memberships::programme.eq(row.programme.clone()))
        .filter(programme_memberships::id.ne(row.id))
        .filter(programme_memberships::from_on.lt(row.to_on.day()))
        .filter(programme_memberships::to_on.gt(row.from_on));
    Ok(others.count().get_result::<i64>(conn)? > 0)
}

writable! { programme_memberships, MembershipRow, "The innovation is in the programme from that day already." }
