//! `/v1/kpi-returns`.

use super::drafts::{self, ListKpiReturnDrafts, WaitingRow};
use super::ops::{self, Owners};
use super::quality::{self, Quality};
use super::rules::ReturnState;
use super::store::{self, ListKpiReturns, ReturnRow};
use crate::calendar::Period;
use crate::db::Conn;
use crate::decimal::json_number;
use crate::error::{Error, Result};
use crate::http::{Answer, Asked, Body, Context, Cx, IdPath, Listed, Listing, Routes};
use crate::kpis::catalogue::rules::{BreakdownInput, shown_breakdown};
use crate::kpis::names::Names;
use crate::record::Record;
use crate::transitions;
use crate::transitions::http::TransitionResponse;
use crate::transitions::rules::AskedMove;
use crate::transitions::store::ListTransitions;
use crate::vocabulary::{Basis, Id, Qualifier, instant};
use actix_web::{get, post, web};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Number, Value};
use utoipa::ToSchema;

pub fn routes(routes: &mut Routes) {
    routes
        .service(list_kpi_returns)
        .service(get_kpi_return)
        .service(transition_kpi_return)
        .service(list_kpi_return_transitions)
        .service(list_kpi_return_drafts);
}

/// What an organisation sends for a period: of a set of KPIs, or of a KPI that is in none.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KpiReturnResponse {
    id: Id,
    /// The code of the set; null for the returns of a KPI that is in none.
    #[schema(max_length = 60)]
    set: Option<String>,
    #[schema(max_length = 300)]
    set_name: Option<String>,
    /// The code of the KPI; null for the returns of a set.
    #[schema(max_length = 60)]
    kpi: Option<String>,
    #[schema(max_length = 300)]
    kpi_name: Option<String>,
    #[schema(example = "RF4", max_length = 60)]
    organisation: String,
    #[schema(max_length = 300)]
    organisation_name: String,
    #[schema(example = "2026-04", max_length = 20)]
    period: String,
    start: NaiveDate,
    /// Its last day.
    end: NaiveDate,
    state: ReturnState,
    /// Whether its values count only once it is approved.
    approval_required: bool,
    /// Until when it is on time: the latest of its KPIs' deadlines, by the definitions that held on the period's last day; null where
    /// there is none.
    #[schema(format = "date-time", max_length = 40)]
    on_time_until: Option<String>,
    /// From when on some of it is locked: the earliest of its KPIs' locks, by the same definitions; null where there is none.
    #[schema(format = "date-time", max_length = 40)]
    locks_at: Option<String>,
    /// Whether all of it had come too late, or has not come yet though it was due.
    late: bool,
    /// When something came first.
    #[schema(format = "date-time", max_length = 40)]
    received_at: Option<String>,
    /// When all that is asked was there for the first time, or its sender said that this is all.
    #[schema(format = "date-time", max_length = 40)]
    submitted_at: Option<String>,
    #[schema(max_length = 300)]
    submitted_by: Option<String>,
    /// Who approved what counts, also while an amendment waits.
    #[schema(max_length = 300)]
    approved_by: Option<String>,
    approved_on: Option<NaiveDate>,
    #[schema(max_length = 300)]
    accepted_by: Option<String>,
    accepted_on: Option<NaiveDate>,
    /// How many values were changed since it was approved.
    #[schema(minimum = 0)]
    changes_since_approval: i32,
    /// How good it is, by its parts.
    quality: Quality,
    /// The last submission that changed something of it; null before the first.
    submission: Option<Id>,
    #[schema(minimum = 0)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

