//! What is left of clients' secrets in the database.

use super::rules::ClientSecretResponse;
use crate::db::schema::client_secrets;
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::Context;
use crate::vocabulary::{Id, Instant, Timestamp};
use crate::{params, sortable, writable};
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = client_secrets)]
pub struct ClientSecretRow {
    pub id: Id,
    pub client_id: Id,
    pub secret_hash: String,
    pub to_at: NaiveDateTime,
    pub made_by: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl ClientSecretRow {
    pub fn new(context: &Context, client_id: Id, secret_hash: String, to: Timestamp) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            client_id,
            secret_hash,
            to_at: to.naive_utc(),
            made_by: context.actor.subject.clone(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The next version, which ends now. Nothing is left of the secret.
    pub fn ended(self, context: &Context) -> Self {
        let now = context.now.naive_utc();
        let (to_at, version) = (self.to_at.min(now), self.version + 1);
        Self { secret_hash: String::new(), to_at, version, updated_at: now, ..self }
    }
}

impl From<ClientSecretRow> for ClientSecretResponse {
    fn from(row: ClientSecretRow) -> Self {
        let at = |at: NaiveDateTime| Instant(at.and_utc());
        Self {
            id: row.id,
            to: at(row.to_at),
            made_by: row.made_by,
            version: row.version,
            created_at: at(row.created_at),
            updated_at: at(row.updated_at),
        }
    }
}

type Query = client_secrets::BoxedQuery<'static, MultiBackend>;

sortable! { ClientSecretRow, Query, key "id" => client_secrets::id as Id;
    client_secrets of |row| row => "createdAt" created_at, "updatedAt" updated_at, then id;
}

writable! { client_secrets, ClientSecretRow, "There is such a secret already." }

params! {
    /// How secrets are paged.
    pub struct ListClientSecrets list of ClientSecretRow {}
}

pub fn of_client(client: Id) -> Query {
    client_secrets::table.filter(client_secrets::client_id.eq(client)).into_boxed()
}

pub fn find(conn: &mut Conn, client: Id, id: Id) -> Result<Option<ClientSecretRow>> {
    Ok(of_client(client).filter(client_secrets::id.eq(id)).first(conn).optional()?)
}

/// The hashes of the secrets that are good now.
pub fn in_use(conn: &mut Conn, client: Id, now: Timestamp) -> Result<Vec<String>> {
    let good = of_client(client).filter(client_secrets::to_at.gt(now.naive_utc()));
    Ok(good.select(client_secrets::secret_hash).load(conn)?)
}
