//! Innovations, the words they are found by, and their programmes in the database.

use super::words::{Area, CareSetting, Category, OpportunityArea, Shift, Stage};
use crate::db::conn::MultiBackend;
use crate::db::dialect::{self, SearchTerms};
use crate::db::list::{Page, PageRequest, page};
use crate::db::schema::{innovation_tags, innovations, organisations, programme_memberships};
use crate::db::{Conn, violations};
use crate::error::Result;
use crate::calendar::FOREVER;
use crate::vocabulary::{Basis, Id, Qualifier, Words};
use crate::{on_engine, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;
use std::collections::HashMap;

/// A row but for the words it is found by, which are written and never read.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = innovations, treat_none_as_null = true)]
pub struct InnovationRow {
    pub id: Id,
    pub slug: String,
    pub reference: String,
    pub name: String,
    pub sort_name: String,
    pub summary: String,
    pub description: Option<String>,
    pub main_category: Category,
    #[diesel(serialize_as = String, deserialize_as = String)]
    pub categories: Words<Category>,
    #[diesel(serialize_as = String, deserialize_as = String)]
    pub areas: Words<Area>,
    #[diesel(serialize_as = String, deserialize_as = String)]
    pub care_settings: Words<CareSetting>,
    #[diesel(serialize_as = String, deserialize_as = String)]
    pub shifts: Words<Shift>,
    #[diesel(serialize_as = String, deserialize_as = String)]
    pub priorities: Words<OpportunityArea>,
    /// A JSON array, as it is answered.
    pub evidence: String,
    /// A JSON array, as it is answered.
    pub standards_met: String,
    pub stage: Stage,
    pub owner_id: Option<Id>,
    pub eligible_value: Option<i64>,
    pub eligible_qualifier: Option<Qualifier>,
    pub eligible_basis: Option<Basis>,
    pub nis_unique_id: Option<String>,
    pub website: Option<String>,
    pub illustrative: bool,
    pub archived_at: Option<NaiveDateTime>,
    pub created_by: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// An innovation with the code of its owner, read in one query.
#[derive(Queryable, Clone)]
pub struct OwnedInnovation {
    pub row: InnovationRow,
    pub owner: Option<String>,
}

type Source = dsl::LeftJoinQuerySource<innovations::table, organisations::table>;
type Own = <InnovationRow as Selectable<MultiBackend>>::SelectExpression;
type Columns = (Own, dsl::Nullable<organisations::code>);
type Living = dsl::Select<dsl::LeftJoin<innovations::table, organisations::table>, Columns>;
type Query = dsl::IntoBoxed<'static, Living, MultiBackend>;

sortable! {
    OwnedInnovation, Source, Query, select: innovations::version;
    0: "name" => innovations::sort_name, Text, |found| found.row.sort_name.clone();
    1: "updatedAt" => innovations::updated_at, Instant, |found| found.row.updated_at;
    2: "createdAt" => innovations::created_at, Instant, |found| found.row.created_at;
    3: "stage" => innovations::stage, Text, |found| found.row.stage.as_str().to_owned();
    4: "reference" => innovations::reference, Text, |found| found.row.reference.clone();
    tie 5 => innovations::id, Id, |found| found.row.id;
}

/// What a list of innovations may be narrowed to.
pub struct InnovationFilter {
    pub search: Option<SearchTerms>,
    pub stages: Option<Vec<Stage>>,
    pub main_categories: Option<Vec<Category>>,
    /// Lists, each with the words of which an innovation must have one.
    pub tags: Vec<(&'static str, Vec<&'static str>)>,
    /// Codes of owners.
    pub owners: Option<Vec<String>>,
    /// A programme of which it is a member on `today`, or had become one by `joined_by`.
    pub programme: Option<String>,
    pub joined_by: Option<NaiveDate>,
    pub today: NaiveDate,
    pub updated_from: Option<NaiveDateTime>,
}

pub fn list(conn: &mut Conn, filter: &InnovationFilter, request: &PageRequest) -> Result<Page<OwnedInnovation>> {
    let engine = conn.engine();
    page(conn, request, || {
        let mut query = owned().filter(innovations::archived_at.is_null()).into_boxed::<MultiBackend>();
        if let Some(terms) = &filter.search {
            query = query.filter(dialect::matches(engine, "innovations", terms));
        }
        if let Some(stages) = &filter.stages {
            query = query.filter(innovations::stage.eq_any(stages.clone()));
        }
        if let Some(categories) = &filter.main_categories {
            query = query.filter(innovations::main_category.eq_any(categories.clone()));
        }
        for (list, words) in &filter.tags {
            let tagged = innovation_tags::table
                .filter(innovation_tags::list.eq(*list))
                .filter(innovation_tags::word.eq_any(words.clone()))
                .select(innovation_tags::innovation_id);
            query = query.filter(innovations::id.eq_any(tagged));
        }
        if let Some(codes) = &filter.owners {
            query = query.filter(organisations::code.eq_any(codes.clone()));
        }
        if let Some(programme) = &filter.programme {
            // Those who left stay among those who had joined.
            let (joined, left) = match filter.joined_by {
                Some(day) => (day, NaiveDate::default()),
                None => (filter.today, filter.today),
            };
            let members = programme_memberships::table
                .filter(programme_memberships::programme.eq(programme.clone()))
                .filter(programme_memberships::from_on.le(joined))
                .filter(programme_memberships::to_on.gt(left))
                .select(programme_memberships::innovation_id);
            query = query.filter(innovations::id.eq_any(members));
        }
        if let Some(from) = filter.updated_from {
            query = query.filter(innovations::updated_at.ge(from));
        }
        query
    })
}

fn owned() -> Living {
    let own = <InnovationRow as Selectable<MultiBackend>>::construct_selection();
    innovations::table.left_join(organisations::table).select((own, organisations::code.nullable()))
}

/// The innovation of this slug, unless it is archived: one query.
///
/// # Errors
/// The database's own.
pub fn find(conn: &mut Conn, slug: &str) -> Result<Option<OwnedInnovation>> {
    let living = owned().filter(innovations::slug.eq(slug)).filter(innovations::archived_at.is_null());
    Ok(on_engine!(conn, c => living.first(c)).optional()?)
}

/// # Errors
/// The database's own.
pub fn id_of(conn: &mut Conn, slug: &str) -> Result<Option<Id>> {
    let living = innovations::table.filter(innovations::slug.eq(slug)).filter(innovations::archived_at.is_null());
    Ok(living.select(innovations::id).first(conn).optional()?)
}

/// The slugs of the given innovations, archived ones included.
///
/// # Errors
/// The database's own.
pub fn slugs(conn: &mut Conn, ids: &[Id]) -> Result<HashMap<Id, String>> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let mut slugs = HashMap::with_capacity(ids.len());
    // SQLite takes a bounded number of parameters.
    for some in ids.chunks(10_000) {
        let found = innovations::table
            .filter(innovations::id.eq_any(some.to_vec()))
            .select((innovations::id, innovations::slug));
        slugs.extend(found.load::<(Id, String)>(conn)?);
    }
    Ok(slugs)
}

/// Slugs that begin so, those of archived innovations included.
///
/// # Errors
/// The database's own.
pub fn slugs_from(conn: &mut Conn, stem: &str) -> Result<Vec<String>> {
    // A slug holds none of the signs that LIKE reads as more than themselves.
    let kin = innovations::table.filter(innovations::slug.like(format!("{stem}%")));
    Ok(kin.select(innovations::slug).load(conn)?)
}

/// # Errors
/// `already-exists` for a slug in use.
pub fn insert(conn: &mut Conn, row: &InnovationRow, search_text: String) -> Result<()> {
    let taken = violations::unique(format!("There is, or was, an innovation {} already.", row.slug));
    let values = (row.clone(), innovations::search_text.eq(search_text));
    diesel::insert_into(innovations::table).values(values).execute(conn).map_err(taken)?;
    Ok(())
}

/// Writes the row over the version before it, and the words it is found by where they changed.
///
/// # Errors
/// `version-mismatch` when another change came first.
pub fn update(conn: &mut Conn, row: &InnovationRow, search_text: Option<String>) -> Result<()> {
    let present =
        innovations::table.filter(innovations::id.eq(row.id)).filter(innovations::version.eq(row.version - 1));
    match diesel::update(present)
        .set((row.clone(), search_text.map(|text| innovations::search_text.eq(text))))
        .execute(conn)?
    {
        0 => Err(crate::http::context::changed(row.version)),
        _ => Ok(()),
    }
}

/// Writes anew the words an innovation is found by.
///
/// # Errors
/// The database's own.
pub fn retag(conn: &mut Conn, innovation: Id, tags: &[(&'static str, &'static str)]) -> Result<()> {
    diesel::delete(innovation_tags::table.filter(innovation_tags::innovation_id.eq(innovation))).execute(conn)?;
    for (list, word) in tags {
        let tag = (
            innovation_tags::list.eq(*list),
            innovation_tags::word.eq(*word),
            innovation_tags::innovation_id.eq(innovation),
        );
        diesel::insert_into(innovation_tags::table).values(tag).execute(conn)?;
    }
    Ok(())
}

/// Makes the innovation a member of the programme until further notice.
///
/// # Errors
/// The database's own.
pub fn insert_membership(
    conn: &mut Conn,
    innovation: Id,
    programme: &str,
    from: NaiveDate,
    at: NaiveDateTime,
) -> Result<()> {
    let membership = (
        programme_memberships::id.eq(Id::generate()),
        programme_memberships::innovation_id.eq(innovation),
        programme_memberships::programme.eq(programme),
        programme_memberships::from_on.eq(from),
        programme_memberships::to_on.eq(FOREVER),
        programme_memberships::version.eq(1),
        programme_memberships::created_at.eq(at),
        programme_memberships::updated_at.eq(at),
    );
    diesel::insert_into(programme_memberships::table).values(membership).execute(conn)?;
    Ok(())
}

/// The programmes it is a member of on that day, by name.
///
/// # Errors
/// The database's own.
pub fn programmes_of(conn: &mut Conn, innovation: Id, on: NaiveDate) -> Result<Vec<String>> {
    let current = programme_memberships::table
        .filter(programme_memberships::innovation_id.eq(innovation))
        .filter(programme_memberships::from_on.le(on))
        .filter(programme_memberships::to_on.gt(on));
    Ok(current
        .select(programme_memberships::programme)
        .distinct()
        .order_by(programme_memberships::programme)
        .load(conn)?)
}
