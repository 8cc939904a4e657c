//! Eligibility in the database.

use super::rules::{Eligibility, EligibilityAdded};
use crate::calendar::Span;
use crate::db::schema::eligibility;
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::http::{CodeParam, Context};
use crate::innovations;
use crate::organisations::edges::rules::Withdrawal;
use crate::organisations::effects::{EffectKind, records_of};
use crate::organisations::ops::referred;
use crate::organisations::rules::OrganisationType;
use crate::organisations::store::names;
use crate::record::Stored;
use crate::vocabulary::Id;
use crate::{narrow, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = eligibility, treat_none_as_null = true)]
pub struct EligibilityRow {
    pub id: Id,
    pub innovation_id: Id,
    /// Empty for every use of the innovation.
    pub indication: String,
    pub organisation_id: Option<Id>,
    pub place_id: Option<Id>,
    pub kind: Option<OrganisationType>,
    pub eligible: bool,
    pub from_on: NaiveDate,
    pub to_on: NaiveDate,
    pub source: Option<String>,
    pub illustrative: bool,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub withdrawn_at: Option<NaiveDateTime>,
    pub withdrawn_reason: Option<String>,
}

impl EligibilityRow {
    /// Whether it says the same of an innovation, on whatever days.
    pub fn says_as(&self, other: &Self) -> bool {
        let says = |row: &Self| (row.innovation_id, row.indication.clone(), row.eligible);
        says(self) == says(other)
    }

    pub fn new(
        context: &Context,
        new: Eligibility,
        innovation_id: Id,
        (organisation_id, place_id): (Option<Id>, Option<Id>),
        span: Span,
    ) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            innovation_id,
            indication: new.indication.unwrap_or_default(),
            organisation_id,
            place_id,
            kind: new.kind,
            eligible: new.eligible,
            from_on: span.from,
            to_on: span.to,
            source: new.source,
            illustrative: new.illustrative,
            version: 1,
            created_at: now,
            updated_at: now,
            withdrawn_at: None,
            withdrawn_reason: None,
        }
    }

    pub fn span(&self) -> Span {
        Span { from: self.from_on, to: self.to_on }
    }
}

type Rows = eligibility::BoxedQuery<'static, MultiBackend>;

sortable! { EligibilityRow, Rows, key "id" => eligibility::id as Id;
    eligibility of |row| row => "from" from_on, "updatedAt" updated_at, then id;
}

writable! { eligibility, EligibilityRow }

params! {
    /// What the eligibility of an innovation may be narrowed to.
    pub struct ListEligibility list of EligibilityRow {
        /// The code of an organisation: rows about it alone.
        organisation: CodeParam = "organisation",
        /// The indication that they are about.
        indication: CodeParam = "indication",
        /// Rows that hold on this day.
        active_on: NaiveDate = "activeOn",
        /// Whether they were taken back as mistakes. Default: false.
        withdrawn: bool = "withdrawn",
    }
}

/// # Errors
/// `unknown-reference` for the organisation.
pub fn list(conn: &mut Conn, innovation: Id, asked: &ListEligibility) -> Result<Rows> {
    let mut query = eligibility::table.filter(eligibility::innovation_id.eq(innovation)).into_boxed::<MultiBackend>();
    query = if asked.withdrawn.unwrap_or_default() {
        query.filter(eligibility::withdrawn_at.is_not_null())
    } else {
        query.filter(eligibility::withdrawn_at.is_null())
    };
    narrow! { query, asked;
        organisation => eligibility::organisation_id.eq(referred(conn, "?organisation", &organisation.0)?);
        indication => eligibility::indication.eq(indication.0.to_ascii_lowercase());
        active_on => eligibility::from_on.le(*active_on).and(eligibility::to_on.gt(*active_on));
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, innovation: Id, id: Id) -> Result<Option<EligibilityRow>> {
    let row = eligibility::table.find(id).filter(eligibility::innovation_id.eq(innovation));
    Ok(row.first(conn).optional()?)
}

pub fn get(conn: &mut Conn, id: Id) -> Result<EligibilityRow> {
    Ok(eligibility::table.find(id).first(conn)?)
}

/// The rows that stand of an innovation, for an indication or for any.
pub fn standing(conn: &mut Conn, innovation: Id, indication: Option<&str>) -> Result<Vec<EligibilityRow>> {
    let mut rows = eligibility::table
        .filter(eligibility::innovation_id.eq(innovation))
        .filter(eligibility::withdrawn_at.is_null())
        .order_by(eligibility::id)
        .into_boxed::<MultiBackend>();
    if let Some(indication) = indication {
        rows = rows.filter(eligibility::indication.eq_any([String::new(), indication.to_owned()]));
    }
    Ok(rows.load(conn)?)
}

/// The rows about an organisation alone that stand, and hold beyond a day.
pub fn lasting(conn: &mut Conn, organisation: Id, beyond: NaiveDate) -> Result<Vec<EligibilityRow>> {
    let rows = eligibility::table.filter(eligibility::organisation_id.eq(organisation));
    let standing = rows.filter(eligibility::withdrawn_at.is_null()).filter(eligibility::to_on.gt(beyond));
    Ok(standing.order_by(eligibility::id).load(conn)?)
}

/// The rows that a succession gave its heir, taken back ones too.
pub fn given(conn: &mut Conn, act: Id) -> Result<Vec<EligibilityRow>> {
    let given = eligibility::id.eq_any(records_of(act, EffectKind::EligibilityBegun));
    Ok(eligibility::table.filter(given).order_by(eligibility::id).load(conn)?)
}

/// The rows with the names of what they are about.
pub fn named(conn: &mut Conn, rows: Vec<EligibilityRow>) -> Result<Vec<Stored<Eligibility>>> {
    let names = names(conn, rows.iter().filter_map(|row| row.organisation_id.or(row.place_id)))?;
    let slugs = innovations::store::names(conn, &rows.iter().map(|row| row.innovation_id).collect::<Vec<_>>())?;
    let named = |row: EligibilityRow| {
        let (from, to) = row.span().ends();
        let code = |id: Option<Id>| id.map(|id| names.of(id).0);
        let organisation_name = row.organisation_id.or(row.place_id).map(|id| names.of(id).1).unwrap_or_default();
        Stored {
            added: EligibilityAdded {
                id: row.id,
                innovation: slugs.get(&row.innovation_id).map(|(slug, _)| slug.clone()).unwrap_or_default(),
                organisation_name,
                withdrawn: Withdrawal::of(row.withdrawn_at, row.withdrawn_reason),
            },
            written: Eligibility {
                indication: Some(row.indication).filter(|indication| !indication.is_empty()),
                organisation: code(row.organisation_id),
                place: code(row.place_id),
                kind: row.kind,
                eligible: row.eligible,
                from,
                to,
                source: row.source,
                illustrative: row.illustrative,
            },
            version: row.version,
            updated_at: row.updated_at,
        }
    };
    Ok(rows.into_iter().map(named).collect())
}
