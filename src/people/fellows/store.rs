//! Fellows in the database, each read with their person.

use super::rules::Fellow;
use crate::db::dialect::{self, SearchTerms};
use crate::db::schema::{fellows, fellowship_innovations, fellowships, people};
use crate::db::{Conn, Keep, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Context};
use crate::people::fellowships::rules::FellowshipState;
use crate::people::store::PersonRow;
use crate::transitions::links::LinkState;
use crate::vocabulary::Id;
use crate::{among, innovations, params, sortable, writable};
use chrono::NaiveDateTime;
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = fellows, treat_none_as_null = true)]
pub struct FellowRow {
    pub id: Id,
    pub person_id: Id,
    pub profession: Option<String>,
    pub biography: Option<String>,
    pub website: Option<String>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    /// The programme that registered the fellow.
    pub keeper: Option<String>,
}

/// A fellow with their person, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedFellow {
    pub row: FellowRow,
    pub person: PersonRow,
}

impl NamedFellow {
    pub fn new(context: &Context, new: Fellow, keeper: Option<String>) -> Self {
        let (id, now) = (Id::generate(), context.now.naive_utc());
        let person = PersonRow::new(context, new.person());
        let Fellow { profession, biography, website, .. } = new;
        let person_id = person.id;
        let row = FellowRow {
            id,
            person_id,
            profession,
            biography,
            website,
            version: 1,
            created_at: now,
            updated_at: now,
            keeper,
        };
        Self { row, person }
    }

    pub fn fellow(&self) -> Fellow {
        let (person, row) = (self.person.person(), self.row.clone());
        Fellow {
            name: person.name,
            email: person.email,
            subject: person.subject,
            named_publicly: person.named_publicly,
            profession: row.profession,
            biography: row.biography,
            website: row.website,
            illustrative: person.illustrative,
        }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: Fellow) -> Self {
        let person = self.person.revised(context, new.person());
        let Fellow { profession, biography, website, .. } = new;
        let (version, updated_at) = (self.row.version + 1, context.now.naive_utc());
        Self { row: FellowRow { profession, biography, website, version, updated_at, ..self.row }, person }
    }
}

type Columns = (<fellows::table as Table>::AllColumns, <people::table as Table>::AllColumns);
type Named = dsl::Select<dsl::InnerJoin<fellows::table, people::table>, Columns>;
type Query = dsl::IntoBoxed<'static, Named, MultiBackend>;

sortable! { NamedFellow, Query, key "id" => fellows::id as Id;
    people of |found| found.person => "name" sort_name;
    fellows of |found| found.row => "createdAt" created_at, "updatedAt" updated_at, then person_id;
}

writable! { fellows, FellowRow }

params! {
    /// The filters of a list of fellows.
    pub struct ListFellows list of NamedFellow {
        /// Searches the name.
        q: SearchTerms = "q",
        /// The slug of a programme that they are or were in.
        programme: CodeParam = "programme",
        /// The slug of an innovation that they bring or brought into use.
        innovation: CodeParam = "innovation",
    }
}

fn named() -> Named {
    fellows::table.inner_join(people::table).select((fellows::all_columns, people::all_columns))
}

/// # Errors
/// `unknown-reference` for an innovation that is not there.
pub fn list(conn: &mut Conn, _: &Context, asked: &ListFellows) -> Result<Query> {
    let mut query = named().into_boxed::<MultiBackend>();
    if let Some(terms) = &asked.q {
        query = query.filter(dialect::matches(conn, "people", terms)?);
    }
    if let Some(programme) = &asked.programme {
        let held = fellowships::table
            .filter(fellowships::programme.eq(programme.0.to_ascii_lowercase()))
            .filter(fellowships::state.ne_all(FellowshipState::UNAGREED));
        query = query.filter(among!(conn, fellows::id, fellowships::fellow_id, held.clone()));
    }
    if let Some(slug) = &asked.innovation {
        let innovation = innovations::ops::referred(conn, "?innovation", &slug.0)?;
        let carried = fellowship_innovations::table
            .filter(fellowship_innovations::innovation_id.eq(innovation))
            .filter(fellowship_innovations::state.eq(LinkState::Agreed))
            .select(fellowship_innovations::fellowship_id);
        let held = fellowships::table
            .filter(fellowships::id.eq_any(carried))
            .filter(fellowships::state.ne_all(FellowshipState::UNAGREED));
        query = query.filter(among!(conn, fellows::id, fellowships::fellow_id, held.clone()));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedFellow>> {
    Ok(named().filter(fellows::id.eq(id)).first(conn).optional()?)
}

pub fn find_of_person(conn: &mut Conn, person: Id) -> Result<Option<FellowRow>> {
    Ok(fellows::table.filter(fellows::person_id.eq(person)).first(conn).optional()?)
}

/// The subject of the person that a fellow is.
pub fn subject_of(conn: &mut Conn, id: Id) -> Result<Option<String>> {
    let subject = named().filter(fellows::id.eq(id)).select(people::subject);
    Ok(subject.first::<Option<String>>(conn).optional()?.flatten())
}

/// Raises the version of the fellow that a person may be, since the answer about the fellow holds the person's name.
pub fn touch(conn: &mut Conn, person: Id, at: NaiveDateTime) -> Result<()> {
    let raised = (fellows::version.eq(fellows::version + 1), fellows::updated_at.eq(at));
    diesel::update(fellows::table.filter(fellows::person_id.eq(person))).set(raised).execute_kept(conn)?;
    Ok(())
}

/// Empties the profile of an erased person.
pub fn forget(conn: &mut Conn, person: Id, at: NaiveDateTime) -> Result<()> {
    let nothing = None::<String>;
    let emptied = (fellows::profession.eq(&nothing), fellows::biography.eq(&nothing), fellows::website.eq(&nothing));
    diesel::update(fellows::table.filter(fellows::person_id.eq(person))).set(emptied).execute_kept(conn)?;
    touch(conn, person, at)
}
