//! Populations in the database.

use super::rules::{
    Counted, DeprivationEdition, Dimension, Population, PopulationAdded, PopulationGroup, PopulationKind,
};
use crate::db::schema::{organisation_closure, populations};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Context, OneOf, Whole};
use crate::innovations;
use crate::organisations::edges::rules::Withdrawal;
use crate::organisations::ops::referred;
use crate::organisations::store::{below, names};
use crate::record::Stored;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{among, insert_all, narrow, one_of, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use std::collections::HashMap;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = populations, treat_none_as_null = true)]
pub struct PopulationRow {
    pub id: Id,
    pub organisation_id: Id,
    /// None where all people are meant.
    pub innovation_id: Id,
    /// Empty for every use of the innovation.
    pub indication: String,
    pub kind: PopulationKind,
    pub counted_on: NaiveDate,
    /// Empty for everybody.
    pub population_group: String,
    /// Empty where it is no deprivation.
    pub edition: String,
    pub value: i64,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub source: String,
    pub illustrative: bool,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub withdrawn_at: Option<NaiveDateTime>,
    pub withdrawn_reason: Option<String>,
}

/// What there is one population of: organisation, innovation, indication, kind, day, group, edition.
pub type Key = (Id, Id, String, PopulationKind, NaiveDate, String, String);

impl PopulationRow {
    pub fn new(context: &Context, new: Population, organisation_id: Id, innovation_id: Id) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            organisation_id,
            innovation_id,
            indication: new.indication.unwrap_or_default(),
            kind: new.kind,
            counted_on: new.on,
            population_group: new.group.map(|group| group.as_str().to_owned()).unwrap_or_default(),
            edition: new.edition.map(|edition| edition.as_str().to_owned()).unwrap_or_default(),
            value: new.value,
            qualifier: new.qualifier,
            basis: new.basis,
            source: new.source,
            illustrative: new.illustrative,
            version: 1,
            created_at: now,
            updated_at: now,
            withdrawn_at: None,
            withdrawn_reason: None,
        }
    }

    pub fn key(&self) -> Key {
        let (group, edition) = (self.population_group.clone(), self.edition.clone());
        (self.organisation_id, self.innovation_id, self.indication.clone(), self.kind, self.counted_on, group, edition)
    }

    /// The next version, with what another says of the same people.
    pub fn revised(self, context: &Context, new: Population) -> Self {
        let Population { value, qualifier, basis, source, illustrative, .. } = new;
        let (version, updated_at) = (self.version + 1, context.now.naive_utc());
        Self { value, qualifier, basis, source, illustrative, version, updated_at, ..self }
    }

    /// Whether it says the same of the same people.
    pub fn says(&self, new: &Population) -> bool {
        (self.value, self.qualifier, self.basis, &self.source, self.illustrative)
            == (new.value, new.qualifier, new.basis, &new.source, new.illustrative)
    }
}

type Rows = populations::BoxedQuery<'static, MultiBackend>;

sortable! { PopulationRow, Rows, key "id" => populations::id as Id;
    populations of |row| row => "on" counted_on, "updatedAt" updated_at, then id;
}

writable! { populations, PopulationRow, "There is a population of these people, on that day, already." }

params! {
    /// What a list of populations may be narrowed to.
    pub struct ListPopulations list of PopulationRow {
        /// The code of an organisation: its own populations.
        organisation: CodeParam = "organisation",
        /// The code of a place: the populations of that organisation and of all below it today.
        place: CodeParam = "place",
        /// The slug of an innovation: the people it is meant for. Default: all populations.
        innovation: CodeParam = "innovation",
        /// The year in which they were counted.
        year: Whole<1900, 2200> = "year",
        /// Groups of people.
        group: OneOf<PopulationGroup> = "group",
        /// What people are grouped by.
        dimension: OneOf<Dimension> = "dimension",
        /// Whose people they are.
        kind: OneOf<PopulationKind> = "kind",
        /// Editions of the indices of deprivation.
        edition: OneOf<DeprivationEdition> = "edition",
        /// Whether they were taken back as mistakes. Default: false.
        withdrawn: bool = "withdrawn",
    }
}

