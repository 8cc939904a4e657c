//! Partners in the database.

use super::rules::{Partner, PartnerAdded, PartnerRole};
use crate::access::Operation;
use crate::calendar::Until;
use crate::db::schema::{organisations, programme_partners};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{Context, OneOf};
use crate::organisations::store::below;
use crate::record::Stored;
use crate::transitions::links::LinkState;
use crate::transitions::rules::Move;
use crate::vocabulary::Id;
use crate::{narrow, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = programme_partners)]
pub struct PartnerRow {
    pub id: Id,
    pub programme: String,
    pub organisation_id: Id,
    pub role: PartnerRole,
    pub from_on: NaiveDate,
    pub to_on: Until,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub state: LinkState,
}

impl PartnerRow {
    pub fn new(context: &Context, new: &Partner, (programme, organisation_id): (String, Id), state: LinkState) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            programme,
            organisation_id,
            role: new.role,
            from_on: new.from,
            to_on: new.to.into(),
            version: 1,
            created_at: now,
            updated_at: now,
            state,
        }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: &Partner) -> Self {
        let (version, updated_at) = (self.version + 1, context.now.naive_utc());
        Self { role: new.role, from_on: new.from, to_on: new.to.into(), version, updated_at, ..self }
    }

    /// The next version, in another state. One that ends does so on the day of the move, or on its last day before that.
    pub fn moved(self, context: &Context, step: &Move<LinkState>) -> Self {
        let to_on = step.last_day((self.from_on, self.to_on));
        Self { state: step.to, to_on, version: self.version + 1, updated_at: context.now.naive_utc(), ..self }
    }
}

/// A partner with the code and the name of its organisation, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedPartner {
    pub row: PartnerRow,
    pub code: String,
    pub name: String,
}

impl NamedPartner {
    pub fn partner(&self) -> Partner {
        let PartnerRow { role, from_on, to_on, .. } = self.row;
        Partner { organisation: self.code.clone(), role, from: from_on, to: to_on.into() }
    }
}

impl From<NamedPartner> for Stored<Partner> {
    fn from(found: NamedPartner) -> Self {
        let (written, PartnerRow { id, version, updated_at, state, .. }) = (found.partner(), found.row);
        let added = PartnerAdded { id, organisation_name: found.name.clone(), name: found.name, state };
        Self { added, written, version, updated_at }
    }
}

type Columns = (<programme_partners::table as Table>::AllColumns, organisations::code, organisations::name);
type Named = dsl::Select<dsl::InnerJoin<programme_partners::table, organisations::table>, Columns>;
type Query = dsl::IntoBoxed<'static, Named, MultiBackend>;

sortable! { NamedPartner, Query, key "id" => programme_partners::id as Id;
    programme_partners of |found| found.row => "role" role, "from" from_on, "updatedAt" updated_at, then id;
}

params! {
    /// What the partners of a programme may be narrowed to.
    pub struct ListProgrammePartners list of NamedPartner {
        /// The role of the partner.
        role: OneOf<PartnerRole> = "role",
        /// Organisations that are partners on this day.
        on: NaiveDate = "on",
        /// How far both ends have agreed. By default those that hold or held; others are shown to those who keep one end.
        state: OneOf<LinkState> = "state",
    }
}

fn named() -> Named {
    let columns = (programme_partners::all_columns, organisations::code, organisations::name);
    programme_partners::table.inner_join(organisations::table).select(columns)
}

/// The partners of a programme: those that hold or held, and of the others those of which the caller keeps an end.
pub fn list(context: &Context, programme: String, asked: &ListProgrammePartners) -> Query {
    let reach = context.actor.reach(Operation::transition_programme_partner);
    let states = asked.state.as_ref().map_or(LinkState::HELD.to_vec(), |states| states.0.clone());
    let mut query = named().filter(programme_partners::state.eq_any(states)).into_boxed::<MultiBackend>();
    if !reach.covers_programme(Some(&programme)) {
        let own = programme_partners::organisation_id.eq_any(below(reach.places().to_vec(), context.today()));
        query = query.filter(programme_partners::state.eq_any(LinkState::HELD).or(own));
    }
    query = query.filter(programme_partners::programme.eq(programme));
    narrow! { query, asked;
        role => programme_partners::role.eq_any(role.0.clone());
        on => programme_partners::from_on.le(*on).and(programme_partners::to_on.gt(*on));
    }
    query
}

pub fn find(conn: &mut Conn, slug: &str, id: Id) -> Result<Option<NamedPartner>> {
    let one = named().filter(programme_partners::id.eq(id)).filter(programme_partners::programme.eq(slug));
    Ok(one.first(conn).optional()?)
}

writable! { programme_partners, PartnerRow, "The organisation is a partner in this role from that day already." }
