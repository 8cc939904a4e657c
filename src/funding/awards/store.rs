//! Awards in the database.

use super::rules::{Award, AwardAdded, AwardKind, AwardState, Balance, EvaluationPlan, begins};
use crate::access::{Operation, Reach, ReachParts};
use crate::calendar::DayRange;
use crate::db::dialect::{self, Condition, SearchTerms, Unindexed};
use crate::db::schema::{
    award_balances, award_milestones, awards, fellows, fellowships, funds, gateway_reviews, innovations,
    organisation_closure, organisations, people, programmes, transitions,
};
use crate::db::{Conn, MultiBackend};
use crate::error::Result;
use crate::funding::awards::gateway_reviews::rules::GatewayReviewState;
use crate::funding::awards::milestones::rules::MilestoneState;
use crate::funding::funds::ops::filtered_by;
use crate::funding::funds::store::illustrative as illustrative_funds;
use crate::funding::ledger::store::{AwardBalanceRow, profiles};
use crate::funding::money::Money;
use crate::funding::years::{FOUNDED, Floor, Share, planned};
use crate::http::{CodeParam, Context, OneOf};
use crate::organisations::ops::referred;
use crate::organisations::store::below;
use crate::people::store::{NAME_COLUMNS, NameColumns, PersonName};
use crate::record::Stored;
use crate::vocabulary::{Id, fold, search_text};
use crate::{among, many, narrow, one_of, params, sortable, writable};
use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl;
use diesel::prelude::*;
use std::collections::HashSet;

#[derive(Queryable, Insertable, AsChangeset, Clone)]
#[diesel(table_name = awards, treat_none_as_null = true)]
pub struct AwardRow {
    pub id: Id,
    /// Such as `AWD-2026-00042`.
    pub reference: String,
    pub fund_id: Id,
    pub programme: Option<String>,
    pub kind: AwardKind,
    pub title: String,
    pub sort_title: String,
    pub description: String,
    pub recipient_organisation_id: Option<Id>,
    pub recipient_person_id: Option<Id>,
    pub innovation_id: Option<Id>,
    pub fellowship_id: Option<Id>,
    pub amount_minor: i64,
    pub currency: String,
    /// The day it was approved.
    pub awarded_on: Option<NaiveDate>,
    pub planned_from: NaiveDate,
    /// The first day after the plan ends.
    pub planned_to: NaiveDate,
    pub state: AwardState,
    /// A JSON document.
    pub evaluation_plan: Option<String>,
    pub geocode: Option<String>,
    pub published: bool,
    pub illustrative: bool,
    /// Who proposed it, or changed its terms last.
    pub proposed_by: String,
    pub approved_by: Option<String>,
    pub search_text: String,
    pub version: i32,
    pub created_at: NaiveDateTime,
    pub updated_at: NaiveDateTime,
}

/// What an award refers to, as the database names it.
pub struct References {
    pub fund: Id,
    pub programme: Option<String>,
    pub organisation: Option<Id>,
    pub person: Option<Id>,
    pub innovation: Option<Id>,
}

