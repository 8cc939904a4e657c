//! Benefits in the database.

use super::rules::{Benefit, BenefitAdded, BenefitKind, DECIMALS, Figures};
use crate::calendar::{DayRange, Until};
use crate::db::schema::{benefits, innovations, organisations};
use crate::db::{Conn, MultiBackend};
use crate::decimal::to_f64;
use crate::error::Result;
use crate::http::{CodeParam, Context, OneOf};
use crate::organisations::ops::referred;
use crate::organisations::store::below;
use crate::record::Stored;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{narrow, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = benefits, treat_none_as_null = true)]
pub struct BenefitRow {
    pub id: Id,
    pub innovation_id: Id,
    pub programme: Option<String>,
    pub organisation_id: Option<Id>,
    pub kind: BenefitKind,
    pub unit: String,
    pub method: String,
    /// Empty where none is named.
    pub population: String,
    /// In hundredths, like the other figures.
    pub baseline: Option<i64>,
    pub claimed: i64,
    pub realised: Option<i64>,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub from_on: NaiveDate,
    /// The first day after it ends.
    pub to_on: Until,
    pub claimed_by: String,
    pub illustrative: bool,
    pub archived_at: Option<NaiveDateTime>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// What a benefit refers to, as the database names it.
pub struct References {
    pub innovation: Id,
    pub programme: Option<String>,
    pub organisation: Option<Id>,
}

impl BenefitRow {
    pub fn new(context: &Context, new: Benefit, figures: Figures, references: References) -> Self {
        let Figures { baseline, claimed, realised } = figures;
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            innovation_id: references.innovation,
            programme: references.programme,
            organisation_id: references.organisation,
            kind: new.kind,
            unit: new.kind.unit().map(str::to_owned).or(new.unit).unwrap_or_default(),
            method: new.method,
            population: new.population.unwrap_or_default(),
            baseline,
            claimed,
            realised,
            qualifier: new.qualifier,
            basis: new.basis,
            from_on: new.from,
            to_on: new.to.into(),
            claimed_by: context.actor.subject.clone(),
            illustrative: new.illustrative,
            archived_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    pub fn references(&self) -> References {
        let (programme, organisation) = (self.programme.clone(), self.organisation_id);
        References { innovation: self.innovation_id, programme, organisation }
    }

    /// The next version. Whoever changes the claim becomes its claimant, so that they cannot confirm it as well.
    pub fn revised(self, context: &Context, new: Benefit, figures: Figures, references: References) -> Self {
        let Self { id, version, created_at, .. } = self;
        let next = Self::new(context, new, figures, references);
        let claimed_by = if next.claimed == self.claimed { self.claimed_by } else { next.claimed_by };
        Self { id, claimed_by, version: version + 1, created_at, ..next }
    }

    /// The version that is in no list or report any more.
    pub fn archived(self, context: &Context) -> Self {
        let now = context.now.naive_utc();
        Self { archived_at: Some(now), version: self.version + 1, updated_at: now, ..self }
    }
}

/// A benefit with its innovation and organisation, each by its key and name, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedBenefit {
    pub row: BenefitRow,
    pub innovation: (String, String),
    pub organisation: Option<(String, String)>,
}

impl NamedBenefit {
    pub fn benefit(&self) -> Benefit {
        let row = &self.row;
        let figure = |hundredths| to_f64(hundredths, DECIMALS);
        Benefit {
            innovation: self.innovation.0.clone(),
            programme: row.programme.clone(),
            organisation: self.organisation.as_ref().map(|(code, _)| code.clone()),
            kind: row.kind,
            unit: Some(row.unit.clone()),
            method: row.method.clone(),
            population: Some(row.population.clone()).filter(|name| !name.is_empty()),
            baseline: row.baseline.map(figure),
            claimed: figure(row.claimed),
            realised: row.realised.map(figure),
            qualifier: row.qualifier,
            basis: row.basis,
            from: row.from_on,
            to: row.to_on.into(),
            illustrative: row.illustrative,
        }
    }
}

impl From<NamedBenefit> for Stored<Benefit> {
    fn from(found: NamedBenefit) -> Self {
        let written = found.benefit();
        let organisation_name = found.organisation.map(|(_, name)| name);
        let BenefitRow { id, claimed_by, version, updated_at, .. } = found.row;
        let added = BenefitAdded { id, innovation_name: found.innovation.1, organisation_name, claimed_by };
        Self { added, written, version, updated_at }
    }
}

type Columns = (
    <benefits::table as Table>::AllColumns,
    (innovations::slug, innovations::name),
    dsl::Nullable<(organisations::code, organisations::name)>,
);
type Query = dsl::IntoBoxed<'static, named, MultiBackend>;

sortable! { NamedBenefit, Query, key "id" => benefits::id as Id;
    benefits of |found| found.row => "from" from_on, "updatedAt" updated_at, then id;
}

writable! { benefits, BenefitRow }

params! {
    /// What a list of benefits may be narrowed to.
    pub struct ListBenefits list of NamedBenefit {
        /// The slug of the innovation.
        innovation: CodeParam = "innovation",
        /// The slug of the programme.
        programme: CodeParam = "programme",
        /// The code of the organisation that had the benefits.
        organisation: CodeParam = "organisation",
        /// The code of a place: benefits that organisation and all below it today had.
        place: CodeParam = "place",
        /// The kind of benefit.
        kind: OneOf<BenefitKind> = "kind",
        /// The name of the population that the claims are about.
        population: CodeParam = "population",
        /// Benefits that last to this day or later.
        from: NaiveDate = "from",
        /// Benefits that began on this day or earlier.
        to: NaiveDate = "to",
    }
}

#[dsl::auto_type]
fn named() -> _ {
    let columns: Columns = (
        benefits::all_columns,
        (innovations::slug, innovations::name),
        (organisations::code, organisations::name).nullable(),
    );
    let joined = benefits::table.inner_join(innovations::table).left_join(organisations::table);
    joined.select(columns).filter(benefits::archived_at.is_null())
}

/// # Errors
/// `unknown-reference` for the innovation, the organisation or the place.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListBenefits) -> Result<Query> {
    let mut query = named().into_boxed::<MultiBackend>();
    if let Some(place) = context.within() {
        let inside = below(vec![place], context.today());
        query = query.filter(benefits::organisation_id.assume_not_null().eq_any(inside));
    }
    if let Some(slug) = &asked.innovation {
        let innovation = crate::innovations::ops::referred(conn, "?innovation", &slug.0)?;
        query = query.filter(benefits::innovation_id.eq(innovation));
    }
    narrow! { query, asked;
        programme => benefits::programme.eq(programme.0.to_ascii_lowercase());
        organisation => benefits::organisation_id.eq(referred(conn, "?organisation", &organisation.0)?);
    }
    if let Some(code) = &asked.place {
        let there = below(vec![referred(conn, "?place", &code.0)?], context.today());
        query = query.filter(benefits::organisation_id.assume_not_null().eq_any(there));
    }
    narrow! { query, asked;
        kind => benefits::kind.eq_any(kind.0.clone());
        population => benefits::population.eq(population.0.clone());
    }
    let days = DayRange::new(asked.from, asked.to, "?")?;
    narrow! { query, days;
        from => benefits::to_on.gt(*from);
        to => benefits::from_on.le(*to);
    }
    Ok(query)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedBenefit>> {
    Ok(named().filter(benefits::id.eq(id)).first(conn).optional()?)
}
