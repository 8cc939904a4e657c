//! `/v1/organisations/ods-import`.

use super::ops::{self, OdsImport, OdsImportResponse};
use super::rules::OdsFile;
use crate::error::Result;
use crate::http::{Cx, OneWord, Query, Reply, Routes, Upload};
use crate::params;
use actix_web::post;
use chrono::NaiveDate;
use serde_json::json;
use utoipa::openapi::{RefOr, Schema};

pub fn routes(routes: &mut Routes) {
    routes.service(import_ods_file);
}

params! {
    /// Which file is sent, and what is done with it.
    pub struct ImportOdsFile {
        /// The name of the report. Needed.
        file: OneWord<OdsFile> = "file",
        /// Whether to say only what would change. Default: false.
        dry_run: bool = "dryRun",
        /// The day of the file: a new parent of which the file gives no day counts from then, except above an organisation that
        /// had none. Default: today.
        on: NaiveDate = "on",
    }
}

/// A file of the Organisation Data Service.
pub struct OdsFileCsv;

impl utoipa::PartialSchema for OdsFileCsv {
    fn schema() -> RefOr<Schema> {
        let description = "A file as the Organisation Data Service publishes it: CSV without a header. Lists of organisations have 27 columns, of \
             which empty ones from the twelfth on may be left out at the end, `epcn-members` six and `succ` five.";
        let schema = json!({ "type": "string", "description": description, "maxLength": i32::MAX, "pattern": "^\"?[A-Za-z0-9-]{1,60}\"?,\"?[^\",\\s]" });
        serde_json::from_value(schema).unwrap_or_default()
    }
}

impl utoipa::ToSchema for OdsFileCsv {}

/// Load a file of the Organisation Data Service
///
/// Loads trusts (`etr`), their sites (`ets`), integrated care boards and sub-ICB locations (`eccg`), regions (`eauth`), GP practices (`epraccur`), primary
/// care networks (`epcn`), their members (`epcn-members`) or successions (`succ`), as published. It creates and updates organisations, and begins and ends
/// their edges. If a row cannot be read, breaks a limit or contradicts another row, nothing is written. What the file does not say stays as it is, and
/// the past changes by days alone that the file gives. A row that cannot be taken is passed over with a warning. Sending a file twice changes nothing.
#[utoipa::path(
    tag = "organisations",
    params(ImportOdsFile),
    request_body(content((OdsFileCsv = "text/csv", example = json!("\"RJZ\",\"KING'S COLLEGE HOSPITAL NHS FOUNDATION TRUST\",\"Y56\",\"QKK\",\"DENMARK HILL\",\"\",\"LONDON\",\"\",\"\",\"SE5 9RS\",\"19940401\"\n")))),
    responses((status = 200, description = "Loaded", body = OdsImportResponse)),
)]
#[post("/v1/organisations/ods-import")]
pub async fn import_ods_file(cx: Cx, query: Query<ImportOdsFile>, upload: Upload) -> Result<Reply> {
    cx.context.reach().require_everything()?;
    let ImportOdsFile { file, dry_run, on } = query.0;
    let (file, dry_run) = (file.map(|word| word.0), dry_run.unwrap_or_default());
    cx.import(
        upload,
        move |sent| Ok((ops::read_rows(file, sent)?, ops::named(file)?)),
        move |conn, context, (rows, file)| {
            Reply::ok(&ops::import_ods_file(conn, context, &OdsImport { file, dry_run, on }, rows)?)
        },
    )
    .await
}
