//! `/v1/organisations`: one by one as JSON, or many at once as CSV.

use super::ops::{self, Imported};
use super::rules::{
    EdgeKind, Identifier, Organisation, OrganisationStatus, OrganisationType, SuccessionKind,
};
use super::store::{self, EdgeEnds, EdgeRow, OrganisationFilter, OrganisationRow, SuccessionRow};
use crate::http::context::Context;
use crate::db::Conn;
use crate::db::dialect::SearchTerms;
use crate::calendar::{self, Span};
use crate::error::{Code, Error, Fault, Result};
use crate::http::csv::{self, CsvFileRequest};
use crate::http::params::{CodeParam, OneOf, Query};
use crate::http::patch::Patch;
use crate::http::reply::{Collection, Listing, Reply};
use crate::http::request::{Body, Cx, Upload};
use crate::http::schemas;
use crate::vocabulary::{Change, Id, instant};
use crate::{csv_body, params};
use actix_web::{get, patch, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::File;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_organisations)
        .service(create_organisation)
        .service(get_organisation)
        .service(update_organisation)
        .service(list_organisation_edges)
        .service(create_organisation_edge)
        .service(list_organisation_successions)
        .service(create_organisation_succession);
}

params! {
    /// What a list of organisations may be narrowed to.
    pub struct ListOrganisations list of OrganisationRow {
        /// Types of organisation.
        kind: OneOf<OrganisationType> = "type",
        /// Whether they still work.
        status: OneOf<OrganisationStatus> = "status",
        /// A code: that organisation and all below it.
        place: CodeParam = "place",
        /// Words of the name, code, postcode or identifiers; quotation marks hold a phrase together.
        q: SearchTerms = "q",
        /// The day on which the organisation existed and the hierarchy is read; today's hierarchy unless told.
        as_of: NaiveDate = "asOf",
    }
}

/// An identifier in a named scheme.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganisationIdentifier)]
pub struct IdentifierBody {
    #[schema(example = "org-id", min_length = 1, max_length = 60)]
    scheme: String,
    #[schema(example = "GB-NHS-RJZ", min_length = 1, max_length = 200)]
    value: String,
}

/// An organisation to register.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "code": "RJZ", "name": "King's College Hospital NHS Foundation Trust", "type": "nhs-trust", "postcode": "SE5 9RS", "parent": "QKK" }))]
pub struct CreateOrganisationRequest {
    /// Its code; the ODS code where it has one. Stored in upper case.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", min_length = 1, max_length = 60)]
    code: String,
    #[schema(min_length = 1, max_length = 300)]
    name: String,
    #[serde(rename = "type")]
    kind: OrganisationType,
    /// Its ODS code, if it is not the code; taken from the code for types that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 60, nullable = false)]
    ods_code: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    identifiers: Vec<IdentifierBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<OrganisationStatus>,
    /// Its first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    valid_from: Option<NaiveDate>,
    /// The first day it no longer was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    valid_to: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10, nullable = false)]
    postcode: Option<String>,
    /// The organisation it stands below, by geography, from its first day on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60, nullable = false)]
    parent: Option<String>,
}

type OrganisationPatch = Patch<CreateOrganisationRequest>;

impl From<CreateOrganisationRequest> for Organisation {
    fn from(request: CreateOrganisationRequest) -> Self {
        Self {
            code: request.code,
            ods_code: request.ods_code,
            name: request.name,
            kind: request.kind,
            status: request.status.unwrap_or(OrganisationStatus::Active),
            valid_from: request.valid_from,
            valid_to: request.valid_to,
            postcode: request.postcode,
            identifiers: request
                .identifiers
                .into_iter()
                .map(|i| Identifier { scheme: i.scheme, value: i.value })
                .collect(),
        }
    }
}

impl From<&Organisation> for CreateOrganisationRequest {
    fn from(organisation: &Organisation) -> Self {
        let organisation = organisation.clone();
        Self {
            code: organisation.code,
            name: organisation.name,
            kind: organisation.kind,
            ods_code: organisation.ods_code,
            identifiers: organisation
                .identifiers
                .into_iter()
                .map(|i| IdentifierBody { scheme: i.scheme, value: i.value })
                .collect(),
            status: Some(organisation.status),
            valid_from: organisation.valid_from,
            valid_to: organisation.valid_to,
            postcode: organisation.postcode,
            parent: None,
        }
    }
}

