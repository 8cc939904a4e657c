//! `/v1/awards`.

use super::ops::{self, Authority};
use super::rules::{Award, AwardKind, AwardState, EvaluationDimension, PlannedYear, Recipient, read_year, year_label};
use super::store::{self, AwardFilter, NamedAward};
use crate::http::context::Context;
use crate::db::Conn;
use crate::db::dialect::SearchTerms;
use crate::error::{Error, Fault, Faults, Result};
use crate::funding::funds;
use crate::funding::http::MoneyBody;
use crate::funding::money::Money;
use crate::http::lists::Listed;
use crate::http::params::{Asked, CodeParam, OneOf, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Listing, Reply};
use crate::http::request::{Body, Cx};
use crate::transitions::http::TransitionResponse;
use crate::transitions::store::ListTransitions;
use crate::transitions::rules::AskedMove;
use crate::vocabulary::{Id, instant};
use crate::{innovations, organisations, params, transitions};
use actix_web::{get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_awards)
        .service(create_award)
        .service(get_award)
        .service(update_award)
        .service(transition_award)
        .service(list_award_transitions);
    super::milestones::http::routes(config);
    super::gateway_reviews::http::routes(config);
    super::transactions::http::routes(config);
}

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
        /// Where they stand.
        state: OneOf<AwardState> = "state",
        /// What they pay for.
        kind: OneOf<AwardKind> = "kind",
        /// The code of a place: recipients there or below it today.
        place: CodeParam = "place",
        /// Those whose plan has not ended by this day.
        from: NaiveDate = "from",
        /// Those whose plan begins before this day.
        to: NaiveDate = "to",
        /// Those approved on this day or before.
        awarded_to: NaiveDate = "awardedTo",
        /// Whether they may be published as open data.
        published: bool = "published",
    }
}

/// Names an award in a path.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AwardPath {
    /// The award's id
    #[param(format = "uuid", max_length = 36)]
    pub id: String,
}

/// What is planned to be paid in one financial year.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedYearBody {
    /// From 1 April.
    #[schema(example = "2015-16", pattern = "^[0-9]{4}-[0-9]{2}$", max_length = 7)]
    financial_year: String,
    /// In the award's currency.
    #[schema(example = "50000.00", pattern = "^[0-9]{1,13}(\\.[0-9]{1,4})?$", max_length = 18)]
    amount: String,
}

/// How it will be known what an award brought.
#[derive(Serialize, Deserialize, ToSchema, Clone, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvaluationPlan {
    /// How it is evaluated, by whom, against what.
    #[schema(min_length = 1, max_length = 5000)]
    design: String,
    #[schema(min_items = 1, max_items = 5)]
    dimensions: Vec<EvaluationDimension>,
    /// When the result is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reports_on: Option<NaiveDate>,
}

/// An award to propose. It goes to one organisation or one person.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "fund": "NIA-2015", "kind": "grant", "title": "Spreading a tool in ten trusts", "description": "Support for ten trusts to begin.",
    "recipientOrganisation": "RJZ", "amount": { "amount": "50000.00", "currency": "GBP" }, "plannedFrom": "2015-07-01", "plannedTo": "2016-07-01",
    "profile": [{ "financialYear": "2015-16", "amount": "40000.00" }, { "financialYear": "2016-17", "amount": "10000.00" }],
    "evaluationPlan": { "design": "Before and after, in ten trusts.", "dimensions": ["health", "economic"] }
}))]
pub struct CreateAwardRequest {
    /// The code of the fund that pays.
    #[schema(example = "NIA-2015", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    fund: String,
    /// The slug of a programme; the fund's own unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "nia", pattern = "^[A-Za-z0-9][A-Za-z0-9-]{0,59}$", max_length = 60, nullable = false)]
    programme: Option<String>,
    kind: AwardKind,
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    #[schema(max_length = 5000)]
    description: String,
    /// The code of the organisation it goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    recipient_organisation: Option<String>,
    /// The id of the person it goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recipient_person: Option<Id>,
    /// The slug of the innovation it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "mycopd", pattern = "^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length = 60, nullable = false)]
    innovation: Option<String>,
    /// The fellowship it pays for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    fellowship: Option<Id>,
    /// In the fund's currency.
    amount: MoneyBody,
    planned_from: NaiveDate,
    /// The first day after.
    planned_to: NaiveDate,
    /// Sums to the amount; all in the first financial year unless told.
    #[serde(default)]
    #[schema(max_items = 30)]
    profile: Vec<PlannedYearBody>,
    /// Needed before it becomes active.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    evaluation_plan: Option<EvaluationPlan>,
    /// The ONS code of the place it is for, for open data.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "E92000001", max_length = 60, nullable = false)]
    geocode: Option<String>,
    /// Whether it may be published as open data once it is approved.
    #[serde(default = "yes")]
    #[schema(default = true)]
    published: bool,
    /// Whether it is drawn up for illustration.
    #[serde(default)]
    illustrative: bool,
}

