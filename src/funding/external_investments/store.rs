//! External investments in the database.

use super::rules::{Investment, InvestmentAdded, InvestmentKind, Sector};
use crate::access::{Operation, ReachParts};
use crate::calendar::DayRange;
use crate::db::dialect::Condition;
use crate::db::schema::{
    external_investments, fellows, fellowships, innovations, people, programme_memberships, transitions,
};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::funding::money::Money;
use crate::http::{CodeParam, Context, OneOf};
use crate::innovations::ops::referred;
use crate::people::fellowships::rules::FellowshipState;
use crate::people::store::{NAME_COLUMNS, NameColumns, PersonName};
use crate::record::Stored;
use crate::transitions::links::LinkState;
use crate::vocabulary::{Basis, Id, Qualifier, fold};
use crate::{narrow, one_of, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = external_investments, treat_none_as_null = true)]
pub struct InvestmentRow {
    pub id: Id,
    /// An investment names an innovation or a fellow.
    pub innovation_id: Option<Id>,
    pub fellow_id: Option<Id>,
    /// The programme in whose leverage it counts.
    pub programme: Option<String>,
    pub investor: String,
    pub sort_investor: String,
    pub kind: InvestmentKind,
    pub amount_minor: i64,
    pub currency: String,
    pub qualifier: Qualifier,
    pub basis: Basis,
    pub invested_on: NaiveDate,
    pub source: Option<String>,
    pub illustrative: bool,
    pub archived_at: Option<NaiveDateTime>,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
    pub sector: Option<Sector>,
}

/// What an investment refers to, as the database names it.
pub struct References {
    pub programme: Option<String>,
    pub innovation: Option<Id>,
}

impl InvestmentRow {
    pub fn new(context: &Context, new: Investment, references: References) -> Self {
        let now = context.now.naive_utc();
        Self {
            id: Id::generate(),
            innovation_id: references.innovation,
            fellow_id: new.fellow,
            programme: references.programme,
            sort_investor: fold(&new.investor),
            investor: new.investor,
            kind: new.kind,
            amount_minor: new.amount.minor,
            currency: new.amount.currency.code().to_owned(),
            qualifier: new.qualifier,
            basis: new.basis,
            invested_on: new.invested_on,
            source: new.source,
            illustrative: new.illustrative,
            archived_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
            sector: new.sector,
        }
    }

    /// The next version.
    pub fn revised(self, context: &Context, new: Investment, references: References) -> Self {
        let Self { id, version, created_at, .. } = self;
        Self { id, version: version + 1, created_at, ..Self::new(context, new, references) }
    }

    /// The version that is in no list or figure any more.
    pub fn archived(self, context: &Context) -> Self {
        let now = context.now.naive_utc();
        Self { archived_at: Some(now), version: self.version + 1, updated_at: now, ..self }
    }
}

/// An investment with the slug and name of its innovation and the name of its fellow, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedInvestment {
    pub row: InvestmentRow,
    pub innovation: Option<(String, String)>,
    pub fellow: Option<PersonName>,
}

impl NamedInvestment {
    pub fn investment(&self) -> Investment {
        let row = &self.row;
        Investment {
            innovation: self.innovation.as_ref().map(|(slug, _)| slug.clone()),
            fellow: row.fellow_id,
            programme: row.programme.clone(),
            investor: row.investor.clone(),
            kind: row.kind,
            sector: row.sector,
            amount: Money::of(row.amount_minor, &row.currency),
            qualifier: row.qualifier,
            basis: row.basis,
            invested_on: row.invested_on,
            source: row.source.clone(),
            illustrative: row.illustrative,
        }
    }
}

impl From<NamedInvestment> for Stored<Investment> {
    fn from(found: NamedInvestment) -> Self {
        let written = found.investment();
        let (innovation_name, fellow_name) = (found.innovation.map(|(_, name)| name), found.fellow.map(String::from));
        let InvestmentRow { id, version, updated_at, .. } = found.row;
        Self { added: InvestmentAdded { id, innovation_name, fellow_name }, written, version, updated_at }
    }
}

type Raised = dsl::InnerJoin<fellows::table, people::table>;
type Source =
    dsl::LeftJoinQuerySource<dsl::LeftJoinQuerySource<external_investments::table, innovations::table>, Raised>;
type Columns = (
    <external_investments::table as Table>::AllColumns,
    dsl::Nullable<(innovations::slug, innovations::name)>,
    dsl::Nullable<NameColumns>,
);
type Query = dsl::IntoBoxed<'static, named, MultiBackend>;

sortable! { NamedInvestment, Query, key "id" => external_investments::id as Id;
    external_investments of |found| found.row => "investedOn" invested_on, "investor" sort_investor, "updatedAt" updated_at, then id;
}

writable! { external_investments, InvestmentRow }

params! {
    /// What a list of external investments may be narrowed to.
    pub struct ListExternalInvestments list of NamedInvestment {
        /// The slug of the innovation they went into.
        innovation: CodeParam = "innovation",
        /// The id of the fellow who raised them.
        fellow: Id = "fellow",
        /// The slug of the programme in whose leverage they count.
        programme: CodeParam = "programme",
        /// The kind of investment.
        kind: OneOf<InvestmentKind> = "kind",
        /// Whose money it is.
        sector: OneOf<Sector> = "sector",
        /// The ISO 4217 code of their currency.
        currency: CodeParam = "currency",
        /// Whether they were raised while the innovation was in the programme, or while the fellow had a fellowship of it: those count in its
        /// leverage.
        while_member: bool = "whileMember",
        /// Investments made on this day or later.
        from: NaiveDate = "from",
        /// Investments made on this day or earlier.
        to: NaiveDate = "to",
    }
}

