//! Clients in the database.

use super::rules::{Client, ClientAdded, ClientState};
use crate::access::{Operation, ReachParts};
use crate::db::dialect::Condition;
use crate::db::schema::{clients, organisations};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Context, OneOf};
use crate::organisations::store::{below, referred};
use crate::record::Stored;
use crate::vocabulary::{Id, fold};
use crate::{narrow, one_of, params, sortable, writable};
use chrono::NaiveDateTime;
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = clients, treat_none_as_null = true)]
pub struct ClientRow {
    pub id: Id,
    pub name: String,
    pub sort_name: String,
    pub organisation_id: Id,
    pub jwks_url: Option<String>,
    pub state: ClientState,
    pub made_by: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl ClientRow {
    pub fn new(context: &Context, new: Client, organisation_id: Id) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            sort_name: fold(&new.name),
            name: new.name,
            organisation_id,
            jwks_url: new.jwks_url,
            state: ClientState::Active,
            made_by: context.actor.subject.clone(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: Client) -> Self {
        let (version, updated_at) = (self.version + 1, context.now.naive_utc());
        Self { sort_name: fold(&new.name), name: new.name, jwks_url: new.jwks_url, version, updated_at, ..self }
    }

    /// The next version, in this state.
    pub fn moved(self, context: &Context, state: ClientState) -> Self {
        Self { state, version: self.version + 1, updated_at: context.now.naive_utc(), ..self }
    }
}

/// A client with its organisation, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedClient {
    pub row: ClientRow,
    pub organisation: (String, String),
}

impl NamedClient {
    pub fn client(&self) -> Client {
        let ClientRow { name, jwks_url, .. } = self.row.clone();
        Client { name, organisation: self.organisation.0.clone(), jwks_url }
    }
}

impl From<NamedClient> for Stored<Client> {
    fn from(found: NamedClient) -> Self {
        let written = found.client();
        let NamedClient { row: ClientRow { id, state, made_by, version, updated_at, .. }, organisation } = found;
        Self {
            added: ClientAdded { id, organisation_name: organisation.1, state, made_by },
            written,
            version,
            updated_at,
        }
    }
}

type Columns = (<clients::table as Table>::AllColumns, (organisations::code, organisations::name));
type Source = dsl::InnerJoinQuerySource<clients::table, organisations::table>;
type Query = dsl::IntoBoxed<'static, named, MultiBackend>;

sortable! { NamedClient, Query, key "id" => clients::id as Id;
    clients of |found| found.row => "name" sort_name, "updatedAt" updated_at, then id;
}

writable! { clients, ClientRow, "There is such a client already." }

params! {
    /// What a list of clients may be narrowed to.
    pub struct ListClients list of NamedClient {
        /// The code of the organisation they belong to.
        organisation: CodeParam = "organisation",
        /// The code of a place: the clients of that organisation and of all below it.
        place: CodeParam = "place",
        /// Whether they are let in.
        state: OneOf<ClientState> = "state",
    }
}

#[dsl::auto_type]
fn named() -> _ {
    let columns: Columns = (clients::all_columns, (organisations::code, organisations::name));
    clients::table.inner_join(organisations::table).select(columns)
}

/// The clients that the caller sees: itself, those of the organisations in its scope, and those of the organisation that it
/// belongs to.
fn seen(context: &Context) -> Query {
    let ReachParts { everything, organisations, .. } = context.actor.reach(Operation::get_client).into_parts();
    if everything {
        return named().into_boxed::<MultiBackend>();
    }
    let itself = Id::parse(&context.actor.subject).unwrap_or(Id::NONE);
    let own: Condition<Source> = Box::new(
        clients::id
            .eq(itself)
            .or(clients::organisation_id.eq(context.actor.body.unwrap_or(Id::NONE)))
            .or(clients::organisation_id.eq_any(below(organisations, context.today()))),
    );
    named().into_boxed::<MultiBackend>().filter(own)
}

/// # Errors
/// `unknown-reference` for the organisation or the place.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListClients) -> Result<Query> {
    let mut query = seen(context);
    narrow! { query, asked;
        organisation => clients::organisation_id.eq(referred(conn, "?organisation", &organisation.0)?);
        place => clients::organisation_id.eq_any(below(vec![referred(conn, "?place", &place.0)?], context.today()));
    }
    if let Some(OneOf(states)) = &asked.state {
        query = query.filter(one_of!(clients::state, states.clone()));
    }
    Ok(query)
}

pub fn find_seen(conn: &mut Conn, context: &Context, id: Id) -> Result<Option<NamedClient>> {
    Ok(seen(context).filter(clients::id.eq(id)).first(conn).optional()?)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<ClientRow>> {
    Ok(clients::table.find(id).first(conn).optional()?)
}

pub fn is_empty(conn: &mut Conn) -> Result<bool> {
    Ok(clients::table.select(clients::id).first::<Id>(conn).optional()?.is_none())
}