impl AwardRow {
    /// # Errors
    /// `internal` when the evaluation plan cannot be written as JSON.
    pub fn new(context: &Context, new: Award, of: References, reference: String) -> Result<Self> {
        let (title, now) = (new.title.trim().to_owned(), context.now.naive_utc());
        Ok(Self {
            id: Id::generate(),
            search_text: search_text(&format!("{reference} {title}")),
            reference,
            fund_id: of.fund,
            programme: of.programme,
            kind: new.kind,
            sort_title: fold(&title),
            title,
            description: new.description,
            recipient_organisation_id: of.organisation,
            recipient_person_id: of.person,
            innovation_id: of.innovation,
            fellowship_id: new.fellowship,
            amount_minor: new.amount.minor,
            currency: new.amount.currency.code().to_owned(),
            awarded_on: None,
            planned_from: new.planned_from,
            planned_to: new.planned_to,
            state: AwardState::Proposed,
            evaluation_plan: new.evaluation_plan.as_ref().map(serde_json::to_string).transpose()?,
            geocode: new.geocode,
            published: new.published,
            illustrative: new.illustrative,
            proposed_by: context.actor.subject.clone(),
            approved_by: None,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// The next version. Whoever changes the terms becomes the proposer.
    ///
    /// # Errors
    /// As [`AwardRow::new`].
    pub fn revised(self, context: &Context, new: Award, of: References) -> Result<Self> {
        let next = Self::new(context, new, of, self.reference.clone())?;
        let proposed_by = if next.terms() == self.terms() { self.proposed_by } else { next.proposed_by.clone() };
        let Self { id, awarded_on, state, approved_by, version, created_at, .. } = self;
        Ok(Self { id, awarded_on, state, proposed_by, approved_by, version: version + 1, created_at, ..next })
    }

    /// The next version after a movement of its money, since its balance is part of the answer.
    #[must_use]
    pub fn touched(self, context: &Context) -> Self {
        Self { version: self.version + 1, updated_at: context.now.naive_utc(), ..self }
    }

    /// What is decided on: fund, amount, recipient, purpose and days.
    pub fn terms(&self) -> impl PartialEq + use<> {
        let recipient = (self.recipient_organisation_id, self.recipient_person_id);
        let purpose = (self.programme.clone(), self.kind, self.innovation_id, self.fellowship_id);
        (self.fund_id, recipient, purpose, self.amount_minor, self.planned_from, self.planned_to)
    }

    /// The first day of its plan.
    pub fn begins(&self) -> Floor {
        begins(self.planned_from)
    }

    /// The day of its approval, before which nothing that rests on it is dated.
    pub fn approval(&self) -> Floor {
        self.awarded_on.map_or(FOUNDED, |day| Floor::new(day, "the award was approved on that day"))
    }

    pub fn amount(&self) -> Money {
        Money::of(self.amount_minor, &self.currency)
    }
}

/// An award with its balance and what it names, each by its key and name, read in one query.
#[derive(Queryable, Clone)]
pub struct NamedAward {
    pub row: AwardRow,
    pub balance: AwardBalanceRow,
    pub fund: (String, String),
    pub organisation: Option<(String, String)>,
    pub innovation: Option<(String, String)>,
    pub person: Option<PersonName>,
    pub person_subject: Option<String>,
}

impl NamedAward {
    /// # Errors
    /// `internal` when the stored evaluation plan cannot be read.
    pub fn award(&self, profile: &[Share]) -> Result<Award> {
        let (row, amount) = (&self.row, self.row.amount());
        let plan = row.evaluation_plan.as_deref();
        Ok(Award {
            fund: self.fund.0.clone(),
            programme: row.programme.clone(),
            kind: row.kind,
            title: row.title.clone(),
            description: row.description.clone(),
            recipient_organisation: self.organisation.as_ref().map(|(code, _)| code.clone()),
            recipient_person: row.recipient_person_id,
            innovation: self.innovation.as_ref().map(|(slug, _)| slug.clone()),
            fellowship: row.fellowship_id,
            amount,
            planned_from: row.planned_from,
            planned_to: row.planned_to,
            profile: planned(profile, amount),
            evaluation_plan: plan.map(serde_json::from_str::<EvaluationPlan>).transpose()?,
            geocode: row.geocode.clone(),
            published: row.published,
            illustrative: row.illustrative,
        })
    }

    fn balance(&self) -> Balance {
        let money = |minor| Money { minor, ..self.row.amount() };
        Balance {
            committed: money(self.balance.committed_minor),
            disbursed: money(self.balance.disbursed_minor),
            returned: money(self.balance.returned_minor),
            released: money(self.balance.released_minor),
            written_off: money(self.balance.written_off_minor),
            outstanding: money(self.balance.outstanding_minor),
        }
    }

    /// # Errors
    /// As [`NamedAward::award`].
    pub fn stored(self, profile: &[Share], actions: Option<Vec<&'static str>>) -> Result<Stored<Award>> {
        let (written, balance) = (self.award(profile)?, self.balance());
        let AwardRow { id, reference, awarded_on, state, proposed_by, approved_by, version, updated_at, .. } = self.row;
        let organisation = self.organisation.map(|(_, name)| name);
        let added = AwardAdded {
            id,
            reference,
            fund_name: self.fund.1,
            recipient_name: organisation.or(self.person.map(String::from)).unwrap_or_default(),
            innovation_name: self.innovation.map(|(_, name)| name),
            awarded_on,
            state,
            balance,
            proposed_by,
            approved_by,
            actions,
        };
        Ok(Stored { added, written, version, updated_at })
    }
}

type FundedSource =
    dsl::InnerJoinQuerySource<dsl::InnerJoinQuerySource<awards::table, funds::table>, award_balances::table>;
type Source = dsl::LeftJoinQuerySource<
    dsl::LeftJoinQuerySource<dsl::LeftJoinQuerySource<FundedSource, organisations::table>, innovations::table>,
    people::table,
>;
type Columns = (
    <awards::table as Table>::AllColumns,
    <award_balances::table as Table>::AllColumns,
    (funds::code, funds::name),
    dsl::Nullable<(organisations::code, organisations::name)>,
    dsl::Nullable<(innovations::slug, innovations::name)>,
    dsl::Nullable<NameColumns>,
    dsl::Nullable<people::subject>,
);
type Query = dsl::IntoBoxed<'static, named, MultiBackend>;

sortable! { NamedAward, Query, key "id" => awards::id as Id;
    awards of |found| found.row => "plannedFrom" planned_from, "title" sort_title, "reference" reference, "updatedAt" updated_at, then id;
}

writable! { awards, AwardRow }

params! {
    /// What a list of awards may be narrowed to.
    pub struct ListAwards list of NamedAward {
        /// Words of the reference or the title.
        q: SearchTerms = "q",
        /// The code of their fund.
        fund: CodeParam = "fund",
        /// The slug of their programme.
        programme: CodeParam = "programme",
        /// The slug of the innovation they are for.
        innovation: CodeParam = "innovation",
        /// The code of the organisation they go to.
        recipient_organisation: CodeParam = "recipientOrganisation",
        /// The id of the person they go to.
        recipient_person: Id = "recipientPerson",
        /// The id of the fellowship they pay for.
        fellowship: Id = "fellowship",
        /// The present state.
        state: OneOf<AwardState> = "state",
        /// The kind of award.
        kind: OneOf<AwardKind> = "kind",
        /// The code of a place: awards to that organisation and to all below it today.
        place: CodeParam = "place",
        /// Awards whose plan ends on this day or later.
        from: NaiveDate = "from",
        /// Awards whose plan begins on this day or earlier.
        to: NaiveDate = "to",
        /// Awards approved on this day or before.
        awarded_to: NaiveDate = "awardedTo",
        /// Whether they may be published as open data.
        published: bool = "published",
    }
}

#[dsl::auto_type]
fn named() -> _ {
    let columns: Columns = (
        awards::all_columns,
        award_balances::all_columns,
        (funds::code, funds::name),
        (organisations::code, organisations::name).nullable(),
        (innovations::slug, innovations::name).nullable(),
        NAME_COLUMNS.nullable(),
        people::subject.nullable(),
    );
    awards::table
        .inner_join(funds::table)
        .inner_join(award_balances::table)
        .left_join(organisations::table)
        .left_join(innovations::table)
        .left_join(people::table)
        .select(columns)
}

/// The awards that a caller sees: those of their programmes, to organisations in their scope, for their innovations,
/// and to themselves.
#[derive(Debug, Clone)]
pub struct Sight {
    pub reach: Reach,
    pub subject: String,
    pub today: NaiveDate,
}

impl Sight {
    pub fn of(context: &Context) -> Self {
        let (reach, subject) = (context.actor.reach(Operation::get_award), context.actor.subject.clone());
        Self { reach, subject, today: context.today() }
    }

    fn query(&self) -> Query {
        let mut query = named().into_boxed::<MultiBackend>();
        let Self { reach, subject, today } = self.clone();
        let ReachParts { everything, organisations, programmes, innovations, within } = reach.into_parts();
        let recipient = awards::recipient_organisation_id.assume_not_null();
        if let Some(place) = within {
            query = query.filter(recipient.eq_any(below(vec![place], today)));
        }
        if everything {
            return query;
        }
        let own: Condition<Source> = Box::new(
            awards::programme
                .assume_not_null()
                .eq_any(programmes)
                .or(recipient.eq_any(below(organisations, today)))
                .or(awards::innovation_id.assume_not_null().eq_any(innovations))
                .or(people::subject.assume_not_null().eq(subject)),
        );
        query.filter(own)
    }
}

/// The awards with a day in this column up to a last one. SQLite finds few of them by the column's index; where there are
/// many, it follows the list in its own order instead of sorting them all.
macro_rules! early {
    ($conn:expr, $column:expr, $last:expr) => {{
        let many = many!($conn, awards::table.filter($column.le($last)).select(awards::version));
        Unindexed::when(many, $column).le($last)
    }};
}

/// The awards that the caller sees.
///
/// # Errors
/// `unknown-reference` for the fund, the innovation, the organisation or the place.
pub fn list(conn: &mut Conn, context: &Context, asked: &ListAwards) -> Result<Query> {
    list_seen(conn, &Sight::of(context), asked)
}

/// As [`list`], for a report that is seen by others than the awards themselves.
///
/// # Errors
/// As [`list`].
pub fn list_seen(conn: &mut Conn, sight: &Sight, asked: &ListAwards) -> Result<Query> {
    let mut query = sight.query();
    narrow! { query, asked;
        q => dialect::matches(conn, "awards", q)?;
        fund => awards::fund_id.eq(filtered_by(conn, sight.reach.is_everything(), "?fund", &fund.0)?);
        programme => awards::programme.eq(programme.0.to_ascii_lowercase());
    }
    if let Some(slug) = &asked.innovation {
        let innovation = crate::innovations::ops::referred(conn, "?innovation", &slug.0)?;
        query = query.filter(awards::innovation_id.eq(innovation));
    }
    if let Some(code) = &asked.recipient_organisation {
        let organisation = referred(conn, "?recipientOrganisation", &code.0)?;
        query = query.filter(awards::recipient_organisation_id.eq(organisation));
    }
    narrow! { query, asked;
        recipient_person => awards::recipient_person_id.eq(*recipient_person);
        fellowship => awards::fellowship_id.eq(*fellowship);
        state => one_of!(awards::state, state.0.clone());
        kind => one_of!(awards::kind, kind.0.clone());
    }
    if let Some(code) = &asked.place {
        let place = vec![referred(conn, "?place", &code.0)?];
        let (recipient, descendant) =
            (awards::recipient_organisation_id.assume_not_null(), organisation_closure::descendant_id);
        query = query.filter(among!(conn, recipient, descendant, below(place.clone(), sight.today)));
    }
    let days = DayRange::new(asked.from, asked.to, "?")?;
    narrow! { query, days;
        from => awards::planned_to.gt(*from);
        to => early!(conn, awards::planned_from, *to);
    }
    narrow! { query, asked;
        awarded_to => early!(conn, awards::awarded_on, *awarded_to);
        published => awards::published.eq(*published);
    }
    Ok(query)
}

/// The answers about several awards, whose profiles are read once for all of them.
pub fn answers(conn: &mut Conn, rows: Vec<NamedAward>) -> Result<Vec<Stored<Award>>> {
    let mut profiles = profiles(conn, rows.iter().map(|found| found.row.id).collect())?;
    let answer = |found: NamedAward| {
        let profile = profiles.remove(&found.row.id).unwrap_or_default();
        found.stored(&profile, None)
    };
    rows.into_iter().map(answer).collect()
}

/// An award that the caller may see.
pub fn find(conn: &mut Conn, sight: &Sight, id: Id) -> Result<Option<NamedAward>> {
    Ok(sight.query().filter(awards::id.eq(id)).first(conn).optional()?)
}

#[dsl::auto_type]
fn invented(of_funds: Vec<Id>, for_fellowships: Vec<Id>) -> _ {
    let of_programme = programmes::slug.nullable().eq(awards::programme);
    awards::table
        .left_join(innovations::table)
        .left_join(people::table)
        .left_join(programmes::table.on(of_programme))
        .filter(
            awards::illustrative
                .eq(true)
                .or(awards::fund_id.eq_any(of_funds))
                .or(awards::fellowship_id.assume_not_null().eq_any(for_fellowships))
                .or(innovations::illustrative.nullable().eq(true))
                .or(people::illustrative.nullable().eq(true))
                .or(programmes::illustrative.nullable().eq(true)),
        )
        .select(awards::id)
}

/// What makes awards invented: funds with invented money, and the fellowships of invented people that awards pay for.
fn inventions(conn: &mut Conn) -> Result<(Vec<Id>, Vec<Id>)> {
    let paid_for =
        awards::table.filter(awards::fellowship_id.is_not_null()).select(awards::fellowship_id.assume_not_null());
    let fellowships = fellowships::table
        .inner_join(fellows::table.inner_join(people::table))
        .filter(people::illustrative.eq(true))
        .filter(fellowships::id.eq_any(paid_for))
        .select(fellowships::id);
    Ok((illustrative_funds(conn)?.into_iter().collect(), fellowships.load(conn)?))
}

/// Those of some awards that are invented for illustration, or made of what is or for it: the money of their fund, their
/// programme, innovation, fellowship or recipient.
pub fn illustrative(conn: &mut Conn, ids: Vec<Id>) -> Result<HashSet<Id>> {
    let (funds, fellowships) = inventions(conn)?;
    let found = invented(funds, fellowships).filter(awards::id.eq_any(ids));
    Ok(found.load::<Id>(conn)?.into_iter().collect())
}

/// As [`illustrative`], of all awards of some funds.
pub fn illustrative_of(conn: &mut Conn, funds: &[Id]) -> Result<HashSet<Id>> {
    let (invented_funds, fellowships) = inventions(conn)?;
    let found = invented(invented_funds, fellowships).filter(awards::fund_id.eq_any(funds.to_vec()));
    Ok(found.load::<Id>(conn)?.into_iter().collect())
}

/// The moves of an award in the order of their days: the day on which each took effect, and the state it led to.
pub fn moves(conn: &mut Conn, award: Id) -> Result<Vec<(NaiveDate, AwardState)>> {
    let moves = transitions::table.filter(transitions::resource.eq("award")).filter(transitions::resource_id.eq(award));
    let moves = moves.order_by((transitions::effective_on, transitions::made_at, transitions::id));
    let words: Vec<(NaiveDate, String)> =
        moves.select((transitions::effective_on, transitions::to_state)).load(conn)?;
    Ok(words.into_iter().filter_map(|(on, word)| Some((on, AwardState::parse(&word)?))).collect())
}

/// The day on which the last move of an award took effect.
pub fn last_moved(conn: &mut Conn, award: Id) -> Result<Option<NaiveDate>> {
    Ok(moves(conn, award)?.into_iter().map(|(on, _)| on).max())
}

/// The titles of the milestones of an award that are still planned.
pub fn planned_milestones(conn: &mut Conn, award: Id) -> Result<Vec<String>> {
    let open = award_milestones::table.filter(award_milestones::award_id.eq(award));
    let open = open.filter(award_milestones::state.eq(MilestoneState::Planned));
    Ok(open.order_by(award_milestones::due_on).select(award_milestones::title).load(conn)?)
}

/// The gateway reviews of an award that are not decided, with the day each is due.
pub fn undecided_reviews(conn: &mut Conn, award: Id) -> Result<Vec<(String, NaiveDate)>> {
    let open = gateway_reviews::table.filter(gateway_reviews::award_id.eq(award));
    let open = open.filter(gateway_reviews::state.ne(GatewayReviewState::Decided));
    let columns = (gateway_reviews::title, gateway_reviews::due_on);
    Ok(open.order_by(gateway_reviews::due_on).select(columns).load(conn)?)
}

/// Every award to a person, whoever asks.
pub fn of_person(conn: &mut Conn, person: Id) -> Result<Vec<AwardRow>> {
    let received = awards::table.filter(awards::recipient_person_id.eq(person));
    Ok(received.order_by(awards::planned_from).load(conn)?)
}
