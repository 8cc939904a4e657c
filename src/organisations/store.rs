//! Organisations in the database.

use super::closure;
use super::identifiers::Identifier;
use super::rules::{Organisation, OrganisationAdded, OrganisationStatus, OrganisationType};
use crate::calendar::Span;
use crate::db::dialect::{self, SearchTerms};
use crate::db::json::Json;
use crate::db::schema::{organisation_closure, organisations};
use crate::db::{Conn, Keep, MultiBackend, violations};
use crate::error::{Code, Error, Fault, Result};
use crate::http::{CodeParam, Context, OneOf};
use crate::record::Stored;
use crate::vocabulary::{Id, fold};
use crate::{among, insert_all, narrow, one_of, overwrite, params, sortable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use std::collections::{BTreeSet, HashMap};

pub use super::closure::{
    DaysBelow, Line, Nested, below, below_during, codes_below, counted_below, days_below, ever_below, how_many_below,
    is_below_any, lines, nested, reached,
};

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = organisations, treat_none_as_null = true)]
pub struct OrganisationRow {
    pub id: Id,
    pub code: String,
    pub ods_code: Option<String>,
    pub name: String,
    pub sort_name: String,
    pub kind: OrganisationType,
    pub status: OrganisationStatus,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub postcode: Option<String>,
    pub identifiers: Json<Vec<Identifier>>,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl OrganisationRow {
    /// # Errors
    /// `internal` when its identifiers cannot be written as JSON.
    pub fn new(context: &Context, new: Organisation) -> Result<Self> {
        let search_text = new.search_text();
        let Organisation { code, name, kind, ods_code, identifiers, status, valid_from, valid_to, postcode, .. } = new;
        let now = context.now.naive_utc();
        Ok(Self {
            id: Id::generate(),
            sort_name: fold(&name),
            search_text,
            identifiers: Json::new(identifiers)?,
            code,
            ods_code,
            name,
            kind,
            status,
            valid_from,
            valid_to,
            postcode,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// The days on which it exists, as far as they are known.
    pub fn span(&self) -> Span {
        Span::between(self.valid_from, self.valid_to)
    }

    pub fn organisation(&self) -> Organisation {
        Organisation {
            code: self.code.clone(),
            name: self.name.clone(),
            kind: self.kind,
            ods_code: self.ods_code.clone(),
            identifiers: self.identifiers.value.clone(),
            status: self.status,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            postcode: self.postcode.clone(),
            parent: None,
        }
    }

    /// The next version.
    ///
    /// # Errors
    /// As [`OrganisationRow::new`].
    pub fn revised(self, context: &Context, new: Organisation) -> Result<Self> {
        let Self { id, created_at, version, .. } = self;
        Ok(Self { id, created_at, version: version + 1, ..Self::new(context, new)? })
    }
}

impl OrganisationRow {
    /// The answer on a day: whoever no longer exists is closed.
    pub fn on(self, day: NaiveDate) -> Stored<Organisation> {
        let row = self;
        let mut written = row.organisation();
        written.status = written.status_on(day);
        let added = OrganisationAdded { warnings: written.warnings() };
        Stored { added, written, version: row.version, updated_at: row.updated_at }
    }
}

type Organisations = organisations::BoxedQuery<'static, MultiBackend>;

sortable! { OrganisationRow, Organisations, key "code" => organisations::code as Code;
    organisations of |row| row => "name" sort_name, "code" code, "type" kind, "updatedAt" updated_at, then id;
}

params! {
    /// What a list of organisations may be narrowed to.
    pub struct ListOrganisations list of OrganisationRow {
        /// Types of organisation.
        kind: OneOf<OrganisationType> = "type",
        /// Whether they are active or closed.
        status: OneOf<OrganisationStatus> = "status",
        /// The code of a place: that organisation and all below it.
        place: CodeParam = "place",
        /// Searches the name, code, postcode and identifiers. Put a phrase in quotation marks.
        q: SearchTerms = "q",
        /// The day on which the organisation existed, and whose hierarchy counts. Default: all organisations, with today's hierarchy.
        as_of: NaiveDate = "asOf",
    }
}

/// # Errors
/// `unknown-reference` for the place.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListOrganisations) -> Result<Organisations> {
    let mut query = organisations::table.into_boxed::<MultiBackend>();
    narrow! { query, asked;
        kind => one_of!(organisations::kind, kind.0.clone());
    }
    if let Some(status) = &asked.status {
        let today = context.today();
        let gone = organisations::valid_to.is_not_null().and(organisations::valid_to.le(today).assume_not_null());
        let closed = || organisations::status.eq(OrganisationStatus::Closed).or(gone);
        query = match status.0.as_slice() {
            [OrganisationStatus::Closed] => query.filter(closed()),
            [OrganisationStatus::Active] => query.filter(diesel::dsl::not(closed())),
            _ => query,
        };
    }
    if let Some(place) = &asked.place {
        let place = referred(conn, "?place", &place.0)?;
        let on = asked.as_of.unwrap_or_else(|| context.today());
        let descendant = organisation_closure::descendant_id;
        query = query.filter(among!(conn, organisations::id, descendant, below(vec![place], on)));
    }
    if let Some(terms) = &asked.q {
        query = query.filter(dialect::matches(conn, "organisations", terms)?);
    }
    if let Some(day) = asked.as_of {
        query = query
            .filter(organisations::valid_from.is_null().or(organisations::valid_from.le(day).assume_not_null()))
            .filter(organisations::valid_to.is_null().or(organisations::valid_to.gt(day).assume_not_null()));
    }
    Ok(query)
}

/// The organisation a request refers to.
///
/// # Errors
/// `unknown-reference`, pointing at the value.
pub fn referred(conn: &mut Conn, pointer: &str, code: &str) -> Result<Id> {
    id_of(conn, &code.to_ascii_uppercase())?.ok_or_else(|| unknown(pointer, code))
}

/// The organisations a request refers to, in any case.
///
/// # Errors
/// `unknown-reference` for the first that is not there.
pub fn all_referred(conn: &mut Conn, pointer: &str, codes: &[String]) -> Result<Vec<Id>> {
    let codes: Vec<String> = codes.iter().map(|code| code.to_ascii_uppercase()).collect();
    let found = ids_by_code(conn, &codes)?;
    codes.iter().map(|code| found.get(code).copied().ok_or_else(|| unknown(pointer, code))).collect()
}

fn unknown(pointer: &str, code: &str) -> Error {
    let detail = format!("There is no organisation {code}.");
    Error::new(Code::UnknownReference).detail(detail.clone()).fault(Fault::new(pointer, "unknown-organisation", detail))
}

/// The organisations with these codes, given in upper case.
pub fn by_codes(conn: &mut Conn, codes: &[String]) -> Result<HashMap<String, OrganisationRow>> {
    let mut found = HashMap::with_capacity(codes.len());
    // SQLite takes a bounded number of parameters.
    for some in codes.chunks(10_000) {
        let rows: Vec<OrganisationRow> =
            organisations::table.filter(organisations::code.eq_any(some.to_vec())).load(conn)?;
        found.extend(rows.into_iter().map(|row| (row.code.clone(), row)));
    }
    Ok(found)
}

/// The organisations with these ids.
pub fn by_ids(conn: &mut Conn, ids: &BTreeSet<Id>) -> Result<Vec<OrganisationRow>> {
    let mut found = Vec::with_capacity(ids.len());
    // SQLite takes a bounded number of parameters.
    for some in ids.iter().copied().collect::<Vec<_>>().chunks(10_000) {
        let rows = organisations::table.filter(organisations::id.eq_any(some.to_vec()));
        found.extend(rows.load::<OrganisationRow>(conn)?);
    }
    Ok(found)
}

/// The type of each organisation, and the days on which it exists as far as they are known.
pub fn lives(conn: &mut Conn, ids: &[Id]) -> Result<Vec<(Id, OrganisationType, Span)>> {
    let mut found = Vec::with_capacity(ids.len());
    // SQLite takes a bounded number of parameters.
    for some in ids.chunks(10_000) {
        let rows = organisations::table.filter(organisations::id.eq_any(some.to_vec())).select((
            organisations::id,
            organisations::kind,
            organisations::valid_from,
            organisations::valid_to,
        ));
        type Row = (Id, OrganisationType, Option<NaiveDate>, Option<NaiveDate>);
        let life = |(id, kind, from, to): Row| (id, kind, Span::between(from, to));
        found.extend(rows.load::<Row>(conn)?.into_iter().map(life));
    }
    Ok(found)
}

/// The ids of the organisations with these codes, given in upper case.
pub fn ids_by_code(conn: &mut Conn, codes: &[String]) -> Result<HashMap<String, Id>> {
    let mut found = HashMap::with_capacity(codes.len());
    // SQLite takes a bounded number of parameters.
    for some in codes.chunks(10_000) {
        let rows = organisations::table
            .filter(organisations::code.eq_any(some.to_vec()))
            .select((organisations::code, organisations::id));
        found.extend(rows.load::<(String, Id)>(conn)?);
    }
    Ok(found)
}

pub fn find(conn: &mut Conn, code: &str) -> Result<Option<OrganisationRow>> {
    Ok(organisations::table.filter(organisations::code.eq(code)).first(conn).optional()?)
}

/// The organisation in a path.
///
/// # Errors
/// `not-found`.
pub fn known(conn: &mut Conn, code: &str) -> Result<OrganisationRow> {
    find(conn, &code.to_ascii_uppercase())?.ok_or_else(|| Error::not_found("organisation"))
}

pub fn id_of(conn: &mut Conn, code: &str) -> Result<Option<Id>> {
    Ok(organisations::table.filter(organisations::code.eq(code)).select(organisations::id).first(conn).optional()?)
}

/// # Errors
/// `already-exists` for a code or ODS code in use.
pub fn insert(conn: &mut Conn, row: &OrganisationRow) -> Result<()> {
    let same = organisations::table
        .filter(organisations::ods_code.eq(row.ods_code.clone()))
        .filter(organisations::code.ne(row.code.clone()));
    if let Some(other) = same.select(organisations::code).first::<String>(conn).optional()? {
        let ods_code = row.ods_code.as_deref().unwrap_or_default();
        return Err(Error::new(Code::AlreadyExists).detail(format!("{other} has the ODS code {ods_code} already.")));
    }
    let taken = violations::unique(format!("There is an organisation with the code {} already.", row.code));
    diesel::insert_into(organisations::table).values(row.clone()).execute_kept(conn).map_err(taken)?;
    closure::insert_own(conn, &[row.id])
}

/// Writes many new organisations at once.
///
/// # Errors
/// `already-exists` for a code or ODS code in use.
pub fn insert_many(conn: &mut Conn, rows: &[OrganisationRow]) -> Result<()> {
    insert_all!(conn, organisations::table, rows);
    closure::insert_own(conn, &rows.iter().map(|row| row.id).collect::<Vec<_>>())
}

/// Writes the row over the version before it.
///
/// # Errors
/// `version-mismatch` when another change came first; `already-exists` for an ODS code in use.
pub fn update(conn: &mut Conn, row: &OrganisationRow) -> Result<()> {
    let ods_code = row.ods_code.as_deref().unwrap_or(&row.code);
    let taken = violations::unique(format!("Another organisation has the ODS code {ods_code} already."));
    overwrite!(conn, organisations, row, taken)
}

/// Code, name and identifiers of organisations that these texts may name: those of just such a name, and the first that have
/// words that begin so.
pub fn named_like(conn: &mut Conn, texts: &[String]) -> Result<Vec<(String, String, Vec<String>)>> {
    let alike = dialect::alike(conn, "organisations", texts);
    let names: Vec<String> = texts.iter().map(|text| fold(text)).collect();
    let found = organisations::table
        .filter(organisations::sort_name.eq_any(names).or(alike))
        .order_by(organisations::code)
        .select((organisations::code, organisations::name, organisations::ods_code, organisations::identifiers));
    type Row = (String, String, Option<String>, Json<Vec<Identifier>>);
    let whole = |(code, name, ods_code, identifiers): Row| {
        let identifiers = identifiers.value.into_iter().map(|identifier| identifier.value);
        (code, name, ods_code.into_iter().chain(identifiers).collect())
    };
    Ok(found.load::<Row>(conn)?.into_iter().map(whole).collect())
}

/// Codes and names of organisations, by id.
pub struct OrganisationNames(HashMap<Id, (String, String)>);

impl OrganisationNames {
    /// The code and the name.
    pub fn of(&self, id: Id) -> (String, String) {
        self.0.get(&id).cloned().unwrap_or_default()
    }

    pub fn code_of(&self, id: Id) -> &str {
        self.0.get(&id).map_or("", |(code, _)| code)
    }
}

/// The codes and names of the given organisations.
pub fn names(conn: &mut Conn, ids: impl IntoIterator<Item = Id>) -> Result<OrganisationNames> {
    let mut ids: Vec<Id> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut names = HashMap::with_capacity(ids.len());
    // SQLite takes a bounded number of parameters.
    for some in ids.chunks(10_000) {
        let found = organisations::table
            .filter(organisations::id.eq_any(some.to_vec()))
            .select((organisations::id, (organisations::code, organisations::name)));
        names.extend(found.load::<(Id, (String, String))>(conn)?);
    }
    Ok(OrganisationNames(names))
}