/// An organisation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrganisationResponse {
    #[schema(example = "RJZ", max_length = 60)]
    code: String,
    #[schema(max_length = 60)]
    ods_code: Option<String>,
    #[schema(max_length = 300)]
    name: String,
    #[serde(rename = "type")]
    kind: OrganisationType,
    status: OrganisationStatus,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
    #[schema(max_length = 10)]
    postcode: Option<String>,
    #[schema(max_items = 50)]
    identifiers: Vec<IdentifierBody>,
    #[schema(minimum = 1)]
    version: i32,
    #[schema(format = "date-time", max_length = 40)]
    updated_at: String,
    /// What deserves a second look.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    warnings: Vec<crate::http::problem::ProblemFault>,
}

impl OrganisationResponse {
    fn of(row: OrganisationRow) -> Self {
        let organisation = row.organisation();
        Self {
            warnings: organisation.warnings().iter().map(Into::into).collect(),
            code: row.code,
            ods_code: row.ods_code,
            name: row.name,
            kind: row.kind,
            status: row.status,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            postcode: row.postcode,
            identifiers: organisation
                .identifiers
                .into_iter()
                .map(|i| IdentifierBody { scheme: i.scheme, value: i.value })
                .collect(),
            version: row.version,
            updated_at: instant(row.updated_at),
        }
    }
}

/// List organisations
///
/// Filtered, sorted and paged. `place` means a code and all below it, on the day `asOf`.
#[utoipa::path(tag = "organisations", params(ListOrganisations), responses((status = 200, description = "A page of organisations", body = Listing<OrganisationResponse>)))]
#[get("/v1/organisations")]
pub async fn list_organisations(cx: Cx, query: Query<ListOrganisations>) -> Result<Reply> {
    let (Query(query), target) = (query, cx.target.clone());
    cx.read(move |conn, context| {
        let place = query.place.map(|code| ops::referred(conn, "?place", &code.0)).transpose()?;
        let filter = OrganisationFilter {
            kinds: query.kind.map(|kinds| kinds.0),
            statuses: query.status.map(|statuses| statuses.0),
            place,
            search: query.q,
            on: query.as_of.unwrap_or_else(|| context.today()),
            valid_on: query.as_of,
        };
        Reply::page(store::list(conn, &filter, &query.page)?, &target, OrganisationResponse::of)
    })
    .await
}

/// Get an organisation
///
/// By its code, in upper or lower case.
#[utoipa::path(
    tag = "organisations",
    params(("code" = String, Path, description = "Its code, in any case", example = "QKK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)),
    responses((status = 200, description = "The organisation", body = OrganisationResponse, headers(("ETag" = String)))),
)]
#[get("/v1/organisations/{code}")]
pub async fn get_organisation(cx: Cx, code: web::Path<String>) -> Result<Reply> {
    cx.read(move |conn, _| {
        let row = ops::get_organisation(conn, &code)?;
        let version = row.version;
        Ok(Reply::ok(&OrganisationResponse::of(row))?.version(version))
    })
    .await
}

csv_body! {
    /// Organisations as CSV.
    OrganisationsCsv: COLUMNS
}

/// Register organisations
///
/// One as JSON (201), or many as CSV with the same names as columns (200): then organisations that exist are updated, the
/// answer counts what became of each row, and a single wrong row means that nothing is written. An empty cell says nothing,
/// so what is there stays; `(none)` takes it away.
#[utoipa::path(
    tag = "organisations",
    request_body(content(
        (CreateOrganisationRequest = "application/json"),
        (OrganisationsCsv = "text/csv", example = json!("code,name,type,parent\nRJZ,King's College Hospital NHS Foundation Trust,nhs-trust,QKK\n")),
        (CsvFileRequest = "multipart/form-data"),
    )),
    responses(
        (status = 201, description = "Registered", body = OrganisationResponse, headers(("ETag" = String), ("Location" = String))),
        (status = 200, description = "Imported", body = ImportResponse),
    ),
)]
#[post("/v1/organisations")]
pub async fn create_organisation(cx: Cx, upload: Upload) -> Result<Reply> {
    if cx.brings_csv() {
        cx.context.reach().require_everything()?;
        let (service, endpoint, Upload { file, hash }) = (cx.service.clone(), cx.endpoint, upload);
        let fit = move |row| schemas::fit(&service, endpoint, row);
        return cx.bulk_write(&hash, || read_rows(file), |conn, context, rows| import(conn, context, rows, fit)).await;
    }
    let body = Body::<CreateOrganisationRequest>::spooled(&cx, upload)?;
    cx.write_json(body, |conn, context, request| {
        let parent = request.parent.clone();
        let row = ops::create_organisation(conn, context, request.into(), parent.as_deref())?;
        let (location, version) = (format!("/v1/organisations/{}", row.code), row.version);
        Reply::created(location, version, &OrganisationResponse::of(row))
    })
    .await
}

