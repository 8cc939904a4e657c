//! Benefits in the database.

use super::kinds::{BenefitKind, Costs, CountedBy, Counts, Depth, KeptBy, Recurrence, SavingClass};
use super::rules::{
    Benefit, BenefitAdded, BenefitSide, DECIMALS, Extent, Figures, Monetised, PresentValue, RealisedYear, Side,
    SideState, first_day, year_of,
};
use crate::access::{Operation, ReachParts};
use crate::calendar::{DayRange, Period, PeriodType, Span, Until};
use crate::db::dialect::Condition;
use crate::db::schema::{benefit_sides, benefits, innovations, organisations, programmes};
use crate::db::{Conn, Keep, MultiBackend};
use crate::decimal::to_f64;
use crate::disclosure::rounded;
use crate::error::{Error, Result};
use crate::http::{CodeParam, Context, OneOf};
use crate::organisations::ops::referred;
use crate::organisations::store::below;
use crate::record::Stored;
use crate::vocabulary::{Basis, Id, Qualifier};
use crate::{narrow, one_of, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;
use std::collections::HashSet;

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
    pub claimed_from: Side,
    /// The organisation that the claimant belongs to; none in claims from before that was known.
    pub claimed_by_body: Option<Id>,
    /// Whether every side accepted it.
    pub counted: bool,
    pub replaces: Option<Id>,
    pub class: Option<SavingClass>,
    pub kept_by: Option<KeptBy>,
    pub costs: Option<Costs>,
    pub recurrence: Recurrence,
    /// The first day of the financial year, like the other years.
    pub price_year: Option<NaiveDate>,
    /// The claim that a saving puts into money.
    pub monetises: Option<Id>,
    pub unit_cost_minor: Option<i64>,
    pub unit_cost_source: Option<String>,
    pub present_value: Option<i64>,
    /// In hundredths of one per cent.
    pub present_rate: Option<i64>,
    pub present_year: Option<NaiveDate>,
    pub counts: Option<Counts>,
    pub counted_by: Option<CountedBy>,
    pub depth: Option<Depth>,
    pub new_in_period: bool,
    /// The claim that holds this one.
    pub counted_within: Option<Id>,
    pub source: Option<String>,
    pub stated_on: Option<NaiveDate>,
}

/// A side of a benefit.
#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = benefit_sides, treat_none_as_null = true)]
pub struct SideRow {
    pub id: Id,
    pub benefit_id: Id,
    pub side: Side,
    pub state: SideState,
    pub decided_by: Option<String>,
    pub decided_on: Option<NaiveDate>,
}

impl SideRow {
    /// The side once somebody said something of the claim.
    pub fn decided(self, context: &Context, state: SideState, on: NaiveDate) -> Self {
        Self { state, decided_by: Some(context.actor.subject.clone()), decided_on: Some(on), ..self }
    }
}

/// What a benefit refers to, as the database names it.
#[derive(Clone, PartialEq, Eq)]
pub struct References {
    pub innovation: Id,
    pub programme: Option<String>,
    pub organisation: Option<Id>,
}

impl References {
    /// The sides that are named.
    pub fn sides(&self) -> Vec<Side> {
        let programme = self.programme.as_ref().map(|_| Side::Programme);
        let organisation = self.organisation.map(|_| Side::Organisation);
        programme.into_iter().chain(organisation).chain([Side::Innovation]).collect()
    }
}

