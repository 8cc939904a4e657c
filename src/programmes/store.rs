//! Programmes in the database.

use super::rules::{Programme, ProgrammeAdded, ProgrammeKind};
use crate::access::Operation;
use crate::db::dialect::{self, SearchTerms};
use crate::db::schema::{programme_partners, programmes};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Context, OneOf};
use crate::record::Stored;
use crate::transitions::links::LinkState;
use crate::vocabulary::{Id, fold, instant};
use crate::{narrow, one_of, organisations, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = programmes, treat_none_as_null = true)]
pub struct ProgrammeRow {
    pub id: Id,
    pub slug: String,
    pub name: String,
    pub sort_name: String,
    pub kind: ProgrammeKind,
    pub summary: String,
    pub starts_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
    pub website: Option<String>,
    pub illustrative: bool,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub attribution_months: i32,
}

impl ProgrammeRow {
    pub fn new(context: &Context, new: Programme) -> Self {
        let (sort_name, search_text) = (fold(&new.name), new.search_text());
        let Programme { slug, name, kind, summary, starts_on, ends_on, website, attribution_months, illustrative } =
            new;
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            slug,
            name,
            sort_name,
            kind,
            summary,
            starts_on,
            ends_on,
            website,
            illustrative,
            search_text,
            version: 1,
            created_at: now,
            updated_at: now,
            attribution_months,
        }
    }

    pub fn programme(&self) -> Programme {
        Programme {
            slug: self.slug.clone(),
            name: self.name.clone(),
            kind: self.kind,
            summary: self.summary.clone(),
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            website: self.website.clone(),
            attribution_months: self.attribution_months,
            illustrative: self.illustrative,
        }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: Programme) -> Self {
        Self { id: self.id, version: self.version + 1, created_at: self.created_at, ..Self::new(context, new) }
    }
}

impl From<ProgrammeRow> for Stored<Programme> {
    fn from(row: ProgrammeRow) -> Self {
        let added = ProgrammeAdded { created_at: instant(row.created_at) };
        Self { added, written: row.programme(), version: row.version, updated_at: row.updated_at }
    }
}

type Query = programmes::BoxedQuery<'static, MultiBackend>;

sortable! { ProgrammeRow, Query, key "slug" => programmes::slug as Slug;
    programmes of |row| row => "name" sort_name, "slug" slug, "updatedAt" updated_at, then id;
}

params! {
    /// What a list of programmes may be narrowed to.
    pub struct ListProgrammes list of ProgrammeRow {
        /// Searches the slug, name and summary. Put a phrase in quotation marks.
        q: SearchTerms = "q",
        /// The kind of programme.
        kind: OneOf<ProgrammeKind> = "kind",
        /// The code of an organisation that is a partner today.
        partner: CodeParam = "partner",
        /// The code of an organisation that you act for: programmes that it was proposed for as a partner.
        proposed_partner: CodeParam = "proposedPartner",
    }
}

/// # Errors
/// `unknown-reference` for the partner.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListProgrammes) -> Result<Query> {
    let mut query = programmes::table.into_boxed::<MultiBackend>();
    narrow! { query, asked;
        q => dialect::matches(conn, "programmes", q)?;
        kind => one_of!(programmes::kind, kind.0.clone());
    }
    if let Some(code) = &asked.partner {
        let (partner, today) = (organisations::store::referred(conn, "?partner", &code.0)?, context.today());
        let carried = programme_partners::table
            .filter(programme_partners::organisation_id.eq(partner))
            .filter(held_partners())
            .filter(programme_partners::from_on.le(today))
            .filter(programme_partners::to_on.gt(today))
            .select(programme_partners::programme);
        query = query.filter(programmes::slug.eq_any(carried));
    }
    if let Some(code) = &asked.proposed_partner {
        let partner = organisations::store::referred(conn, "?proposedPartner", &code.0)?;
        let reach = context.actor.reach(Operation::transition_programme_partner);
        let kept = organisations::ops::covers_organisation(conn, context, &reach, partner)?;
        let proposed = programme_partners::table
            .filter(programme_partners::organisation_id.eq_any(kept.then_some(partner)))
            .filter(programme_partners::state.eq(LinkState::Proposed))
            .select(programme_partners::programme);
        query = query.filter(programmes::slug.eq_any(proposed));
    }
    Ok(query)
}

/// Partnerships that both ends agreed to: no other is counted or listed.
pub fn held_partners() -> HeldPartners {
    let begun = programme_partners::to_on.gt(programme_partners::from_on);
    programme_partners::state.eq_any(LinkState::HELD).and(begun)
}

type HeldPartners = dsl::And<
    dsl::EqAny<programme_partners::state, [LinkState; 2]>,
    dsl::Gt<programme_partners::to_on, programme_partners::from_on>,
>;

pub fn find(conn: &mut Conn, slug: &str) -> Result<Option<ProgrammeRow>> {
    Ok(programmes::table.filter(programmes::slug.eq(slug)).first(conn).optional()?)
}

writable! { programmes, ProgrammeRow, "There is a programme with this slug already." }