/// Change an organisation
///
/// A merge patch of everything but its code and parent.
#[utoipa::path(
    tag = "organisations",
    params(("code" = String, Path, description = "Its code, in any case", example = "QKK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)),
    request_body(content = OrganisationPatch, content_type = "application/merge-patch+json", example = json!({ "postcode": "SE5 9RS" })),
    responses((status = 200, description = "Changed", body = OrganisationResponse, headers(("ETag" = String)))),
)]
#[patch("/v1/organisations/{code}")]
pub async fn update_organisation(cx: Cx, code: web::Path<String>, body: Body<OrganisationPatch>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, patch| {
        let row = ops::update_organisation(conn, context, &code, |present| {
            if patch.touches("parent") {
                return Err(Error::invalid("/parent", "immutable", "The hierarchy is changed by its edges."));
            }
            Ok(patch.apply(&CreateOrganisationRequest::from(present))?.into())
        })?;
        let version = row.version;
        Ok(Reply::ok(&OrganisationResponse::of(row))?.version(version))
    })
    .await
}

/// What became of an import.
#[derive(Default, Serialize, ToSchema)]
pub struct ImportResponse {
    counts: ImportCounts,
}

/// Rows by what became of them.
#[derive(Default, Serialize, ToSchema)]
pub struct ImportCounts {
    #[schema(minimum = 0)]
    received: u32,
    #[schema(minimum = 0)]
    created: u32,
    #[schema(minimum = 0)]
    updated: u32,
    #[schema(minimum = 0)]
    unchanged: u32,
}

const COLUMNS: [&str; 9] = ["code", "name", "type", "odsCode", "status", "validFrom", "validTo", "postcode", "parent"];

const FAULTS_OF_A_ROW: [Code; 4] =
    [Code::MalformedBody, Code::ValidationFailed, Code::UnknownReference, Code::Immutable];

/// A row of an import: its line, and what it says in the form of a merge patch.
struct ImportRow {
    line: u32,
    said: Value,
}

/// Reads the rows of an import; an empty cell says nothing, `(none)` takes away.
fn read_rows(file: File) -> Result<Vec<ImportRow>> {
    let mut reader = csv::Reader::open(file, &COLUMNS, &["code", "name", "type"])?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        let member = |(column, name): (usize, &&str)| match row.change(column) {
            Change::Keep => None,
            Change::Clear => Some(((*name).to_owned(), Value::Null)),
            Change::Set(text) => Some(((*name).to_owned(), Value::from(text.trim()))),
        };
        rows.push(ImportRow { line: row.line, said: COLUMNS.iter().enumerate().filter_map(member).collect() });
    }
    Ok(rows)
}

/// Creates or updates an organisation a row; each is held against the schema of the JSON body.
fn import(
    conn: &mut Conn,
    context: &Context,
    rows: Vec<ImportRow>,
    fit: impl Fn(Value) -> Result<CreateOrganisationRequest>,
) -> Result<Reply> {
    let (mut done, mut faults) = (ImportResponse::default(), Vec::new());
    for ImportRow { line, said } in rows {
        done.counts.received += 1;
        match import_row(conn, context, &said, &fit) {
            Ok(Imported::Created) => done.counts.created += 1,
            Ok(Imported::Updated) => done.counts.updated += 1,
            Ok(Imported::Unchanged) => done.counts.unchanged += 1,
            Err(error) if FAULTS_OF_A_ROW.contains(&error.code()) => {
                faults.extend(error.listed().iter().map(|fault| fault_of_cell(line, fault)));
            }
            Err(error) => return Err(error),
        }
        if faults.len() >= 1000 {
            break;
        }
    }
    if faults.is_empty() { Reply::ok(&done) } else { Err(Error::validation(faults)) }
}

