//! People in the database.

use super::rules::Person;
use crate::db::dialect::{self, SearchTerms};
use crate::db::schema::people;
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::Context;
use crate::vocabulary::{Id, fold, search_text};
use crate::{params, sortable, writable};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// The name of an erased person.
pub const ERASED: &str = "Erased person";

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = people, treat_none_as_null = true)]
pub struct PersonRow {
    pub id: Id,
    /// Empty once the person is erased.
    pub name: String,
    pub sort_name: String,
    pub email: Option<String>,
    /// The subject in the person's own tokens.
    pub subject: Option<String>,
    /// When the person agreed to be named in public.
    pub consented_at: Option<NaiveDateTime>,
    pub erased_at: Option<NaiveDateTime>,
    pub illustrative: bool,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl PersonRow {
    pub fn new(context: &Context, new: Person) -> Self {
        let Person { name, email, subject, named_publicly, illustrative } = new;
        let (name, now) = (name.trim().to_owned(), context.now.naive_utc());
        Self {
            id: Id::generate(),
            sort_name: fold(&name),
            search_text: search_text(&name),
            name,
            email,
            subject,
            consented_at: named_publicly.then_some(now),
            erased_at: None,
            illustrative,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    pub fn person(&self) -> Person {
        Person {
            name: self.name.clone(),
            email: self.email.clone(),
            subject: self.subject.clone(),
            named_publicly: self.consented_at.is_some(),
            illustrative: self.illustrative,
        }
    }

    /// The next version. A consent keeps its date.
    pub fn revised(self, context: &Context, new: Person) -> Self {
        let fresh = Self::new(context, new);
        let consented_at = fresh.consented_at.map(|now| self.consented_at.unwrap_or(now));
        Self { id: self.id, consented_at, version: self.version + 1, created_at: self.created_at, ..fresh }
    }

    /// The version without anything that says who it was.
    pub fn erased(self, context: &Context) -> Self {
        let nobody = Person {
            name: String::new(),
            email: None,
            subject: None,
            named_publicly: false,
            illustrative: self.illustrative,
        };
        Self { erased_at: Some(context.now.naive_utc()), ..self.revised(context, nobody) }
    }

    /// The person's name, or what stands for an erased one.
    pub fn shown_name(&self) -> String {
        PersonName { name: self.name.clone(), erased_at: self.erased_at }.into()
    }
}

/// The columns that another table's rows read to name a person, by way of [`PersonName`].
pub type NameColumns = (people::name, people::erased_at);
pub const NAME_COLUMNS: NameColumns = (people::name, people::erased_at);

/// The person's name, or what stands for an erased one, once it is a text.
#[derive(Queryable, Clone)]
pub struct PersonName {
    name: String,
    erased_at: Option<NaiveDateTime>,
}

impl From<PersonName> for String {
    fn from(person: PersonName) -> Self {
        if person.erased_at.is_some() { ERASED.to_owned() } else { person.name }
    }
}

type Query = people::BoxedQuery<'static, MultiBackend>;

sortable! { PersonRow, Query, key "id" => people::id as Id;
    people of |row| row => "name" sort_name, "updatedAt" updated_at, then id;
}

writable! { people, PersonRow, "Another person has this subject. One subject belongs to one person." }

params! {
    /// The filters of a list of people.
    pub struct ListPeople list of PersonRow {
        /// Searches the name.
        q: SearchTerms = "q",
    }
}

/// # Errors
/// None: every filter is a column's own.
pub fn list(conn: &mut Conn, _: &Context, asked: &ListPeople) -> Result<Query> {
    let mut query = people::table.into_boxed::<MultiBackend>();
    if let Some(terms) = &asked.q {
        query = query.filter(dialect::matches(conn, "people", terms)?);
    }
    Ok(query)
}

/// The subject of a person, by which events name whose record it is.
pub fn subject_of(conn: &mut Conn, id: Id) -> Result<Option<String>> {
    let subject = people::table.find(id).select(people::subject);
    Ok(subject.first::<Option<String>>(conn).optional()?.flatten())
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<PersonRow>> {
    Ok(people::table.find(id).first(conn).optional()?)
}