fn yes() -> bool {
    true
}

type AwardPatch = Patch<CreateAwardRequest>;

impl TryFrom<CreateAwardRequest> for Award {
    type Error = Error;

    fn try_from(request: CreateAwardRequest) -> Result<Self> {
        let mut faults = Faults::default();
        let recipient = match (request.recipient_organisation, request.recipient_person) {
            (Some(code), None) => Some(Recipient::Organisation(code)),
            (None, Some(id)) => Some(Recipient::Person(id)),
            _ => {
                let detail = "Expected one of recipientOrganisation and recipientPerson.";
                faults.add("/recipientOrganisation", "one-of", detail);
                None
            }
        };
        let amount = faults.take(request.amount.read("/amount"));
        let mut profile = Vec::with_capacity(request.profile.len());
        for (at, planned) in request.profile.iter().enumerate() {
            let year = faults.take(read_year(format!("/profile/{at}/financialYear"), &planned.financial_year));
            let part = faults.take(read_part(at, planned, &request.amount.currency));
            profile.extend(year.zip(part).map(|(year, part)| PlannedYear { year, minor: part.minor }));
        }
        faults.check()?;
        let (Some(recipient), Some(amount)) = (recipient, amount) else {
            return Err(Error::internal("a fault was lost"));
        };
        Ok(Self {
            fund: request.fund,
            programme: request.programme,
            kind: request.kind,
            title: request.title,
            description: request.description,
            recipient,
            innovation: request.innovation,
            fellowship: request.fellowship,
            amount,
            planned_from: request.planned_from,
            planned_to: request.planned_to,
            profile,
            evaluation_plan: request.evaluation_plan.map(|plan| serde_json::to_string(&plan)).transpose()?,
            geocode: request.geocode,
            published: request.published,
            illustrative: request.illustrative,
        })
    }
}

/// The amount of one year. Its currency is the award's, whose own fault is told at the award's amount.
fn read_part(at: usize, planned: &PlannedYearBody, currency: &str) -> Result<Money, Fault> {
    Money::read(&format!("/profile/{at}"), &planned.amount, currency)
}

fn told(profile: &[PlannedYear], amount: Money) -> Vec<PlannedYearBody> {
    let year = |planned: &PlannedYear| PlannedYearBody {
        financial_year: year_label(planned.year),
        amount: Money { minor: planned.minor, ..amount }.amount(),
    };
    profile.iter().map(year).collect()
}

fn plan(document: Option<&String>) -> Result<Option<EvaluationPlan>> {
    Ok(document.map(|text| serde_json::from_str(text)).transpose()?)
}

impl TryFrom<Award> for CreateAwardRequest {
    type Error = Error;

    fn try_from(award: Award) -> Result<Self> {
        let (recipient_organisation, recipient_person) = match award.recipient {
            Recipient::Organisation(code) => (Some(code), None),
            Recipient::Person(id) => (None, Some(id)),
        };
        Ok(Self {
            fund: award.fund,
            programme: award.programme,
            kind: award.kind,
            title: award.title,
            description: award.description,
            recipient_organisation,
            recipient_person,
            innovation: award.innovation,
            fellowship: award.fellowship,
            amount: award.amount.into(),
            planned_from: award.planned_from,
            planned_to: award.planned_to,
            profile: told(&award.profile, award.amount),
            evaluation_plan: plan(award.evaluation_plan.as_ref())?,
            geocode: award.geocode,
            published: award.published,
            illustrative: award.illustrative,
        })
    }
}

/// An award's money at this moment: `outstanding = committed - released - disbursed + returned`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwardBalanceResponse {
    committed: MoneyBody,
    disbursed: MoneyBody,
    returned: MoneyBody,
    released: MoneyBody,
    written_off: MoneyBody,
    outstanding: MoneyBody,
}