impl BenefitRow {
    pub fn new(context: &Context, new: Benefit, figures: Figures, references: References, claimed_from: Side) -> Self {
        let (monetises, unit_cost_source) = new.monetises.map(|behind| (behind.benefit, behind.source)).unzip();
        let people = (new.kind == BenefitKind::PatientsReached).then_some(Counts::Persons);
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
            baseline: figures.baseline,
            claimed: figures.claimed,
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
            claimed_from,
            claimed_by_body: context.actor.body,
            counted: false,
            replaces: new.replaces,
            class: new.class,
            kept_by: new.kept_by,
            costs: new.costs,
            recurrence: new.recurrence,
            price_year: figures.price_year,
            monetises,
            unit_cost_minor: figures.unit_cost,
            unit_cost_source,
            present_value: figures.present_value,
            present_rate: figures.present_rate,
            present_year: figures.present_year,
            counts: new.counts.or(people),
            counted_by: new.counted_by,
            depth: new.depth,
            new_in_period: new.new_in_period,
            counted_within: new.counted_within,
            source: new.source,
            stated_on: new.stated_on,
        }
    }

    pub fn extent(&self) -> Extent {
        let period = Span { from: self.from_on, to: self.to_on.day() };
        let Self { kind, class, counts, claimed, qualifier, .. } = *self;
        Extent { innovation: self.innovation_id, kind, class, counts, period, claimed, qualifier }
    }

    pub fn references(&self) -> References {
        let (programme, organisation) = (self.programme.clone(), self.organisation_id);
        References { innovation: self.innovation_id, programme, organisation }
    }

    /// The next version, of which whoever changes it is the claimant.
    pub fn revised(
        self,
        context: &Context,
        new: Benefit,
        figures: Figures,
        references: References,
        claimed_from: Side,
    ) -> Self {
        let Self { id, version, created_at, .. } = self;
        let next = Self::new(context, new, figures, references, claimed_from);
        Self { id, version: version + 1, created_at, ..next }
    }

    /// The next version, in which the claim is as it was.
    pub fn touched(self, context: &Context) -> Self {
        Self { version: self.version + 1, updated_at: context.now.naive_utc(), ..self }
    }

    /// The version that is in no list or report any more.
    pub fn archived(self, context: &Context) -> Self {
        Self { archived_at: Some(context.now.naive_utc()), ..self.touched(context) }
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
            claimed: (row.class != Some(SavingClass::Qualitative)).then(|| figure(row.claimed)),
            qualifier: row.qualifier,
            basis: row.basis,
            from: row.from_on,
            to: row.to_on.into(),
            replaces: row.replaces,
            source: row.source.clone(),
            stated_on: row.stated_on,
            class: row.class,
            kept_by: row.kept_by,
            costs: row.costs,
            recurrence: row.recurrence,
            price_year: row.price_year.map(year_of),
            monetises: row.monetises.zip(row.unit_cost_minor).map(|(benefit, cost)| Monetised {
                benefit,
                unit_cost: figure(cost),
                source: row.unit_cost_source.clone().unwrap_or_default(),
            }),
            present_value: row.present_value.zip(row.present_year).map(|(value, year)| PresentValue {
                value: figure(value),
                rate: figure(row.present_rate.unwrap_or_default()),
                base_year: year_of(year),
            }),
            counts: row.counts,
            counted_by: row.counted_by,
            depth: row.depth,
            new_in_period: row.new_in_period,
            counted_within: row.counted_within,
            illustrative: row.illustrative,
        }
    }
}

impl NamedBenefit {
    /// The answer, with figures of patients as they are or as others may see them. `invented` is whether it rests on what is illustrative.
    pub fn stored(
        self,
        sides: Vec<SideRow>,
        realised: Vec<RealisedYear>,
        suppressed: bool,
        invented: bool,
    ) -> Stored<Benefit> {
        let mut written = self.benefit();
        let suppressed = suppressed && self.row.kind.is_of_patients();
        if suppressed {
            let shown = |hundredths| Some(to_f64(rounded(hundredths, 100)?, DECIMALS));
            written.claimed = Some(self.row.claimed).and_then(shown);
            written.baseline = self.row.baseline.and_then(shown);
        }
        let organisation_name = self.organisation.map(|(_, name)| name);
        let BenefitRow { id, claimed_by, claimed_from, counted, version, updated_at, .. } = self.row;
        let said = |side: SideRow| BenefitSide {
            side: side.side,
            state: side.state,
            by: side.decided_by,
            on: side.decided_on,
        };
        let sides = sides.into_iter().map(said).collect();
        let innovation_name = self.innovation.1;
        let added = BenefitAdded {
            id,
            innovation_name,
            organisation_name,
            claimed_by,
            claimed_from,
            sides,
            counted,
            realised,
            suppressed,
            rests_on_illustrative: invented,
        };
        Stored { added, written, version, updated_at }
    }
}

type Columns = (
    <benefits::table as Table>::AllColumns,
    (innovations::slug, innovations::name),
    dsl::Nullable<(organisations::code, organisations::name)>,
);
type Source =
    dsl::LeftJoinQuerySource<dsl::InnerJoinQuerySource<benefits::table, innovations::table>, organisations::table>;
type Query = dsl::IntoBoxed<'static, named, MultiBackend>;

sortable! { NamedBenefit, Query, key "id" => benefits::id as Id;
    benefits of |found| found.row => "from" from_on, "updatedAt" updated_at, then id;
}

writable! { benefits, BenefitRow }

/// The sides of these benefits.
pub fn sides(conn: &mut Conn, ids: &[Id]) -> Result<Vec<SideRow>> {
    let those = benefit_sides::table.filter(benefit_sides::benefit_id.eq_any(ids));
    Ok(those.order_by((benefit_sides::benefit_id, benefit_sides::side)).load(conn)?)
}

/// Writes a new side, or over the one that was there.
pub fn keep_side(conn: &mut Conn, row: &SideRow) -> Result<()> {
    if diesel::update(benefit_sides::table.find(row.id)).set(row).execute_kept(conn)? == 0 {
        diesel::insert_into(benefit_sides::table).values(row.clone()).execute_kept(conn)?;
    }
    Ok(())
}