#[dsl::auto_type]
fn named() -> _ {
    let columns: Columns =
        (external_investments::all_columns, (innovations::slug, innovations::name).nullable(), NAME_COLUMNS.nullable());
    let raised: Raised = fellows::table.inner_join(people::table);
    let joined = external_investments::table.left_join(innovations::table).left_join(raised);
    joined.select(columns).filter(external_investments::archived_at.is_null())
}

/// The investments that the caller sees: those of their programmes, in their innovations, and raised by themselves.
fn seen(context: &Context) -> Query {
    let reach = context.actor.reach(Operation::get_external_investment);
    let ReachParts { everything, programmes, innovations, .. } = reach.into_parts();
    if everything {
        return named().into_boxed::<MultiBackend>();
    }
    let own: Condition<Source> = Box::new(
        external_investments::programme
            .assume_not_null()
            .eq_any(programmes)
            .or(external_investments::innovation_id.assume_not_null().eq_any(innovations))
            .or(people::subject.assume_not_null().eq(context.actor.subject.clone())),
    );
    named().into_boxed::<MultiBackend>().filter(own)
}

/// Memberships of an investment's innovation in its programme on its day.
#[dsl::auto_type]
fn memberships() -> _ {
    let held: Vec<LinkState> = LinkState::HELD.to_vec();
    programme_memberships::table
        .filter(programme_memberships::innovation_id.nullable().eq(external_investments::innovation_id))
        .filter(programme_memberships::programme.nullable().eq(external_investments::programme))
        .filter(programme_memberships::state.eq_any(held))
        .filter(programme_memberships::from_on.le(external_investments::invested_on))
        .filter(programme_memberships::to_on.gt(external_investments::invested_on))
}

/// Moves that ended a fellowship by an investment's day.
#[dsl::auto_type]
fn endings() -> _ {
    let ended: Vec<FellowshipState> = FellowshipState::ENDED.to_vec();
    transitions::table
        .filter(transitions::resource.eq("fellowship"))
        .filter(transitions::resource_id.eq(fellowships::id))
        .filter(transitions::to_state.eq_any(ended))
        .filter(transitions::effective_on.le(external_investments::invested_on))
}

/// Fellowships of the programme that an investment's fellow held on its day.
#[dsl::auto_type]
fn held_fellowships() -> _ {
    let unagreed: Vec<FellowshipState> = FellowshipState::UNAGREED.to_vec();
    fellowships::table
        .filter(fellowships::fellow_id.nullable().eq(external_investments::fellow_id))
        .filter(fellowships::programme.nullable().eq(external_investments::programme))
        .filter(fellowships::state.ne_all(unagreed))
        .filter(fellowships::from_on.le(external_investments::invested_on))
        .filter(fellowships::to_on.gt(external_investments::invested_on))
        .filter(dsl::not(dsl::exists(endings())))
}

/// Whether it was raised while the innovation, or the fellow, was in the programme.
#[dsl::auto_type(no_type_alias)]
pub fn while_member() -> _ {
    dsl::exists(memberships()).or(dsl::exists(held_fellowships()))
}

/// # Errors
/// `unknown-reference` for the innovation.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListExternalInvestments) -> Result<Query> {
    let mut query = seen(context);
    narrow! { query, asked;
        innovation => external_investments::innovation_id.eq(referred(conn, "?innovation", &innovation.0)?);
        fellow => external_investments::fellow_id.eq(*fellow);
        programme => external_investments::programme.eq(programme.0.to_ascii_lowercase());
        kind => one_of!(external_investments::kind, kind.0.clone());
        sector => one_of!(external_investments::sector.assume_not_null(), sector.0.clone());
        currency => external_investments::currency.eq(currency.0.to_ascii_uppercase());
    }
    if let Some(member) = asked.while_member {
        query = if member { query.filter(while_member()) } else { query.filter(dsl::not(while_member())) };
    }
    let days = DayRange::new(asked.from, asked.to, "?")?;
    narrow! { query, days;
        from => external_investments::invested_on.ge(*from);
        to => external_investments::invested_on.le(*to);
    }
    Ok(query)
}

pub fn find_seen(conn: &mut Conn, context: &Context, id: Id) -> Result<Option<NamedInvestment>> {
    Ok(seen(context).filter(external_investments::id.eq(id)).first(conn).optional()?)
}

pub fn find(conn: &mut Conn, id: Id) -> Result<Option<NamedInvestment>> {
    Ok(named().filter(external_investments::id.eq(id)).first(conn).optional()?)
}

/// Everything a fellow raised, whoever asks.
pub fn of_fellow(conn: &mut Conn, fellow: Id) -> Result<Vec<InvestmentRow>> {
    let raised = external_investments::table.filter(external_investments::fellow_id.eq(fellow));
    Ok(raised.order_by(external_investments::invested_on).load(conn)?)
}
