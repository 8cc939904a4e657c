//! Clients' keys in the database.

use super::rules::{ClientKeyResponse, PublicKey};
use crate::db::schema::client_keys;
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::Context;
use crate::vocabulary::{Id, Instant};
use crate::{params, sortable, writable};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use jsonwebtoken::jwk::Jwk;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = client_keys, treat_none_as_null = true)]
pub struct ClientKeyRow {
    pub id: Id,
    pub client_id: Id,
    pub kid: String,
    pub algorithm: String,
    pub public_jwk: String,
    pub retired_at: Option<NaiveDateTime>,
    pub made_by: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl ClientKeyRow {
    /// # Errors
    /// `internal` when the key cannot be written as JSON.
    pub fn new(context: &Context, client: Id, key: &PublicKey) -> Result<Self> {
        let now = context.now.naive_utc();
        let algorithms: Vec<String> = key.algorithms.iter().map(|algorithm| format!("{algorithm:?}")).collect();
        Ok(Self {
            id: Id::generate(),
            client_id: client,
            kid: key.kid.clone(),
            algorithm: algorithms.join(" "),
            public_jwk: serde_json::to_string(&key.jwk)?,
            retired_at: None,
            made_by: context.actor.subject.clone(),
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// The next version, which is out of use.
    pub fn retired(self, context: &Context) -> Self {
        let now = context.now.naive_utc();
        Self { retired_at: self.retired_at.or(Some(now)), version: self.version + 1, updated_at: now, ..self }
    }
}

impl From<ClientKeyRow> for ClientKeyResponse {
    fn from(row: ClientKeyRow) -> Self {
        let at = |at: NaiveDateTime| Instant(at.and_utc());
        Self {
            id: row.id,
            kid: row.kid,
            algorithm: row.algorithm,
            key: serde_json::from_str(&row.public_jwk).unwrap_or_default(),
            retired_at: row.retired_at.map(at),
            made_by: row.made_by,
            version: row.version,
            created_at: at(row.created_at),
            updated_at: at(row.updated_at),
        }
    }
}

type Query = client_keys::BoxedQuery<'static, MultiBackend>;

sortable! { ClientKeyRow, Query, key "id" => client_keys::id as Id;
    client_keys of |row| row => "createdAt" created_at, "updatedAt" updated_at, then id;
}

writable! { client_keys, ClientKeyRow, "The client has had a key with this kid already. Give the new key another kid." }

params! {
    /// How keys are paged.
    pub struct ListClientKeys list of ClientKeyRow {}
}

pub fn of_client(client: Id) -> Query {
    client_keys::table.filter(client_keys::client_id.eq(client)).into_boxed()
}

pub fn find(conn: &mut Conn, client: Id, id: Id) -> Result<Option<ClientKeyRow>> {
    Ok(of_client(client).filter(client_keys::id.eq(id)).first(conn).optional()?)
}

/// The keys that a client signs with now.
pub fn in_use(conn: &mut Conn, client: Id) -> Result<Vec<Jwk>> {
    let rows: Vec<ClientKeyRow> = of_client(client).filter(client_keys::retired_at.is_null()).load(conn)?;
    rows.iter().map(|row| Ok(serde_json::from_str(&row.public_jwk)?)).collect()
}
