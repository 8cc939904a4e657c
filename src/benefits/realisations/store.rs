//! Figures that were achieved in the database.

use super::rules::{Counted, Realisation, RealisationAdded};
use crate::benefits::kinds::{BenefitKind, SavingClass};
use crate::benefits::rules::{DECIMALS, RealisedYear, first_day, year_of};
use crate::benefits::store::NamedBenefit;
use crate::calendar::Until;
use crate::db::schema::{benefit_realisations, benefits};
use crate::db::{Conn, MultiBackend};
use crate::decimal::to_f64;
use crate::disclosure::rounded;
use crate::error::{Error, Result};
use crate::http::{CodeParam, Context, OneOf};
use crate::organisations::edges::rules::Withdrawal;
use crate::organisations::ops::referred;
use crate::organisations::store::below;
use crate::record::Stored;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{narrow, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = benefit_realisations, treat_none_as_null = true)]
pub struct RealisationRow {
    pub id: Id,
    pub benefit_id: Id,
    /// The first day of the financial year.
    pub year_on: NaiveDate,
    /// The last day that was counted.
    pub counted_to: NaiveDate,
    /// In hundredths.
    pub figure: i64,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub source: Option<String>,
    pub illustrative: bool,
    pub confirmed_by: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub withdrawn_at: Option<NaiveDateTime>,
    pub withdrawn_reason: Option<String>,
}

impl RealisationRow {
    pub fn new(context: &Context, benefit: Id, new: Realisation, counted: Counted) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            benefit_id: benefit,
            year_on: counted.year,
            counted_to: counted.to,
            figure: counted.figure,
            qualifier: new.qualifier,
            basis: new.basis,
            source: new.source,
            illustrative: new.illustrative,
            confirmed_by: context.actor.subject.clone(),
            version: 1,
            created_at: now,
            updated_at: now,
            withdrawn_at: None,
            withdrawn_reason: None,
        }
    }

    /// The same, taken back as a mistake.
    pub fn withdrawn(self, context: &Context, reason: String) -> Self {
        let now = context.now.naive_utc();
        Self {
            withdrawn_at: Some(now),
            withdrawn_reason: Some(reason),
            version: self.version + 1,
            updated_at: now,
            ..self
        }
    }

    /// The figure, as it is or as others may see a count of patients.
    fn shown(&self, suppressed: bool) -> Option<f64> {
        let figure = if suppressed { rounded(self.figure, 100) } else { Some(self.figure) };
        figure.map(|hundredths| to_f64(hundredths, DECIMALS))
    }

    /// What a claim says of it.
    pub fn year(&self, suppressed: bool) -> RealisedYear {
        RealisedYear {
            financial_year: year_of(self.year_on),
            figure: self.shown(suppressed),
            qualifier: self.qualifier,
            basis: self.basis,
            counted_to: self.counted_to,
            illustrative: self.illustrative,
        }
    }

    /// The answer. `suppressed` is whether the reader may not see counts of patients of the claim as they are, `invented` whether the claim
    /// rests on what is illustrative.
    pub fn stored(self, of: &NamedBenefit, suppressed: bool, invented: bool) -> Stored<Realisation> {
        let suppressed = suppressed && of.row.kind.is_of_patients();
        let figure = self.shown(suppressed);
        Stored {
            added: RealisationAdded {
                id: self.id,
                benefit: self.benefit_id,
                innovation: of.innovation.0.clone(),
                programme: of.row.programme.clone(),
                organisation: of.organisation.as_ref().map(|(code, _)| code.clone()),
                kind: of.row.kind,
                class: of.row.class,
                unit: of.row.unit.clone(),
                confirmed_by: self.confirmed_by,
                withdrawn: Withdrawal::of(self.withdrawn_at, self.withdrawn_reason),
                suppressed,
                rests_on_illustrative: self.illustrative || invented,
            },
            written: Realisation {
                financial_year: year_of(self.year_on),
                figure,
                qualifier: self.qualifier,
                basis: self.basis,
                counted_to: Some(self.counted_to),
                source: self.source,
                illustrative: self.illustrative,
            },
            version: self.version,
            updated_at: self.updated_at,
        }
    }
}

/// Of rows in the order of their days, the last of each claim and year.
pub fn last_of_each(rows: Vec<RealisationRow>) -> Vec<RealisationRow> {
    let mut last: Vec<RealisationRow> = Vec::new();
    for row in rows {
        match last.last_mut() {
            Some(before) if (before.benefit_id, before.year_on) == (row.benefit_id, row.year_on) => *before = row,
            _ => last.push(row),
        }
    }
    last
}

/// What was last confirmed of these claims for each year.
pub fn latest(conn: &mut Conn, claims: &[Id]) -> Result<Vec<RealisationRow>> {
    in_force(conn, claims, Until::FURTHER_NOTICE.day())
}