impl Record for KpiReturnResponse {
    fn key(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i32 {
        self.version
    }
}

fn render(conn: &mut Conn, context: &Context, rows: Vec<ReturnRow>) -> Result<Vec<KpiReturnResponse>> {
    let owners = Owners::of(conn, &rows)?;
    let qualities = quality::of_each(conn, context, &owners.owned, &rows)?;
    let shown = |(row, quality): (ReturnRow, Quality)| {
        let (owner, period) = (row.owner(), row.period());
        let [set, kpi] = owners.names(owner).map(Option::unzip);
        let (organisation, organisation_name) = owners.organisations.of(row.organisation_id);
        let deadlines = owners.owned.deadlines(owner, period);
        let at = |at: crate::vocabulary::Timestamp| instant(at.naive_utc());
        KpiReturnResponse {
            id: row.id,
            set: set.0,
            set_name: set.1,
            kpi: kpi.0,
            kpi_name: kpi.1,
            organisation,
            organisation_name,
            period: period.label(),
            start: period.start(),
            end: period.end(),
            state: row.state,
            approval_required: owners.owned.require_approval(owner, period),
            on_time_until: deadlines.on_time_until(period).map(at),
            locks_at: deadlines.locks_at(period).map(at),
            late: deadlines.is_late(period, row.submitted_at.map(|at| at.and_utc()), context.now),
            received_at: row.received_at.map(instant),
            submitted_at: row.submitted_at.map(instant),
            submitted_by: row.submitted_by,
            approved_by: row.approved_by,
            approved_on: row.approved_on,
            accepted_by: row.accepted_by,
            accepted_on: row.accepted_on,
            changes_since_approval: row.changes_since_approval,
            quality,
            submission: Some(row.submission_id).filter(|id| *id != Id::NONE),
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    };
    Ok(rows.into_iter().zip(qualities).map(shown).collect())
}

fn shown(conn: &mut Conn, context: &Context, row: ReturnRow) -> Result<KpiReturnResponse> {
    render(conn, context, vec![row])?.pop().ok_or_else(|| Error::internal("a return was lost"))
}

/// List returns
///
/// Lists how far the returns of your organisations and programmes have come, by period by default. A return is there once
/// something of it has come, or its organisation was reminded of it; who is missing, completeness says.
#[utoipa::path(tag = "kpi-returns", params(ListKpiReturns), responses((status = 200, description = "A page of returns", body = Listing<KpiReturnResponse>)))]
#[get("/v1/kpi-returns")]
pub async fn list_kpi_returns(cx: Cx, asked: Asked<ListKpiReturns>) -> Result<Listed<KpiReturnResponse>> {
    cx.list_with(asked, store::list, render).await
}

/// Get a return
///
/// Returns how far it has come, until when it is on time, when it is locked, who approved and accepted it, and how good it is: complete, in
/// time, without open warnings and broken rules.
#[utoipa::path(tag = "kpi-returns", params(IdPath), responses((status = 200, description = "The return", body = KpiReturnResponse)))]
#[get("/v1/kpi-returns/{id}")]
pub async fn get_kpi_return(cx: Cx, path: web::Path<IdPath>) -> Result<Answer<KpiReturnResponse>> {
    cx.show_whole(move |conn, context| {
        let row = ops::get_kpi_return(conn, context, &path.id)?;
        shown(conn, context, row)
    })
    .await
}

/// Move a return
///
/// Whoever sends for the organisation moves it to submitted (this is all) or withdrawn (what awaits approval goes away). A
/// regional lead over the organisation, the manager of the KPIs' programme or a national-admin approves it, or returns it with
/// a reason; a national-admin accepts it. Nobody approves or accepts what they or their organisation sent. With the approval,
/// values of KPIs that require it count.
#[utoipa::path(tag = "kpi-returns", params(IdPath), request_body(content = AskedMove, example = json!({ "to": "returned", "reason": "Type 2 is missing." })), responses((status = 200, description = "Moved", body = KpiReturnResponse)))]
#[post("/v1/kpi-returns/{id}/transitions")]
pub async fn transition_kpi_return(
    cx: Cx,
    path: web::Path<IdPath>,
    body: Body<AskedMove>,
) -> Result<Answer<KpiReturnResponse>> {
    cx.change(body, move |conn, context, asked| {
        let row = ops::transition_kpi_return(conn, context, &path.id, asked)?;
        shown(conn, context, row)
    })
    .await
}

/// List the moves of a return
///
/// Lists who moved it, when and why. Deliveries are submissions, and no moves.
#[utoipa::path(tag = "kpi-returns", params(IdPath, ListTransitions), responses((status = 200, description = "A page of its history", body = Listing<TransitionResponse>)))]
#[get("/v1/kpi-returns/{id}/transitions")]
pub async fn list_kpi_return_transitions(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListTransitions>,
) -> Result<Listed<TransitionResponse>> {
    let moves = move |conn: &mut Conn, context: &Context, _: &ListTransitions| {
        Ok(transitions::store::history(ops::RESOURCE, ops::get_kpi_return(conn, context, &path.id)?.id))
    };
    cx.list(asked, moves).await
}

/// A value that awaits the approval of its return.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KpiReturnDraftResponse {
    #[schema(example = "emergency-attendances", max_length = 60)]
    kpi: String,
    #[schema(max_length = 300)]
    kpi_name: String,
    /// The slug of the innovation; null for a value of none.
    #[schema(max_length = 100)]
    innovation: Option<String>,
    /// A member, or with several dimensions an object of members; null where there are none.
    #[schema(value_type = Option<BreakdownInput>)]
    breakdown: Option<Value>,
    #[schema(example = "2026-04", max_length = 20)]
    period: String,
    /// What will count; null where there was nothing to divide, and for one that is deleted.
    #[schema(value_type = Option<f64>)]
    value: Option<Number>,
    #[schema(value_type = Option<f64>)]
    numerator: Option<Number>,
    #[schema(value_type = Option<f64>)]
    denominator: Option<Number>,
    /// What counts now; null where nothing does.
    #[schema(value_type = Option<f64>)]
    counting: Option<Number>,
    qualifier: Qualifier,
    basis: Basis,
    #[schema(max_length = 2000)]
    comment: Option<String>,
    /// Whether the value that counts is taken away.
    deleted: bool,
    submission: Id,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
}

fn render_drafts(conn: &mut Conn, _: &Context, rows: Vec<WaitingRow>) -> Result<Vec<KpiReturnDraftResponse>> {
    let keys: Vec<_> = rows.iter().map(|row| (row.kpi_id, row.organisation_id, row.innovation_id)).collect();
    let (names, counting) = (Names::of(conn, &keys)?, drafts::counting(conn, &rows)?);
    let draft = |row: WaitingRow| {
        let kpi = names.kpi(row.kpi_id)?;
        let number = |scaled: i64| json_number(scaled, kpi.decimals_u8());
        let is_applicable = !row.deleted && (row.numerator, row.denominator) != (Some(0), Some(0));
        Some(KpiReturnDraftResponse {
            kpi: kpi.code.clone(),
            kpi_name: kpi.name.clone(),
            innovation: names.innovation(row.innovation_id).map(|(slug, _)| slug),
            breakdown: (!row.breakdown.is_empty()).then(|| shown_breakdown(&row.breakdown)),
            period: Period::containing(kpi.period_type, row.period_start).label(),
            value: is_applicable.then(|| number(row.value)),
            numerator: row.numerator.map(number),
            denominator: row.denominator.map(number),
            counting: counting.get(&(row.series_id, row.period_start)).copied().map(number),
            qualifier: row.qualifier,
            basis: row.basis,
            comment: row.comment,
            deleted: row.deleted,
            submission: row.submission_id,
            updated_at: instant(row.updated_at),
        })
    };
    Ok(rows.into_iter().filter_map(draft).collect())
}

/// List what awaits approval
///
/// Lists the values of the return that count once it is approved, each beside the value that counts now.
#[utoipa::path(tag = "kpi-returns", params(IdPath, ListKpiReturnDrafts), responses((status = 200, description = "A page of values", body = Listing<KpiReturnDraftResponse>)))]
#[get("/v1/kpi-returns/{id}/drafts")]
pub async fn list_kpi_return_drafts(
    cx: Cx,
    path: web::Path<IdPath>,
    asked: Asked<ListKpiReturnDrafts>,
) -> Result<Listed<KpiReturnDraftResponse>> {
    let rows = move |conn: &mut Conn, context: &Context, _: &ListKpiReturnDrafts| {
        Ok(drafts::of_return(ops::get_kpi_return(conn, context, &path.id)?.id))
    };
    cx.list_with(asked, rows, render_drafts).await
}