/// Removes a side that the claim no longer names.
pub fn remove_side(conn: &mut Conn, id: Id) -> Result<()> {
    diesel::delete(benefit_sides::table.find(id)).execute_kept(conn)?;
    Ok(())
}

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
        /// The class of saving.
        class: OneOf<SavingClass> = "class",
        /// What counts of patients count.
        counts: OneOf<Counts> = "counts",
        /// A financial year, such as 2023-24: claims that are stated for it.
        year: CodeParam = "year",
        /// The name of the population that the claims are about.
        population: CodeParam = "population",
        /// Whether every side accepted the claim, so that reports count it.
        counted: bool = "counted",
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

/// Benefits that the caller may see: those that count, and claims that they made or that name a side of theirs.
fn visible(context: &Context) -> Query {
    let all = named().into_boxed::<MultiBackend>();
    let reach = context.actor.reach(Operation::transition_benefit_side).into_parts();
    let ReachParts { everything, organisations, programmes, innovations, .. } = reach;
    if everything {
        return all;
    }
    let own: Condition<Source> = Box::new(
        benefits::counted
            .eq(true)
            .or(benefits::claimed_by.eq(context.actor.subject.clone()))
            .or(benefits::programme.assume_not_null().eq_any(programmes.clone()))
            .or(innovations::keeper.assume_not_null().eq_any(programmes))
            .or(benefits::organisation_id.assume_not_null().eq_any(below(organisations, context.today())))
            .or(benefits::innovation_id.eq_any(innovations)),
    );
    all.filter(own)
}

/// # Errors
/// `unknown-reference` for the innovation, the organisation or the place.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListBenefits) -> Result<Query> {
    let mut query = visible(context);
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
        counted => benefits::counted.eq(*counted);
        class => one_of!(benefits::class.assume_not_null(), class.0.clone());
        counts => one_of!(benefits::counts.assume_not_null(), counts.0.clone());
    }
    if let Some(label) = &asked.year {
        let first = first_day("?year", &label.0).map_err(Error::from)?;
        let next = Period::containing(PeriodType::FinancialYear, first).next().start();
        // What comes once and has no end is of the year in which it begins.
        let open = benefits::recurrence.eq(Recurrence::Once).and(benefits::to_on.eq(Until::FURTHER_NOTICE));
        let begun = benefits::from_on.lt(next);
        let lasting: Condition<Source> =
            Box::new(begun.and(benefits::to_on.gt(first)).and(dsl::not(open).or(benefits::from_on.ge(first))));
        query = query.filter(lasting);
    }
    let days = DayRange::new(asked.from, asked.to, "?")?;
    narrow! { query, days;
        from => benefits::to_on.gt(*from);
        to => benefits::from_on.le(*to);
    }
    Ok(query)
}

/// A benefit that the caller may see.
pub fn find(conn: &mut Conn, context: &Context, id: Id) -> Result<Option<NamedBenefit>> {
    Ok(visible(context).filter(benefits::id.eq(id)).first(conn).optional()?)
}

/// Those of the benefits that the caller may see.
pub fn find_some(conn: &mut Conn, context: &Context, ids: impl IntoIterator<Item = Id>) -> Result<Vec<NamedBenefit>> {
    let ids: Vec<Id> = ids.into_iter().collect();
    Ok(visible(context).filter(benefits::id.eq_any(ids)).load(conn)?)
}

diesel::alias!(benefits as monetised_benefits: MonetisedBenefits);

/// Those of the benefits that are invented for illustration, or of which the innovation, the programme or the benefit that they put into
/// money is.
pub fn resting_on_illustrative(conn: &mut Conn, ids: Vec<Id>) -> Result<HashSet<Id>> {
    let invented_programmes = programmes::table.filter(programmes::illustrative.eq(true)).select(programmes::slug);
    let behind = monetised_benefits
        .filter(monetised_benefits.field(benefits::illustrative).eq(true))
        .select(monetised_benefits.field(benefits::id));
    let marked = benefits::table.inner_join(innovations::table).filter(benefits::id.eq_any(ids)).filter(
        benefits::illustrative
            .eq(true)
            .or(innovations::illustrative.eq(true))
            .or(benefits::programme.assume_not_null().eq_any(invented_programmes))
            .or(benefits::monetises.assume_not_null().eq_any(behind)),
    );
    Ok(marked.select(benefits::id).load(conn)?.into_iter().collect())
}

/// The claims that are counted within one, and those that put it into money, whoever asks.
pub fn resting_on(conn: &mut Conn, id: Id) -> Result<Vec<BenefitRow>> {
    let linked = benefits::counted_within.eq(id).or(benefits::monetises.eq(id));
    Ok(benefits::table.filter(linked).filter(benefits::archived_at.is_null()).load(conn)?)
}