fn import_row(
    conn: &mut Conn,
    context: &Context,
    said: &Value,
    fit: impl Fn(Value) -> Result<CreateOrganisationRequest>,
) -> Result<Imported> {
    let code = said["code"].as_str().unwrap_or_default();
    let present = store::find(conn, &code.to_ascii_uppercase())?;
    if present.is_some() && said.get("parent").is_some_and(Value::is_null) {
        return Err(Error::invalid("/parent", "immutable", "A parent is taken away by ending its edge."));
    }
    let mut document = match &present {
        None => Value::Null,
        Some(row) => serde_json::to_value(CreateOrganisationRequest::from(&row.organisation()))?,
    };
    json_patch::merge(&mut document, said);
    let request = fit(document)?;
    let parent = request.parent.clone();
    ops::import_organisation(conn, context, request.into(), parent.as_deref())
}

/// A fault of a row, in its place in the file and with what to do about it in a spreadsheet.
fn fault_of_cell(line: u32, fault: &Fault) -> Fault {
    let date = fault.code == "format" && ["/validFrom", "/validTo"].contains(&fault.pointer.as_str());
    let detail = if date {
        "Expected a date, such as 2019-04-01: format the column as Text, write each date so and save again."
    } else {
        &fault.detail
    };
    Fault::new(format!("/line/{line}{}", fault.pointer), fault.code, detail)
}

/// A dated edge of the hierarchy.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrganisationEdgeResponse)]
pub struct EdgeResponse {
    id: Id,
    kind: EdgeKind,
    #[schema(example = "QKK", max_length = 60)]
    parent: String,
    #[schema(example = "RJZ", max_length = 60)]
    child: String,
    /// Its first day; null for ever before.
    from: Option<NaiveDate>,
    /// The first day it no longer holds; null until further notice.
    to: Option<NaiveDate>,
    /// Whether it was drawn up for illustration and has no official source.
    illustrative: bool,
}

impl EdgeResponse {
    fn of(edge: &EdgeRow, parent: String, child: String) -> Self {
        Self {
            id: edge.id,
            kind: edge.kind,
            parent,
            child,
            from: calendar::told(edge.from_on),
            to: calendar::told(edge.to_on),
            illustrative: edge.illustrative,
        }
    }
}

/// List the edges of an organisation
///
/// Those above it and those below it, whatever their dates.
#[utoipa::path(
    tag = "organisations",
    params(("code" = String, Path, description = "Its code", example = "QKK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)),
    responses((status = 200, description = "Its edges", body = Collection<EdgeResponse>)),
)]
#[get("/v1/organisations/{code}/edges")]
pub async fn list_organisation_edges(cx: Cx, code: web::Path<String>) -> Result<Reply> {
    cx.read(move |conn, _| {
        let organisation = ops::get_organisation(conn, &code)?;
        let render = |ends: EdgeEnds| EdgeResponse::of(&ends.edge, ends.parent, ends.child);
        Reply::ok(&Collection { data: store::edges_of(conn, organisation.id)?.into_iter().map(render).collect() })
    })
    .await
}

/// An edge to draw.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateOrganisationEdgeRequest, example = json!({ "parent": "QKK", "kind": "geographic", "from": "2026-04-01" }))]
pub struct CreateEdgeRequest {
    /// The organisation above.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    parent: String,
    kind: EdgeKind,
    /// Its first day; for ever before unless told.
    #[schema(nullable = false)]
    from: Option<NaiveDate>,
    /// The first day it no longer holds; until further notice unless told.
    #[schema(nullable = false)]
    to: Option<NaiveDate>,
    /// Whether it is drawn for illustration only.
    #[serde(default)]
    illustrative: bool,
}

