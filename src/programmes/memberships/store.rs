//! Memberships in the database.

use super::rules::{Membership, MembershipAdded, MembershipEnd};
use crate::access::Operation;
use crate::calendar::Until;
use crate::db::schema::{programme_memberships, programmes};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{Context, OneOf};
use crate::innovations::ops::keeps;
use crate::innovations::store::InnovationRow;
use crate::record::Stored;
use crate::transitions::links::LinkState;
use crate::transitions::rules::Move;
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
    pub state: LinkState,
    pub proposed_by: MembershipEnd,
}

impl MembershipRow {
    pub fn new(
        context: &Context,
        new: Membership,
        innovation_id: Id,
        (proposed_by, state): (MembershipEnd, LinkState),
    ) -> Self {
        let Membership { programme, from, to } = new;
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            innovation_id,
            programme,
            from_on: from,
            to_on: to.into(),
            version: 1,
            created_at: now,
            updated_at: now,
            state,
            proposed_by,
        }
    }

    pub fn membership(&self) -> Membership {
        Membership { programme: self.programme.clone(), from: self.from_on, to: self.to_on.into() }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: &Membership) -> Self {
        let (version, updated_at) = (self.version + 1, context.now.naive_utc());
        Self { from_on: new.from, to_on: new.to.into(), version, updated_at, ..self }
    }

    /// The next version, in another state. One that ends does so on the day of the move, or on its last day before that.
    pub fn moved(self, context: &Context, step: &Move<LinkState>) -> Self {
        let to_on = step.last_day((self.from_on, self.to_on));
        Self { state: step.to, to_on, version: self.version + 1, updated_at: context.now.naive_utc(), ..self }
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
        let (written, MembershipRow { id, version, updated_at, state, proposed_by, .. }) =
            (found.row.membership(), found.row);
        let added = MembershipAdded { id, programme_name: found.programme_name, state, proposed_by };
        Self { added, written, version, updated_at }
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
    pub struct ListProgrammeMemberships list of NamedMembership {
        /// How far both ends have agreed. By default those that hold or held; others are shown to those who keep one end.
        state: OneOf<LinkState> = "state",
    }
}

fn named() -> Named {
    let programme = programmes::table.on(programme_memberships::programme.eq(programmes::slug));
    let columns = (programme_memberships::all_columns, programmes::name.nullable());
    programme_memberships::table.left_join(programme).select(columns)
}

/// The memberships of an innovation: those that hold or held, and of the others those of which the caller keeps an end.
pub fn list(context: &Context, innovation: &InnovationRow, asked: &ListProgrammeMemberships) -> Query {
    let mut query = named().filter(programme_memberships::innovation_id.eq(innovation.id)).into_boxed();
    let states = asked.state.as_ref().map_or(LinkState::HELD.to_vec(), |states| states.0.clone());
    query = query.filter(programme_memberships::state.eq_any(states));
    if !keeps(context, innovation) {
        let kept = context.actor.reach(Operation::transition_programme_membership).whole_programmes().to_vec();
        let own = programme_memberships::programme.eq_any(kept);
        query = query.filter(programme_memberships::state.eq_any(LinkState::HELD).or(own));
    }
    query
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
        .filter(programme_memberships::state.ne(LinkState::Declined))
        .filter(programme_memberships::from_on.lt(row.to_on.day()))
        .filter(programme_memberships::to_on.gt(row.from_on));
    Ok(others.count().get_result::<i64>(conn)? > 0)
}

writable! { programme_memberships, MembershipRow, "The innovation is in the programme from that day already." }
