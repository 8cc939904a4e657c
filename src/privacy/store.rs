//! Looking for a person in every place, taking a subject out of it, and what is kept sealed.

use super::rules::{APPLICATION, Holds, Place, columns, property};
use crate::db::dialect::{Engine, like};
use crate::db::schema::{
    application_versions, applications, awards, erasures, fellows, fellowships, people, person_requests, reviews,
    sealed_records,
};
use crate::db::{Conn, Keep};
use crate::error::Result;
use crate::on_engine;
use crate::people::fellowships::rules::FellowshipState;
use crate::vocabulary::{Id, fold, search_text};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many are emptied at a time.
const SOME: i64 = 500;
/// The ends of an application that led to nothing.
const UNSUCCESSFUL: [&str; 5] = ["ineligible", "rejected", "withdrawn", "offer-declined", "offer-lapsed"];

/// A text that may name the person, for whoever erases to decide on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenText {
    /// The kind of record.
    #[schema(example = "kpi-values", max_length = 60)]
    pub resource: String,
    /// The record's key: its id or code, with what numbers it after a slash.
    #[schema(max_length = 200)]
    pub key: String,
    /// The property that holds the text.
    #[schema(example = "comment", max_length = 60)]
    pub property: String,
}

/// What names a row, as one text.
fn key_of(engine: Engine, place: &Place) -> String {
    // Only series are numbered; every other id is sixteen bytes.
    let part = |column: &&str| match (engine, column.ends_with("id") && *column != "series_id") {
        (Engine::Postgres, true) => format!("encode({column}, 'hex')"),
        (Engine::Sqlite, true) => format!("lower(hex({column}))"),
        (_, false) => format!("CAST({column} AS TEXT)"),
    };
    place.key.iter().map(part).collect::<Vec<_>>().join(" || '/' || ")
}

/// An id that was read as 32 digits, as it is written elsewhere.
fn written(key: &str) -> String {
    let (id, rest) = key.split_once('/').map_or((key, None), |(id, rest)| (id, Some(rest)));
    let parts = [id.get(..8), id.get(8..12), id.get(12..16), id.get(16..20), id.get(20..32)];
    let id = match parts.into_iter().collect::<Option<Vec<_>>>() {
        Some(parts) if id.len() == 32 => parts.join("-"),
        _ => id.to_owned(),
    };
    rest.map_or(id.clone(), |rest| format!("{id}/{rest}"))
}

/// Every text that has one of the words in it.
pub fn open_texts(conn: &mut Conn, words: &[String]) -> Result<Vec<OpenText>> {
    let mut found = Vec::new();
    if words.is_empty() {
        return Ok(found);
    }
    let mut patterns: Vec<String> = Vec::new();
    for word in words {
        // As it stands in a text, and as a JSON document writes it.
        let json = serde_json::to_string(word)?;
        for form in [word.as_str(), json.trim_matches('"')] {
            patterns.push(format!("%{}%", like(&form.to_lowercase())));
        }
    }
    patterns.sort();
    patterns.dedup();
    for (place, column, _) in columns(&[Holds::Words, Holds::SubjectsAndWords]) {
        let engine = conn.engine();
        let says = |number| format!("lower({column}) LIKE {} ESCAPE '\\'", nth(engine, number));
        let says: Vec<String> = (1..=patterns.len()).map(says).collect();
        let text = format!("SELECT {} AS key FROM {} WHERE {}", key_of(engine, place), place.table, says.join(" OR "));
        let keys: Vec<KeyRow> = on_engine!(conn, c => {
            let mut query = diesel::sql_query(text).into_boxed();
            for pattern in &patterns {
                query = query.bind::<Text, _>(pattern);
            }
            query.load(c)?
        });
        for KeyRow { key } in keys {
            let (resource, key) = (place.table.replace('_', "-"), written(&key));
            found.push(OpenText { resource, key, property: property(column) });
        }
    }
    Ok(found)
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    key: String,
}

/// How the engine writes the place of a value in a statement.
fn nth(engine: Engine, number: usize) -> String {
    match engine {
        Engine::Postgres => format!("${number}"),
        Engine::Sqlite => format!("?{number}"),
    }
}

/// Records that say who did something, and are not emptied themselves: the table, the kind, the columns, the version.
const SHOWING: [(&str, &str, &[&str], &str); 7] = [
    ("awards", "award", &["proposed_by", "approved_by"], "version"),
    ("benefits", "benefit", &["claimed_by"], "version"),
    ("clients", "client", &["made_by"], "version"),
    ("grants", "grant", &["subject", "made_by", "revoked_by"], "version"),
    ("kpi_submissions", "kpi-submission", &["submitted_by"], "1"),
    ("pledges", "pledge", &["made_by"], "version"),
    ("reallocations", "reallocation", &["made_by"], "1"),
];

#[derive(QueryableByName)]
struct ShowingRow {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Integer)]
    version: i32,
}