/// An award.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwardResponse {
    id: Id,
    #[schema(example = "AWD-2026-00042", max_length = 20)]
    reference: String,
    #[schema(example = "NIA-2015", max_length = 60)]
    fund: String,
    #[schema(example = "nia", max_length = 60)]
    programme: Option<String>,
    kind: AwardKind,
    #[schema(max_length = 200)]
    title: String,
    #[schema(max_length = 5000)]
    description: String,
    #[schema(example = "RJZ", max_length = 60)]
    recipient_organisation: Option<String>,
    recipient_person: Option<Id>,
    /// What the organisation or the person is called.
    #[schema(max_length = 300)]
    recipient_name: String,
    #[schema(example = "mycopd", max_length = 60)]
    innovation: Option<String>,
    fellowship: Option<Id>,
    amount: MoneyBody,
    /// The day it was approved.
    awarded_on: Option<NaiveDate>,
    planned_from: NaiveDate,
    planned_to: NaiveDate,
    #[schema(max_items = 30)]
    profile: Vec<PlannedYearBody>,
    evaluation_plan: Option<EvaluationPlan>,
    #[schema(max_length = 60)]
    geocode: Option<String>,
    published: bool,
    illustrative: bool,
    state: AwardState,
    balance: AwardBalanceResponse,
    /// Who proposed it, or changed its terms last.
    #[schema(max_length = 300)]
    proposed_by: String,
    #[schema(max_length = 300)]
    approved_by: Option<String>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
    /// Operations on it that you may do now; told of one award, not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20, nullable = false, value_type = Option<Vec<String>>)]
    actions: Option<Vec<&'static str>>,
}

impl AwardResponse {
    fn of(found: NamedAward, profile: &[PlannedYear]) -> Result<Self> {
        let amount = found.amount();
        let money = |minor| Money { minor, ..amount }.into();
        let balance = AwardBalanceResponse {
            committed: money(found.balance.committed_minor),
            disbursed: money(found.balance.disbursed_minor),
            returned: money(found.balance.returned_minor),
            released: money(found.balance.released_minor),
            written_off: money(found.balance.written_off_minor),
            outstanding: money(found.balance.outstanding_minor),
        };
        let person =
            if found.person_erased_at.is_some() { Some(crate::people::ops::ERASED.to_owned()) } else { found.person };
        let row = found.row;
        Ok(Self {
            id: row.id,
            reference: row.reference,
            fund: found.fund,
            programme: row.programme,
            kind: row.kind,
            title: row.title,
            description: row.description,
            recipient_organisation: found.organisation,
            recipient_person: row.recipient_person_id,
            recipient_name: found.organisation_name.or(person).unwrap_or_default(),
            innovation: found.innovation,
            fellowship: row.fellowship_id,
            amount: amount.into(),
            awarded_on: row.awarded_on,
            planned_from: row.planned_from,
            planned_to: row.planned_to,
            profile: told(profile, amount),
            evaluation_plan: plan(row.evaluation_plan.as_ref())?,
            geocode: row.geocode,
            published: row.published,
            illustrative: row.illustrative,
            state: row.state,
            balance,
            proposed_by: row.proposed_by,
            approved_by: row.approved_by,
            version: row.version,
            updated_at: instant(row.updated_at),
            actions: None,
        })
    }

    fn with_actions(conn: &mut Conn, context: &Context, found: NamedAward) -> Result<Self> {
        let actions = Some(ops::actions(conn, context, &found)?);
        let profile = ops::profile(conn, found.row.id)?;
        Ok(Self { actions, ..Self::of(found, &profile)? })
    }
}

fn reply(conn: &mut Conn, context: &Context, found: NamedAward) -> Result<Reply> {
    let version = found.row.version;
    Ok(Reply::ok(&AwardResponse::with_actions(conn, context, found)?)?.version(version))
}

/// List awards
///
/// Those you may see, by the beginning of their plan. A page is two queries, however long it is.
#[utoipa::path(tag = "funding", params(ListAwards), responses((status = 200, description = "A page of awards", body = Listing<AwardResponse>)))]
#[get("/v1/awards")]
pub async fn list_awards(cx: Cx, query: Query<ListAwards>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let recipient = query.recipient_organisation;
        let organisation =
            recipient.map(|code| organisations::ops::referred(conn, "?recipientOrganisation", &code.0)).transpose()?;
        let place = query.place.map(|code| organisations::ops::referred(conn, "?place", &code.0)).transpose()?;
        let fund = query.fund.map(|code| funds::ops::get_fund_id(conn, "?fund", &code.0)).transpose()?;
        let innovation =
            query.innovation.map(|slug| innovations::ops::referred(conn, "?innovation", &slug.0)).transpose()?;
        let filter = AwardFilter {
            search: query.q,
            fund,
            programme: query.programme.map(|slug| slug.0.to_ascii_lowercase()),
            innovation,
            organisation,
            person: query.recipient_person,
            fellowship: query.fellowship,
            states: query.state.map(|states| states.0),
            kinds: query.kind.map(|kinds| kinds.0),
            place: place.map(|place| (place, context.today())),
            from: query.from,
            to: query.to,
            awarded_to: query.awarded_to,
            published: query.published,
        };
        let page = store::list(conn, &ops::sight(context), &filter, &query.page)?;
        let ids: Vec<Id> = page.rows.iter().map(|found| found.row.id).collect();
        let mut profiles = store::profiles(conn, &ids)?;
        Reply::page_of(page, &target, |found| {
            let profile = profiles.remove(&found.row.id).unwrap_or_default();
            AwardResponse::of(found, &profile)
        })
    })
    .await
}

