//! Networks in the database.

use super::rules::{Network, NetworkAdded};
use crate::db::dialect::{self, SearchTerms};
use crate::db::schema::{networks, programmes};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Context};
use crate::record::Stored;
use crate::vocabulary::{Id, fold, search_text};
use crate::{narrow, params, sortable, writable};
use chrono::NaiveDateTime;
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = networks, treat_none_as_null = true)]
pub struct NetworkRow {
    pub id: Id,
    pub slug: String,
    pub name: String,
    pub sort_name: String,
    pub purpose: String,
    pub programme: Option<String>,
    pub illustrative: bool,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl NetworkRow {
    pub fn new(context: &Context, new: Network) -> Self {
        let (Network { slug, name, purpose, programme, illustrative }, now) = (new, context.now.naive_utc());
        Self {
            id: Id::generate(),
            slug: slug.to_ascii_lowercase(),
            sort_name: fold(&name),
            search_text: search_text(&format!("{name} {purpose}")),
            name,
            purpose,
            programme,
            illustrative,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    pub fn network(&self) -> Network {
        let Self { slug, name, purpose, programme, illustrative, .. } = self.clone();
        Network { slug, name, purpose, programme, illustrative }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: Network) -> Self {
        Self { id: self.id, version: self.version + 1, created_at: self.created_at, ..Self::new(context, new) }
    }
}

/// A network with the name of its programme, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedNetwork {
    pub row: NetworkRow,
    pub programme_name: Option<String>,
}

impl From<NamedNetwork> for Stored<Network> {
    fn from(NamedNetwork { row, programme_name }: NamedNetwork) -> Self {
        let (added, written) = (NetworkAdded { programme_name }, row.network());
        Self { added, written, version: row.version, updated_at: row.updated_at }
    }
}

type Programme = dsl::Eq<networks::programme, dsl::Nullable<programmes::slug>>;
type Columns = (<networks::table as Table>::AllColumns, dsl::Nullable<programmes::name>);
type Query = dsl::IntoBoxed<'static, named, MultiBackend>;

sortable! { NamedNetwork, Query, key "slug" => networks::slug as Slug;
    networks of |found| found.row => "name" sort_name, "updatedAt" updated_at, then id;
}

writable! { networks, NetworkRow, "There is a network with this slug already." }

params! {
    /// The filters of a list of networks.
    pub struct ListNetworks list of NamedNetwork {
        /// Searches the name and the purpose.
        q: SearchTerms = "q",
        /// The slug of the programme.
        programme: CodeParam = "programme",
    }
}

#[dsl::auto_type]
fn named() -> _ {
    let columns: Columns = (networks::all_columns, programmes::name.nullable());
    let programme: Programme = networks::programme.eq(programmes::slug.nullable());
    networks::table.left_join(programmes::table.on(programme)).select(columns)
}

/// # Errors
/// None: every filter is a column's own.
pub fn list(conn: &mut Conn, _: &Context, asked: &ListNetworks) -> Result<Query> {
    let mut query = named().into_boxed::<MultiBackend>();
    narrow! { query, asked;
        q => dialect::matches(conn, "networks", q)?;
        programme => networks::programme.eq(programme.0.to_ascii_lowercase());
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, slug: &str) -> Result<Option<NamedNetwork>> {
    Ok(named().filter(networks::slug.eq(slug)).first(conn).optional()?)
}