/// The records that show a subject: their kind, key and version.
pub fn showing(conn: &mut Conn, subject: &str) -> Result<Vec<(&'static str, String, i32)>> {
    let mut all = Vec::new();
    for (table, kind, columns, version) in SHOWING {
        let engine = conn.engine();
        let says: Vec<String> = columns.iter().map(|column| format!("{column} = {}", nth(engine, 1))).collect();
        let place = Place { table, key: &["id"], columns: &[] };
        let text = format!(
            "SELECT {} AS key, {version} AS version FROM {table} WHERE {}",
            key_of(engine, &place),
            says.join(" OR ")
        );
        let rows: Vec<ShowingRow> = on_engine!(conn, c => diesel::sql_query(text).bind::<Text, _>(subject).load(c)?);
        all.extend(rows.into_iter().map(|row| (kind, written(&row.key), row.version)));
    }
    Ok(all)
}

/// Puts another text in the place of a subject, wherever the register says who did what.
pub fn replace_subject(conn: &mut Conn, subject: &str, nobody: &str) -> Result<()> {
    let (quoted, other) = (serde_json::to_string(subject)?, serde_json::to_string(nobody)?);
    for (Place { table, .. }, column, holds) in columns(&[Holds::Subject, Holds::SubjectsAndWords]) {
        let [one, two] = [nth(conn.engine(), 1), nth(conn.engine(), 2)];
        let (text, from, to) = match holds {
            Holds::Subject => (format!("UPDATE {table} SET {column} = {two} WHERE {column} = {one}"), subject, nobody),
            Holds::SubjectsAndWords => {
                let text = format!(
                    "UPDATE {table} SET {column} = replace({column}, {one}, {two}) WHERE {column} LIKE '%' || {one} || '%'"
                );
                (text, quoted.as_str(), other.as_str())
            }
            _ => continue,
        };
        on_engine!(conn, c => diesel::sql_query(text).bind::<Text, _>(from).bind::<Text, _>(to).execute(c)?);
    }
    Ok(())
}

/// An application as far as its erasure asks.
#[derive(Queryable, Selectable)]
#[diesel(table_name = applications)]
pub struct Applied {
    pub id: Id,
    pub reference: String,
    pub title: String,
    pub state: String,
    pub updated_at: NaiveDateTime,
}

pub fn applications_of(conn: &mut Conn, subject: &str) -> Result<Vec<Applied>> {
    let own = applications::table.filter(applications::applicant.eq(subject)).order_by(applications::id);
    Ok(own.select(Applied::as_select()).load(conn)?)
}

/// Every version of the data of an application, oldest first.
pub fn versions_of(conn: &mut Conn, application: Id) -> Result<Vec<String>> {
    let versions = application_versions::table.filter(application_versions::application_id.eq(application));
    let versions = versions.order_by(application_versions::number).select(application_versions::document);
    Ok(versions.load(conn)?)
}