/// Propose an award
///
/// To one organisation or one person. Nothing is set aside before somebody else approves it.
#[utoipa::path(
    tag = "funding",
    request_body = CreateAwardRequest,
    responses((status = 201, description = "Proposed", body = AwardResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/awards")]
pub async fn create_award(cx: Cx, body: Body<CreateAwardRequest>) -> Result<Reply> {
    cx.write_money(body, |conn, context, request| {
        let made = ops::create_award(conn, context, request.try_into()?)?;
        let (location, version) = (format!("/v1/awards/{}", made.row.id), made.row.version);
        Reply::created(location, version, &AwardResponse::with_actions(conn, context, made)?)
    })
    .await
}

/// Get an award
///
/// With its balance, its profile by financial year, and what you may do with it now.
#[utoipa::path(
    tag = "funding",
    params(AwardPath),
    responses((status = 200, description = "The award", body = AwardResponse, headers(("ETag" = String)))),
)]
#[get("/v1/awards/{id}")]
pub async fn get_award(cx: Cx, path: web::Path<AwardPath>) -> Result<Reply> {
    cx.read(move |conn, context| {
        let found = ops::get_award(conn, context, &path.id)?;
        reply(conn, context, found)
    })
    .await
}

/// Change an award
///
/// A merge patch: of everything while it is proposed, afterwards of all but whose money it is, how much, for whom and
/// what. Whoever changes those is its proposer from then on.
#[utoipa::path(
    tag = "funding",
    params(AwardPath),
    request_body(content = AwardPatch, content_type = "application/merge-patch+json", example = json!({ "evaluationPlan": { "design": "Before and after.", "dimensions": ["health"] } })),
    responses((status = 200, description = "Changed", body = AwardResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/awards/{id}")]
pub async fn update_award(cx: Cx, path: web::Path<AwardPath>, body: Body<AwardPatch>) -> Result<Reply> {
    cx.write_money(body, move |conn, context, patch| {
        let change = |present: Award| patch.apply(&present.try_into()?)?.try_into();
        let found = ops::update_award(conn, context, &path.id, change)?;
        reply(conn, context, found)
    })
    .await
}

/// A dated decision from outside the register that an award is to end.
#[derive(Deserialize, ToSchema, Clone)]
#[serde(deny_unknown_fields)]
pub struct AuthorityBody {
    #[schema(example = "Minute 7 of the board", min_length = 1, max_length = 200)]
    reference: String,
    on: NaiveDate,
}

/// A move of an award.
#[derive(Deserialize, ToSchema, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "to": "approved" }))]
pub struct AwardTransitionRequest {
    /// The state to go to.
    #[schema(max_length = 60, min_length = 1)]
    to: String,
    /// Why; a rejection, suspension, cancellation or termination needs it.
    #[schema(max_length = 2000, nullable = false)]
    reason: Option<String>,
    /// The day it took effect; today unless told.
    #[schema(nullable = false)]
    effective_on: Option<NaiveDate>,
    /// For a termination without a gateway review's decision to stop.
    #[schema(nullable = false)]
    authority: Option<AuthorityBody>,
}

/// Move an award
///
/// Approval sets the amount aside in the fund; completion, cancellation and termination give back what is left of it.
#[utoipa::path(
    tag = "funding",
    params(AwardPath),
    request_body = AwardTransitionRequest,
    responses((status = 200, description = "Moved", body = AwardResponse, headers(("ETag" = String)))),
)]
#[post("/v1/awards/{id}/transitions")]
pub async fn transition_award(cx: Cx, path: web::Path<AwardPath>, body: Body<AwardTransitionRequest>) -> Result<Reply> {
    cx.write_money(body, move |conn, context, request| {
        let asked = AskedMove { to: request.to, reason: request.reason, effective_on: request.effective_on };
        let authority = request.authority.map(|body| Authority { reference: body.reference, on: body.on });
        let found = ops::transition_award(conn, context, &path.id, asked, authority.as_ref())?;
        reply(conn, context, found)
    })
    .await
}

/// List the moves of an award
///
/// Every change of its state, oldest first unless sorted otherwise.
#[utoipa::path(
    tag = "funding",
    params(AwardPath, ListTransitions),
    responses((status = 200, description = "A page of moves", body = Listing<TransitionResponse>)),
)]
#[get("/v1/awards/{id}/transitions")]
pub async fn list_award_transitions(
    cx: Cx,
    path: web::Path<AwardPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    cx.list(asked, move |conn, context, _: &ListTransitions| {
        let found = ops::get_award(conn, context, &path.id)?;
        Ok(transitions::store::history(ops::RESOURCE, found.row.id))
    })
    .await
}
