//! Requests about people in the database.

use super::rules::{Decision, PersonRequest, PersonRequestAdded, RequestKind};
use crate::db::schema::person_requests;
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{Context, OneOf};
use crate::record::Stored;
use crate::vocabulary::Id;
use crate::{one_of, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = person_requests, treat_none_as_null = true)]
pub struct RequestRow {
    pub id: Id,
    pub person_id: Id,
    pub kind: RequestKind,
    pub received_on: NaiveDate,
    pub due_on: NaiveDate,
    pub decision: Option<Decision>,
    pub decided_on: Option<NaiveDate>,
    pub ground: Option<String>,
    pub made_by: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl RequestRow {
    pub fn new(context: &Context, new: PersonRequest, person: Id) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            person_id: person,
            due_on: new.due(),
            kind: new.kind,
            received_on: new.received,
            decided_on: new.decision.map(|_| context.today()),
            decision: new.decision,
            ground: new.ground,
            made_by: context.actor.subject.clone(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    pub fn request(&self) -> PersonRequest {
        let ground = self.ground.clone();
        PersonRequest { kind: self.kind, received: self.received_on, decision: self.decision, ground }
    }

    /// The next version. A decision keeps its day until it is another.
    pub fn revised(self, context: &Context, new: PersonRequest) -> Self {
        let decided_on = if new.decision == self.decision { self.decided_on } else { Some(context.today()) };
        Self {
            decided_on: decided_on.filter(|_| new.decision.is_some()),
            decision: new.decision,
            ground: new.ground,
            version: self.version + 1,
            updated_at: context.now.naive_utc(),
            ..self
        }
    }
}

impl From<RequestRow> for Stored<PersonRequest> {
    fn from(row: RequestRow) -> Self {
        let written = row.request();
        let RequestRow { id, person_id, due_on, decided_on, version, updated_at, .. } = row;
        let added = PersonRequestAdded { id, person: person_id, due: due_on, decided_on };
        Self { added, written, version, updated_at }
    }
}

type Query = person_requests::BoxedQuery<'static, MultiBackend>;

sortable! { RequestRow, Query, key "id" => person_requests::id as Id;
    person_requests of |row| row => "due" due_on, "updatedAt" updated_at, then id;
}

writable! { person_requests, RequestRow }

params! {
    /// The filters of the requests about a person.
    pub struct ListPersonRequests list of RequestRow {
        /// What is asked.
        kind: OneOf<RequestKind> = "kind",
        /// Requests that are decided, or that are not.
        decided: bool = "decided",
    }
}

/// The requests about a person.
pub fn list(person: Id, asked: &ListPersonRequests) -> Query {
    let mut query = person_requests::table.filter(person_requests::person_id.eq(person)).into_boxed::<MultiBackend>();
    if let Some(kinds) = &asked.kind {
        query = query.filter(one_of!(person_requests::kind, kinds.0.clone()));
    }
    match asked.decided {
        Some(true) => query.filter(person_requests::decision.is_not_null()),
        Some(false) => query.filter(person_requests::decision.is_null()),
        None => query,
    }
}

pub fn of_person(conn: &mut Conn, person: Id) -> Result<Vec<RequestRow>> {
    let asked = person_requests::table.filter(person_requests::person_id.eq(person));
    Ok(asked.order_by(person_requests::due_on).load(conn)?)
}

pub fn find(conn: &mut Conn, person: Id, id: Id) -> Result<Option<RequestRow>> {
    let asked = person_requests::table.find(id).filter(person_requests::person_id.eq(person));
    Ok(asked.first(conn).optional()?)
}