/// Put an organisation below another
///
/// From one day up to another; it may lie below several, each in its own kind of hierarchy, but never above itself.
#[utoipa::path(
    tag = "organisations",
    params(("code" = String, Path, description = "The code of the organisation below", example = "RJZ", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)),
    request_body = CreateEdgeRequest,
    responses((status = 201, description = "Drawn", body = EdgeResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/organisations/{code}/edges")]
pub async fn create_organisation_edge(cx: Cx, code: web::Path<String>, body: Body<CreateEdgeRequest>) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        let span = Span::new(request.from, request.to)?;
        let new = ops::NewEdge { parent: request.parent, kind: request.kind, span, illustrative: request.illustrative };
        let edge = ops::create_organisation_edge(conn, context, &code, &new)?;
        let child = code.to_ascii_uppercase();
        let location = format!("/v1/organisations/{child}/edges");
        Reply::created(location, 1, &EdgeResponse::of(&edge, new.parent.to_ascii_uppercase(), child))
    })
    .await
}

/// How an organisation became another.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrganisationSuccessionResponse)]
pub struct SuccessionResponse {
    id: Id,
    #[schema(example = "RR1", max_length = 60)]
    from: String,
    #[schema(example = "RRK", max_length = 60)]
    to: String,
    kind: SuccessionKind,
    /// The share of the predecessor that went this way.
    #[schema(minimum = 0, maximum = 1)]
    share: f64,
    effective_on: NaiveDate,
}

impl SuccessionResponse {
    fn of(row: &SuccessionRow, from: String, to: String) -> Self {
        Self { id: row.id, from, to, kind: row.kind, share: row.share_ppm as f64 / 1e6, effective_on: row.effective_on }
    }
}

/// List the successions of an organisation
///
/// Those from it and those to it.
#[utoipa::path(
    tag = "organisations",
    params(("code" = String, Path, description = "Its code", example = "QKK", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)),
    responses((status = 200, description = "Its successions", body = Collection<SuccessionResponse>)),
)]
#[get("/v1/organisations/{code}/successions")]
pub async fn list_organisation_successions(cx: Cx, code: web::Path<String>) -> Result<Reply> {
    cx.read(move |conn, _| {
        let organisation = ops::get_organisation(conn, &code)?;
        let found = store::successions_of(conn, organisation.id)?.into_iter();
        Reply::ok(&Collection { data: found.map(|(row, from, to)| SuccessionResponse::of(&row, from, to)).collect() })
    })
    .await
}

/// A succession to record.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = CreateOrganisationSuccessionRequest, example = json!({ "to": "RRK", "kind": "merge", "effectiveOn": "2018-04-01" }))]
pub struct CreateSuccessionRequest {
    /// The successor.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)]
    to: String,
    kind: SuccessionKind,
    /// The share of the predecessor that goes this way; all of it unless told.
    #[schema(minimum = 0.000001, maximum = 1, nullable = false)]
    share: Option<f64>,
    /// Its first day.
    effective_on: NaiveDate,
}

/// Record that an organisation became another
///
/// By merger, split or renaming, on a day. Values stay with the organisation they were sent for.
#[utoipa::path(
    tag = "organisations",
    params(("code" = String, Path, description = "The code of the predecessor", example = "RR1", pattern = "^[A-Za-z0-9-]{1,60}$", max_length = 60)),
    request_body = CreateSuccessionRequest,
    responses((status = 201, description = "Recorded", body = SuccessionResponse, headers(("ETag" = String), ("Location" = String)))),
)]
#[post("/v1/organisations/{code}/successions")]
pub async fn create_organisation_succession(
    cx: Cx,
    code: web::Path<String>,
    body: Body<CreateSuccessionRequest>,
) -> Result<Reply> {
    cx.write_json(body, move |conn, context, request| {
        // Between 1e-6 and 1 by the schema, so the product is a whole number of millionths.
        let share_ppm = (request.share.unwrap_or(1.0) * 1e6).round() as i64;
        let new =
            ops::NewSuccession { to: request.to, kind: request.kind, share_ppm, effective_on: request.effective_on };
        let row = ops::create_organisation_succession(conn, context, &code, &new)?;
        let from = code.to_ascii_uppercase();
        let location = format!("/v1/organisations/{from}/successions");
        Reply::created(location, 1, &SuccessionResponse::of(&row, from, new.to.to_ascii_uppercase()))
    })
    .await
}
