//! Adoptions in the database.

use super::rules::{Adoption, AdoptionAdded, AdoptionStage, Barrier};
use crate::calendar::Until;
use crate::db::schema::{adoptions, innovations, organisations, programme_memberships};
use crate::db::{Conn, MultiBackend};
use crate::disclosure::rounded;
use crate::error::Result;
use crate::http::{CodeParam, Context, OneOf};
use crate::organisations::ops::referred;
use crate::organisations::store::below;
use crate::record::Stored;
use crate::transitions::rules::Move;
use crate::vocabulary::{Id, Words};
use crate::{narrow, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;
use std::collections::BTreeSet;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = adoptions, treat_none_as_null = true)]
pub struct AdoptionRow {
    pub id: Id,
    pub innovation_id: Id,
    pub organisation_id: Id,
    pub stage: AdoptionStage,
    /// When the present stage began.
    pub stage_on: NaiveDate,
    /// The stage that a paused adoption left.
    pub paused_from: Option<AdoptionStage>,
    /// The first day of use.
    pub using_from: Option<NaiveDate>,
    /// The day after the last day of use.
    pub using_to: Until,
    pub sites: Option<i64>,
    pub users: Option<i64>,
    pub patients: Option<i64>,
    pub decided_by: Option<String>,
    #[diesel(serialize_as = String, deserialize_as = String)]
    pub barriers: Words<Barrier>,
    pub illustrative: bool,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

impl AdoptionRow {
    pub fn new(context: &Context, new: Adoption, innovation: Id, organisation: Id) -> Self {
        let since = new.since.unwrap_or_else(|| context.today());
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            innovation_id: innovation,
            organisation_id: organisation,
            stage: new.stage,
            stage_on: since,
            paused_from: None,
            using_from: new.stage.is_use().then_some(since),
            using_to: Until::FURTHER_NOTICE,
            sites: new.sites,
            users: new.users,
            patients: new.patients,
            decided_by: new.decided_by,
            barriers: Words(new.barriers.into_iter().collect::<BTreeSet<_>>().into_iter().collect()),
            illustrative: new.illustrative,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The next version, with other facts.
    pub fn revised(self, context: &Context, new: Adoption) -> Self {
        let facts = Self::new(context, new, self.innovation_id, self.organisation_id);
        let Self { id, paused_from, using_from, using_to, version, created_at, .. } = self;
        Self { id, paused_from, using_from, using_to, version: version + 1, created_at, ..facts }
    }

    /// The next version, at another stage.
    pub fn moved(self, context: &Context, step: &Move<AdoptionStage>) -> Self {
        let (from, to, on) = (self.stage, step.to, step.effective_on);
        Self {
            stage: to,
            stage_on: on,
            paused_from: (to == AdoptionStage::Paused).then_some(from),
            using_from: self.using_from.or_else(|| to.is_use().then_some(on)),
            using_to: match (from.is_use(), to.is_use()) {
                (_, true) => Until::FURTHER_NOTICE,
                (true, false) => Some(on).into(),
                (false, false) => self.using_to,
            },
            version: self.version + 1,
            updated_at: context.now.naive_utc(),
            ..self
        }
    }
}

/// An adoption with its innovation and organisation, each by its key and name, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedAdoption {
    pub row: AdoptionRow,
    pub innovation: (String, String),
    pub organisation: (String, String),
}

impl NamedAdoption {
    pub fn adoption(&self) -> Adoption {
        let row = &self.row;
        Adoption {
            innovation: self.innovation.0.clone(),
            organisation: self.organisation.0.clone(),
            stage: row.stage,
            since: None,
            sites: row.sites,
            users: row.users,
            patients: row.patients,
            decided_by: row.decided_by.clone(),
            barriers: row.barriers.0.clone(),
            illustrative: row.illustrative,
        }
    }
}

impl NamedAdoption {
    /// The answer, with the count of patients as it is or as others may see it.
    pub fn stored(self, suppressed: bool) -> Stored<Adoption> {
        let mut written = self.adoption();
        if suppressed {
            written.patients = written.patients.and_then(|count| rounded(count, 1));
        }
        let (innovation_name, organisation_name) = (self.innovation.1, self.organisation.1);
        let AdoptionRow { id, stage_on, using_from, using_to, version, updated_at, .. } = self.row;
        let using_to = using_to.into();
        let added =
            AdoptionAdded { id, innovation_name, organisation_name, stage_on, using_from, using_to, suppressed };
        Stored { added, written, version, updated_at }
    }
}

type Columns = (
    <adoptions::table as Table>::AllColumns,
    (innovations::slug, innovations::name),
    (organisations::code, organisations::name),
);
type Query = dsl::IntoBoxed<'static, named, MultiBackend>;

sortable! { NamedAdoption, Query, key "id" => adoptions::id as Id;
    adoptions of |found| found.row => "updatedAt" updated_at, then id;
}

writable! { adoptions, AdoptionRow, "This organisation has an adoption of this innovation already." }

params! {
    /// What a list of adoptions may be narrowed to.
    pub struct ListAdoptions list of NamedAdoption {
        /// The slug of the innovation.
        innovation: CodeParam = "innovation",
        /// The code of the organisation.
        organisation: CodeParam = "organisation",
        /// The slug of a programme: adoptions of innovations that had joined it by the day of `usingOn`, or at any time without one.
        programme: CodeParam = "programme",
        /// The code of a place: adoptions by that organisation and by all below it today.
        place: CodeParam = "place",
        /// The present stage.
        stage: OneOf<AdoptionStage> = "stage",
        /// Adoptions in use on this day.
        using_on: NaiveDate = "usingOn",
    }
}

#[dsl::auto_type]
fn named() -> _ {
    let columns: Columns =
        (adoptions::all_columns, (innovations::slug, innovations::name), (organisations::code, organisations::name));
    adoptions::table.inner_join(innovations::table).inner_join(organisations::table).select(columns)
}

/// # Errors
/// `unknown-reference` for the innovation, the organisation or the place.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListAdoptions) -> Result<Query> {
    let mut query = named().into_boxed::<MultiBackend>();
    if let Some(place) = context.within() {
        query = query.filter(adoptions::organisation_id.eq_any(below(vec![place], context.today())));
    }
    if let Some(slug) = &asked.innovation {
        let innovation = crate::innovations::ops::referred(conn, "?innovation", &slug.0)?;
        query = query.filter(adoptions::innovation_id.eq(innovation));
    }
    if let Some(code) = &asked.organisation {
        query = query.filter(adoptions::organisation_id.eq(referred(conn, "?organisation", &code.0)?));
    }
    if let Some(programme) = &asked.programme {
        let last = asked.using_on.unwrap_or(Until::FURTHER_NOTICE.day());
        let members = programme_memberships::table
            .filter(programme_memberships::programme.eq(programme.0.to_ascii_lowercase()))
            .filter(crate::innovations::store::held_memberships())
            .filter(programme_memberships::from_on.le(last))
            .select(programme_memberships::innovation_id);
        query = query.filter(adoptions::innovation_id.eq_any(members));
    }
    narrow! { query, asked;
        place => adoptions::organisation_id.eq_any(below(vec![referred(conn, "?place", &place.0)?], context.today()));
        stage => adoptions::stage.eq_any(stage.0.clone());
        using_on => adoptions::using_from.le(*using_on).and(adoptions::using_to.gt(*using_on));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedAdoption>> {
    Ok(named().filter(adoptions::id.eq(id)).first(conn).optional()?)
}