/// # Errors
/// `unknown-reference` for the organisation, the place or the innovation.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListPopulations) -> Result<Rows> {
    let mut query = populations::table.into_boxed::<MultiBackend>();
    query = if asked.withdrawn.unwrap_or_default() {
        query.filter(populations::withdrawn_at.is_not_null())
    } else {
        query.filter(populations::withdrawn_at.is_null())
    };
    if let Some(place) = &asked.place {
        let place = referred(conn, "?place", &place.0)?;
        let descendant = organisation_closure::descendant_id;
        query =
            query.filter(among!(conn, populations::organisation_id, descendant, below(vec![place], context.today())));
    }
    if let Some(Whole(year)) = asked.year {
        let first = |year: i64| NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, 1, 1);
        if let Some((from, to)) = first(year).zip(first(year + 1)) {
            query = query.filter(populations::counted_on.ge(from)).filter(populations::counted_on.lt(to));
        }
    }
    narrow! { query, asked;
        organisation => populations::organisation_id.eq(referred(conn, "?organisation", &organisation.0)?);
        innovation => populations::innovation_id.eq(innovations::ops::referred(conn, "?innovation", &innovation.0)?);
        group => one_of!(populations::population_group, group.0.clone());
        dimension => one_of!(populations::population_group, words_of(&dimension.0));
        kind => one_of!(populations::kind, kind.0.clone());
        edition => one_of!(populations::edition, edition.0.clone());
    }
    Ok(query)
}

fn words_of(dimensions: &[Dimension]) -> Vec<PopulationGroup> {
    dimensions.iter().flat_map(|dimension| PopulationGroup::of(*dimension)).collect()
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<PopulationRow>> {
    Ok(populations::table.find(id).first(conn).optional()?)
}

/// The populations that stand of these organisations.
pub fn standing(conn: &mut Conn, organisations: &[Id]) -> Result<Vec<PopulationRow>> {
    let mut found = Vec::new();
    // SQLite takes a bounded number of parameters.
    for some in organisations.chunks(10_000) {
        let rows = populations::table.filter(populations::organisation_id.eq_any(some.to_vec()));
        found.extend(rows.filter(populations::withdrawn_at.is_null()).load::<PopulationRow>(conn)?);
    }
    Ok(found)
}

/// Writes many new populations at once.
pub fn insert_many(conn: &mut Conn, rows: &[PopulationRow]) -> Result<()> {
    insert_all!(conn, populations::table, rows);
    Ok(())
}

/// Whose populations are asked for.
#[derive(Clone, Copy)]
pub struct Whose<'a> {
    /// None for all people.
    pub innovation: Option<(Id, &'a str)>,
    /// None for everybody, ungrouped.
    pub dimension: Option<Dimension>,
}

/// The populations counted by a day, by organisation.
pub fn counted(conn: &mut Conn, whose: Whose<'_>, by: NaiveDate) -> Result<HashMap<Id, Vec<Counted>>> {
    let groups: Vec<String> = match whose.dimension {
        None => vec![String::new()],
        Some(dimension) => PopulationGroup::of(dimension).map(|group| group.as_str().to_owned()).collect(),
    };
    let (innovation, indication) = whose.innovation.unwrap_or((Id::NONE, ""));
    let rows = populations::table
        .filter(populations::innovation_id.eq(innovation))
        .filter(populations::indication.eq(indication.to_owned()))
        .filter(populations::population_group.eq_any(groups))
        .filter(populations::counted_on.le(by))
        .filter(populations::withdrawn_at.is_null());
    let mut found: HashMap<Id, Vec<Counted>> = HashMap::new();
    for row in rows.load::<PopulationRow>(conn)? {
        found.entry(row.organisation_id).or_default().push(Counted {
            on: row.counted_on,
            kind: row.kind,
            edition: row.edition,
            group: PopulationGroup::parse(&row.population_group),
            value: row.value,
            qualifier: row.qualifier,
            basis: row.basis,
            illustrative: row.illustrative,
        });
    }
    Ok(found)
}

/// The rows with the names of what they are about.
pub fn named(conn: &mut Conn, rows: Vec<PopulationRow>) -> Result<Vec<Stored<Population>>> {
    let organisations = names(conn, rows.iter().map(|row| row.organisation_id))?;
    let meant: Vec<Id> = rows.iter().map(|row| row.innovation_id).filter(|id| *id != Id::NONE).collect();
    let innovations = innovations::store::names(conn, &meant)?;
    let named = |row: PopulationRow| {
        let (organisation, organisation_name) = organisations.of(row.organisation_id);
        let (innovation, innovation_name) = innovations.get(&row.innovation_id).cloned().unzip();
        Stored {
            added: PopulationAdded {
                id: row.id,
                organisation_name,
                innovation_name,
                withdrawn: Withdrawal::of(row.withdrawn_at, row.withdrawn_reason),
            },
            written: Population {
                organisation,
                kind: row.kind,
                on: row.counted_on,
                group: PopulationGroup::parse(&row.population_group),
                edition: DeprivationEdition::parse(&row.edition),
                innovation,
                indication: Some(row.indication).filter(|indication| !indication.is_empty()),
                value: row.value,
                qualifier: row.qualifier,
                basis: row.basis,
                source: row.source,
                illustrative: row.illustrative,
            },
            version: row.version,
            updated_at: row.updated_at,
        }
    };
    Ok(rows.into_iter().map(named).collect())
}