/// What was last counted by a day of these claims for each year.
pub fn in_force(conn: &mut Conn, claims: &[Id], by: NaiveDate) -> Result<Vec<RealisationRow>> {
    let rows = benefit_realisations::table
        .filter(benefit_realisations::benefit_id.eq_any(claims.to_vec()))
        .filter(benefit_realisations::withdrawn_at.is_null())
        .filter(benefit_realisations::counted_to.le(by))
        .order_by((benefit_realisations::benefit_id, benefit_realisations::year_on, benefit_realisations::counted_to));
    Ok(last_of_each(rows.load(conn)?))
}

/// Figures of claims that stand: only what every side accepted is realised, and that everybody may see.
#[dsl::auto_type]
fn of_standing() -> _ {
    let columns: <benefit_realisations::table as Table>::AllColumns = benefit_realisations::all_columns;
    let joined = benefit_realisations::table.inner_join(benefits::table);
    joined.select(columns).filter(benefits::archived_at.is_null())
}

type Query = dsl::IntoBoxed<'static, of_standing, MultiBackend>;

sortable! { RealisationRow, Query, key "id" => benefit_realisations::id as Id;
    benefit_realisations of |row| row => "countedTo" counted_to, "updatedAt" updated_at, then id;
}

writable! { benefit_realisations, RealisationRow }

params! {
    /// What a list of realised figures may be narrowed to.
    pub struct ListBenefitRealisations list of RealisationRow {
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
        /// The class of saving.
        class: OneOf<SavingClass> = "class",
        /// A financial year, such as 2023-24.
        year: CodeParam = "year",
        /// The figures that were in force on this day: for each claim and year the last that was counted by it.
        as_of: NaiveDate = "asOf",
        /// Whether they were taken back as mistakes. Default: false.
        withdrawn: bool = "withdrawn",
    }
}

diesel::alias!(benefit_realisations as later_figures: LaterFigures);

/// # Errors
/// `unknown-reference`, `validation-failed` for what is no financial year.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListBenefitRealisations) -> Result<Query> {
    let mut query = of_standing().into_boxed::<MultiBackend>();
    let asked_place = asked.place.as_ref().map(|code| referred(conn, "?place", &code.0)).transpose()?;
    for place in context.within().into_iter().chain(asked_place) {
        let inside = below(vec![place], context.today());
        query = query.filter(benefits::organisation_id.assume_not_null().eq_any(inside));
    }
    narrow! { query, asked;
        innovation => benefits::innovation_id.eq(crate::innovations::ops::referred(conn, "?innovation", &innovation.0)?);
        programme => benefits::programme.eq(programme.0.to_ascii_lowercase());
        organisation => benefits::organisation_id.eq(referred(conn, "?organisation", &organisation.0)?);
        kind => benefits::kind.eq_any(kind.0.clone());
        class => benefits::class.assume_not_null().eq_any(class.0.clone());
        year => benefit_realisations::year_on.eq(first_day("?year", &year.0).map_err(Error::from)?);
    }
    query = if asked.withdrawn.unwrap_or_default() {
        query.filter(benefit_realisations::withdrawn_at.is_not_null())
    } else {
        query.filter(benefit_realisations::withdrawn_at.is_null())
    };
    if let Some(day) = asked.as_of {
        let superseded = later_figures
            .filter(later_figures.field(benefit_realisations::benefit_id).eq(benefit_realisations::benefit_id))
            .filter(later_figures.field(benefit_realisations::year_on).eq(benefit_realisations::year_on))
            .filter(later_figures.field(benefit_realisations::withdrawn_at).is_null())
            .filter(later_figures.field(benefit_realisations::counted_to).gt(benefit_realisations::counted_to))
            .filter(later_figures.field(benefit_realisations::counted_to).le(day));
        query = query.filter(benefit_realisations::counted_to.le(day));
        query = query.filter(dsl::not(dsl::exists(superseded)));
    }
    Ok(query)
}

/// The figures of one claim, those that were taken back too.
pub fn of_claim(claim: Id) -> Query {
    of_standing().filter(benefit_realisations::benefit_id.eq(claim)).into_boxed()
}

pub fn find(conn: &mut Conn, claim: Id, id: Id) -> Result<Option<RealisationRow>> {
    Ok(of_claim(claim).filter(benefit_realisations::id.eq(id)).first(conn).optional()?)
}

/// Whether a figure of the claim that stands was counted to the same day.
pub fn is_counted_to(conn: &mut Conn, claim: Id, day: NaiveDate) -> Result<bool> {
    let same = of_claim(claim)
        .filter(benefit_realisations::withdrawn_at.is_null())
        .filter(benefit_realisations::counted_to.eq(day));
    Ok(same.select(benefit_realisations::id).first::<Id>(conn).optional()?.is_some())
}