pub fn empty_application(conn: &mut Conn, id: Id, title: &str, now: NaiveDateTime) -> Result<()> {
    let versions = application_versions::table.filter(application_versions::application_id.eq(id));
    diesel::update(versions).set(application_versions::document.eq("{}")).execute(conn)?;
    diesel::update(applications::table.find(id))
        .set((
            applications::title.eq(title),
            applications::sort_title.eq(fold(title)),
            applications::version.eq(applications::version + 1),
            applications::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// What somebody wrote in a review.
#[derive(Queryable, Selectable)]
#[diesel(table_name = reviews)]
pub struct Reviewed {
    pub id: Id,
    pub application_id: Id,
    pub state: String,
    pub conflict: Option<String>,
    pub comment: Option<String>,
    pub updated_at: NaiveDateTime,
}

pub fn reviews_of(conn: &mut Conn, subject: &str) -> Result<Vec<Reviewed>> {
    let own = reviews::table.filter(reviews::reviewer.eq(subject)).order_by(reviews::id);
    Ok(own.select(Reviewed::as_select()).load(conn)?)
}

pub fn empty_review(conn: &mut Conn, id: Id, now: NaiveDateTime) -> Result<()> {
    diesel::update(reviews::table.find(id))
        .set((
            reviews::conflict.eq(None::<String>),
            reviews::comment.eq(None::<String>),
            reviews::version.eq(reviews::version + 1),
            reviews::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// An award as far as an erasure asks.
#[derive(Queryable, Selectable)]
#[diesel(table_name = awards)]
pub struct Awarded {
    pub id: Id,
    pub reference: String,
    pub title: String,
    pub description: String,
    pub planned_to: NaiveDate,
}

pub fn awards_of(conn: &mut Conn, person: Id) -> Result<Vec<Awarded>> {
    let received = awards::table.filter(awards::recipient_person_id.eq(person)).order_by(awards::id);
    Ok(received.select(Awarded::as_select()).load(conn)?)
}

pub fn empty_award(conn: &mut Conn, award: &Awarded, title: &str, description: &str, now: NaiveDateTime) -> Result<()> {
    diesel::update(awards::table.find(award.id))
        .set((
            awards::title.eq(title),
            awards::sort_title.eq(fold(title)),
            awards::description.eq(description),
            awards::search_text.eq(search_text(&format!("{} {title}", award.reference))),
            awards::version.eq(awards::version + 1),
            awards::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// The present version of an application, a review or an award.
pub fn version_of(conn: &mut Conn, resource: &str, id: Id) -> Result<i32> {
    Ok(match resource {
        "application" => applications::table.find(id).select(applications::version).first(conn)?,
        "review" => reviews::table.find(id).select(reviews::version).first(conn)?,
        _ => awards::table.find(id).select(awards::version).first(conn)?,
    })
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = sealed_records)]
pub struct SealedRow {
    pub id: Id,
    pub person_id: Id,
    pub resource: String,
    pub record_id: Id,
    pub ground: String,
    pub until_on: NaiveDate,
    /// A JSON document.
    pub document: String,
    pub sealed_at: NaiveDateTime,
}

pub fn seal(conn: &mut Conn, row: SealedRow) -> Result<()> {
    diesel::insert_into(sealed_records::table).values(row).execute_kept(conn)?;
    Ok(())
}

pub fn sealed_of(conn: &mut Conn, person: Id) -> Result<Vec<SealedRow>> {
    let kept = sealed_records::table.filter(sealed_records::person_id.eq(person));
    Ok(kept.order_by(sealed_records::id).load(conn)?)
}

/// Removes what was sealed until a day that has come, unless the person asked that nothing be removed.
pub fn unseal(conn: &mut Conn, today: NaiveDate) -> Result<usize> {
    let over = sealed_records::table.filter(sealed_records::until_on.le(today));
    Ok(diesel::delete(over.filter(sealed_records::person_id.ne_all(held()))).execute(conn)?)
}

/// People who asked that their data be held, or not used, and were not refused.
#[diesel::dsl::auto_type(no_type_alias)]
fn held() -> _ {
    person_requests::table
        .filter(person_requests::kind.eq("restrict").or(person_requests::kind.eq("object")))
        .filter(person_requests::decision.is_null().or(person_requests::decision.eq("granted")))
        .select(person_requests::person_id)
}

/// Some unsuccessful applications that last moved before a day, of nobody who holds them, with their versions.
pub fn outlived_applications(conn: &mut Conn, before: NaiveDateTime) -> Result<Vec<(Id, i32)>> {
    let holders = people::table.filter(people::id.eq_any(held())).filter(people::subject.is_not_null());
    let old = applications::table
        .filter(applications::state.eq_any(UNSUCCESSFUL))
        .filter(applications::updated_at.lt(before))
        .filter(applications::title.ne(APPLICATION))
        .filter(applications::applicant.nullable().ne_all(holders.select(people::subject)));
    Ok(old.select((applications::id, applications::version)).limit(SOME).load(conn)?)
}

/// Some people with contacts whose fellowships all ended before a day, of whom nobody holds them, with their versions.
pub fn outlived_contacts(conn: &mut Conn, before: NaiveDate) -> Result<Vec<(Id, i32)>> {
    let of = fellows::table.filter(fellows::person_id.eq(people::id));
    let held_by = fellowships::table
        .filter(fellowships::fellow_id.eq(fellows::id))
        .filter(fellowships::state.ne_all(FellowshipState::UNAGREED));
    let ended = of.filter(dsl::exists(held_by.clone()));
    let lasting = held_by.filter(fellowships::to_on.ge(before));
    let old = people::table
        .filter(people::email.is_not_null())
        .filter(people::id.ne_all(held()))
        .filter(dsl::exists(ended.filter(dsl::not(dsl::exists(lasting)))));
    Ok(old.select((people::id, people::version)).limit(SOME).load(conn)?)
}

/// Takes the contacts of a person away, as a new version.
pub fn forget_contacts(conn: &mut Conn, person: Id, now: NaiveDateTime) -> Result<()> {
    diesel::update(people::table.find(person))
        .set((people::email.eq(None::<String>), people::version.eq(people::version + 1), people::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = erasures)]
pub struct ErasureRow {
    pub id: Id,
    pub person_id: Id,
    pub ground: String,
    /// A JSON array of [`OpenText`].
    pub texts: String,
    pub made_by: String,
    pub made_at: NaiveDateTime,
}

pub fn insert_erasure(conn: &mut Conn, row: ErasureRow) -> Result<()> {
    diesel::insert_into(erasures::table).values(row).execute_kept(conn)?;
    Ok(())
}

pub fn erasure_of(conn: &mut Conn, person: Id) -> Result<Option<ErasureRow>> {
    let made = erasures::table.filter(erasures::person_id.eq(person));
    Ok(made.order_by(erasures::made_at.desc()).first(conn).optional()?)
}

/// Whether anybody was erased since that moment.
pub fn erased_since(conn: &mut Conn, moment: NaiveDateTime) -> Result<bool> {
    let made = erasures::table.filter(erasures::made_at.ge(moment));
    Ok(diesel::select(dsl::exists(made)).get_result(conn)?)
}
